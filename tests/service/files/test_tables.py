"""CSV and Parquet files as chunks of columns."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.testing import assert_array_equal

from daemon.errors import InputFileError
from daemon.files.options import FileOptions
from daemon.files.tables import Chunk, Columns, plan, read_table, row_count

SECOND = 1_000_000_000


def write(folder: Path, name: str, text: str) -> Path:
    """Write a text file and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path, options: FileOptions | None = None) -> tuple[Columns, list[Chunk]]:
    """Read a whole table."""
    columns, chunks = read_table(path, options or FileOptions())
    return columns, list(chunks)


def times(path: Path, options: FileOptions | None = None) -> list[int]:
    """Read the times of a whole table."""
    return [int(time) for chunk in read(path, options)[1] for time in chunk.times]


def test_wide_csv(tmp_path: Path) -> None:
    """Columns but the time are series; empty cells and NaN are missing."""
    path = write(tmp_path, "a.csv", "t,cpu,mem\n1700000000,1,\n1700000001,NaN,2.5\n")

    columns, (chunk,) = read(path)

    assert columns == Columns("t", long=False, values=("cpu", "mem"), labels=())
    assert_array_equal(chunk.values, [[1, np.nan], [np.nan, 2.5]])
    assert_array_equal(chunk.times, [1_700_000_000 * SECOND, 1_700_000_001 * SECOND])


def test_long_csv(tmp_path: Path) -> None:
    """Columns name and value make a long table; the other columns are labels."""
    path = write(tmp_path, "a.csv", "time,name,value,host\n1700000000,cpu,1,a\n1700000000,mem,,\n")

    columns, (chunk,) = read(path)

    assert columns == Columns("time", long=True, values=("value",), labels=("host",))
    assert columns.texts == ("host", "name")
    assert chunk.texts == [["a", None], ["cpu", "mem"]]


def test_parquet_equals_csv(tmp_path: Path) -> None:
    """The same table in both formats gives the same columns and chunks."""
    table = pa.table({"t": [1_700_000_000, 1_700_000_060], "a": [1.5, None], "b": [True, False]})
    pq.write_table(table, tmp_path / "a.parquet")
    path = write(tmp_path, "a.csv", "t,a,b\n1700000000,1.5,1\n1700000060,,0\n")

    from_parquet = read(tmp_path / "a.parquet")
    from_csv = read(path)

    assert from_parquet[0] == from_csv[0]
    assert_array_equal(from_parquet[1][0].values, from_csv[1][0].values)
    assert_array_equal(from_parquet[1][0].times, from_csv[1][0].times)


def test_chunks_are_cut_to_size(tmp_path: Path) -> None:
    """Chunks hold at most chunk_rows and number their rows through."""
    path = write(tmp_path, "a.csv", "a\n" + "1\n" * 10)

    _, chunks = read(path, FileOptions(chunk_rows=4))

    assert [(chunk.first_row, len(chunk.times)) for chunk in chunks] == [(0, 4), (4, 4), (8, 2)]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("1700000000", 1_700_000_000 * SECOND),
        ("1700000000123", 1_700_000_000_123_000_000),
        ("1700000000123456", 1_700_000_000_123_456_000),
        ("1700000000123456789", 1_700_000_000_123_456_789),
        ("1700000000.25", 1_700_000_000_250_000_000),
        ("2023-11-14T22:13:20.000000001Z", 1_700_000_000_000_000_001),
        ("-1", -1),
        ("", -1),
    ],
)
def test_csv_times(tmp_path: Path, column: str, expected: int) -> None:
    """Unix times of every unit and RFC 3339 texts are read exactly; what is none becomes -1."""
    path = write(tmp_path, "a.csv", f"ts,a\n{column},1\n")

    read_times = times(path)

    assert read_times == [expected]


def test_parquet_timestamps(tmp_path: Path) -> None:
    """Arrow timestamps are times; a null one is none."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    pq.write_table(pa.table({"time": [at, None], "a": [1.0, 2.0]}), tmp_path / "a.parquet")

    read_times = times(tmp_path / "a.parquet")

    assert read_times == [int(at.timestamp()) * SECOND, -1]


def test_row_numbers_are_times_without_a_time_column(tmp_path: Path) -> None:
    """Rows are seconds_per_unit apart, from start on."""
    path = write(tmp_path, "a.csv", "a\n1\n2\n3\n")

    read_times = times(path, FileOptions(seconds_per_unit=60, start=1_600_000_000))

    assert read_times == [(1_600_000_000 + 60 * row) * SECOND for row in range(3)]


def test_numeric_times_are_scaled(tmp_path: Path) -> None:
    """With seconds_per_unit a numeric time column is a clock of its own, whole part exact."""
    path = write(tmp_path, "a.csv", "t,a\n0,1\n1.5,2\n1e300,3\n")

    read_times = times(path, FileOptions(seconds_per_unit=300, start=1e9))

    assert read_times == [10**9 * SECOND, (10**9 + 450) * SECOND, -1]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("t,a\n1,2\n2,abc\n", "line 3: 'abc' in column a is not a number; if all of it"),
        ("name,value\nup,1\nup,ok\n", "line 3: 'ok' in column value is not a number"),
        ("t;a\n1;2,5\n", "line 1: semicolons part the columns; write commas, and decimal points"),
        ("t\ta\n1\t2\n", "line 1: tabs part the columns"),
        ("at,a\n2026-01-01 00:00:00,1\n", "if all of it is text, name it as the times (--time-co"),
        ("an hour,a\nx,1\n", "drop it (--drop 'an hour'), or make it a label (--label-column 'an"),
        ("t,a\n1,2\n2\n", "line 3: Expected 2 columns, got 1"),
        ("t,a\n2026-01-01T00:00:00Z,2\nyesterday,2\n", "line 3: 'yesterday' is no RFC 3339"),
        ('"name","value","a\nb"\nup,1,"c\nd"\n\n\nup,x,e\n', "line 7: 'x' in column value"),
        ("a,a\n1,2\n", "line 1: column a stands twice"),
        ("", "line 1: no header"),
        ("t\n1\n", "no column holds values"),
    ],
)
def test_csv_faults_name_file_and_line(tmp_path: Path, text: str, fault: str) -> None:
    """A fault in a CSV file is one error with the file's name and the line."""
    path = write(tmp_path, "bad.csv", text)

    with pytest.raises(InputFileError, match=r"bad\.csv") as raised:
        read(path)

    assert fault in str(raised.value)


@pytest.mark.parametrize("length", [1, 20, 60])
def test_gzip_that_breaks_off_is_refused(tmp_path: Path, length: int) -> None:
    """An archive of which the end is missing is a fault of the file, wherever it ends."""
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"t,a\n" + b"".join(b"%d,1\n" % i for i in range(300)))[:length])

    with pytest.raises(InputFileError, match=r"a\.csv\.gz: cannot be read"):
        read(path)


def test_gzip_that_is_damaged_is_refused(tmp_path: Path) -> None:
    """Bytes in the middle that cannot be inflated are a fault of the file."""
    path = tmp_path / "a.csv.gz"
    whole = gzip.compress(b"t,a\n" + b"".join(b"%d,1\n" % i for i in range(300)))
    path.write_bytes(whole[:20] + b"\xff" * 30 + whole[50:])

    with pytest.raises(InputFileError, match=r"a\.csv\.gz: cannot be read"):
        read(path)


def test_unsigned_times(tmp_path: Path) -> None:
    """Unsigned whole numbers are times as signed ones are; what is missing or too large is none."""
    path = tmp_path / "a.parquet"
    column = pa.array([1_700_000_000, None, 2**64 - 1], pa.uint64())
    pq.write_table(pa.table({"t": column, "a": [1.0, 2.0, 3.0]}), path)

    assert times(path) == [1_700_000_000 * SECOND, -1, -1]
    assert times(path, FileOptions(seconds_per_unit=1.0)) == [1_700_000_000 * SECOND, -1, -1]


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_a_time_that_is_too_far_away_is_none(tmp_path: Path, unit: str) -> None:
    """One timestamp of the year 9999 or 1969 is no time; the rest of the file is read."""
    path = tmp_path / "a.parquet"
    days = [datetime(9999, 12, 31), datetime(1969, 12, 31), None, datetime(2026, 1, 1)]  # noqa: DTZ001
    pq.write_table(pa.table({"t": pa.array(days, pa.timestamp(unit)), "a": [1.0] * 4}), path)

    assert times(path) == [-1, -1, -1, 1_767_225_600 * SECOND]


def test_a_column_without_any_value_is_missing(tmp_path: Path) -> None:
    """Parquet gives a column of nothing but nulls a type of its own; its samples are missing."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"t": [1_700_000_000], "a": pa.nulls(1), "b": [2.0]}), path)

    assert_array_equal(read(path)[1][0].values, [[np.nan, 2.0]])


@pytest.mark.parametrize("name", ["a.parquet", "a.csv.gz"])
def test_files_of_another_kind_are_refused(tmp_path: Path, name: str) -> None:
    """A file that is not what its name says is an error that names it."""
    path = write(tmp_path, name, "neither")

    with pytest.raises(InputFileError, match=name):
        read(path)


def test_text_column_of_parquet_is_refused(tmp_path: Path) -> None:
    """A column of text needs to be dropped or made a label, and the message says so."""
    pq.write_table(pa.table({"a": [1.0], "node": ["x"]}), tmp_path / "a.parquet")

    remedy = r"drop it \(--drop node\), or make it a label \(--label-column node\)"
    with pytest.raises(InputFileError, match=f"column node holds string, not numbers; {remedy}"):
        read(tmp_path / "a.parquet")

    columns, (chunk,) = read(tmp_path / "a.parquet", FileOptions(label_columns=("node",)))
    assert (columns.labels, chunk.texts) == (("node",), [["x"]])


def test_text_column_of_csv_is_refused(tmp_path: Path) -> None:
    """The message names the column as the header does, wherever it stands, and the remedy."""
    path = write(tmp_path, "a.csv", "spare,node,t,a\n1,2,1,1\n1,ok,2,1\n")
    options = FileOptions(drop=("spare",))

    with pytest.raises(InputFileError) as raised:
        read(path, options)

    assert str(raised.value) == (
        f"{path}: line 3: 'ok' in column node is not a number; if all of it is text, "
        "drop it (--drop node), or make it a label (--label-column node)"
    )


def test_the_index_of_a_frame_of_pandas_is_the_time(tmp_path: Path) -> None:
    """An index of times needs no name, and may be dropped for a column of times."""
    index = pd.date_range("2026-01-01", periods=2, freq="60s", tz="UTC")
    path, other = tmp_path / "a.parquet", tmp_path / "b.parquet"
    pd.DataFrame({"a": [1.0, 2.0]}, index=index).to_parquet(path)
    pd.DataFrame({"a": [1.0, 2.0], "ts": [60, 120]}, index=index).to_parquet(other)

    drop = FileOptions(drop=("__index_level_0__",))

    assert times(path) == [(1_767_225_600 + 60 * row) * SECOND for row in (0, 1)]
    assert times(other, drop) == [60 * SECOND, 120 * SECOND]
    assert read(path, drop)[0].time is None


def test_an_index_that_counts_rows_is_no_label(tmp_path: Path) -> None:
    """Rows that pandas has sorted keep their numbers, which would make a series of each."""
    frame = pd.DataFrame({"t": [2, 1], "name": ["a", "b"], "value": [1.0, 2.0]}).sort_values("t")
    frame.to_parquet(tmp_path / "a.parquet")

    columns, (chunk,) = read(tmp_path / "a.parquet")

    assert columns == Columns("t", long=True, values=("value",), labels=())
    assert chunk.texts == [["b", "a"]]


def test_unknown_columns_are_named() -> None:
    """An option that names no column is refused, with the columns there are."""
    options = FileOptions(time_column="when", drop=("label",))

    with pytest.raises(InputFileError, match=r"no column label, when; there are t, a"):
        plan(Path("a.csv"), ["t", "a"], options)


@pytest.mark.parametrize(
    "options",
    [
        FileOptions(label_columns=("t",)),
        FileOptions(time_column="t", drop=("t",)),
        FileOptions(time_column="a", drop=("t",), label_columns=("t",)),
    ],
)
def test_a_column_has_one_use(options: FileOptions) -> None:
    """Times that are labels as well would make each row a series of its own."""
    with pytest.raises(InputFileError, match="column t is one of times, a label, or dropped"):
        plan(Path("a.csv"), ["t", "a", "b"], options)


def test_dropped_columns_are_not_read(tmp_path: Path) -> None:
    """A dropped column may hold anything."""
    path = write(tmp_path, "a.csv", "t,label,a\n1,yes,2\n")

    columns, _ = read(path, FileOptions(drop=("label",)))

    assert columns.values == ("a",)


def test_row_count(tmp_path: Path) -> None:
    """Parquet says how many rows there are, CSV does not."""
    pq.write_table(pa.table({"a": [1.0, 2.0]}), tmp_path / "a.parquet")

    counts = row_count(tmp_path / "a.parquet"), row_count(tmp_path / "a.csv")

    assert counts == (2, None)
