"""Rows of a file as records."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config import TimestampUnit
from daemon.errors import InputFileError
from daemon.files.options import FileOptions
from daemon.files.rows import Records, rows_to_records, spell_time
from daemon.formats.timestamps import TIME_END, text_to_ns, whole_to_ns

OPTIONS = FileOptions()


def write(folder: Path, name: str, text: str) -> Path:
    """Write a text file and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path, options: FileOptions = OPTIONS) -> list[Records]:
    """Read a whole file."""
    return list(rows_to_records(path, options))


def test_wide_rows(tmp_path: Path) -> None:
    """A row is a wide map without its missing values; an infinity is null and counts as one."""
    path = write(tmp_path, "a.csv", "t,cpu,mem\n1700000000,1,\n1700000001,2,inf\n")

    (records,) = read(path, FileOptions(labels={"job": "x"}))

    assert [json.loads(value) for value in records.values] == [
        {"timestamp": 1_700_000_000, "labels": {"job": "x"}, "values": {"cpu": 1.0}},
        {"timestamp": 1_700_000_001, "labels": {"job": "x"}, "values": {"cpu": 2.0, "mem": None}},
    ]


def test_long_rows(tmp_path: Path) -> None:
    """A row of a long table is one sample with the label columns' texts."""
    path = write(tmp_path, "a.csv", "name,value,host\ncpu,1,a\nmem,,\n")

    (records,) = read(path, FileOptions(labels={"job": "x"}))

    assert [json.loads(value) for value in records.values] == [
        {"name": "cpu", "timestamp": 0, "labels": {"job": "x", "host": "a"}, "value": 1.0},
        {"name": "mem", "timestamp": 1, "labels": {"job": "x"}, "value": None},
    ]


def test_label_columns_of_a_wide_table(tmp_path: Path) -> None:
    """Label columns of a wide table give each row its labels."""
    path = write(tmp_path, "a.csv", "node,cpu\nn1,1\n,2\n")

    (records,) = read(path, FileOptions(label_columns=("node",)))

    labels = [json.loads(value)["labels"] for value in records.values]
    assert labels == [{"node": "n1"}, {}]


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
def test_ndjson_lines_are_taken_as_they_are(tmp_path: Path, zipped: bool) -> None:  # noqa: FBT001
    """Lines keep their bytes and numbers; blank ones are left out; times are found."""
    text = b'{"timestamp":1700000000,"a":1}\r\n\nnot json\n{"timestamp":"2026-01-01T00:00:00Z"}\n[]'
    path = tmp_path / ("a.ndjson.gz" if zipped else "a.ndjson")
    path.write_bytes(gzip.compress(text) if zipped else text)

    chunks = read(path, FileOptions(chunk_rows=3))

    assert [value for chunk in chunks for value in chunk.values] == [
        b'{"timestamp":1700000000,"a":1}',
        b"not json",
        b'{"timestamp":"2026-01-01T00:00:00Z"}',
        b"[]",
    ]
    assert np.concatenate([chunk.offsets for chunk in chunks]).tolist() == [0, 2, 3, 4]
    assert np.concatenate([chunk.timestamps for chunk in chunks]).tolist() == [
        1_700_000_000 * 10**9,
        -1,
        1_767_225_600 * 10**9,
        -1,
    ]


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path, zipped: bool) -> None:  # noqa: FBT001
    """A file that begins with one, as editors on Windows write it, loses no record."""
    text = b"\xef\xbb\xbf" + b'{"timestamp": 1700000000}\n{"timestamp": 1700000001}\n'
    path = tmp_path / ("a.ndjson.gz" if zipped else "a.ndjson")
    path.write_bytes(gzip.compress(text) if zipped else text)

    (records,) = read(path)

    assert records.values == [b'{"timestamp": 1700000000}', b'{"timestamp": 1700000001}']
    assert records.timestamps.tolist() == [1_700_000_000 * 10**9, 1_700_000_001 * 10**9]


def test_record_times_are_whole_milliseconds(tmp_path: Path) -> None:
    """A record's own time is cut to what a topic keeps, the sample's time is not."""
    path = write(tmp_path, "a.csv", "ts,a\n1700000000123456789,1\n")

    (records,) = read(path)

    assert records.timestamps.tolist() == [1_700_000_000_123_000_000]
    assert json.loads(records.values[0])["timestamp"] == 1_700_000_000_123_456_789


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    """Reading in other chunks changes no byte."""
    path = write(tmp_path, "a.csv", "t,a,b\n" + "".join(f"{t},{t / 7},\n" for t in range(50)))

    whole = [value for chunk in read(path) for value in chunk.values]
    parts = [value for chunk in read(path, FileOptions(chunk_rows=7)) for value in chunk.values]

    assert whole == parts


def test_unknown_suffix_is_refused(tmp_path: Path) -> None:
    """The message lists the kinds of file there are."""
    path = write(tmp_path, "a.xlsx", "")

    with pytest.raises(InputFileError, match=r"unknown kind of file.*\.csv.*\.parquet.*\.ndjson"):
        read(path)


def test_broken_gzip_names_the_file(tmp_path: Path) -> None:
    """A truncated archive is an error with the file's name."""
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(gzip.compress(b"{}\n" * 1000)[:-12])

    with pytest.raises(InputFileError, match=r"a\.ndjson\.gz"):
        read(path)


@given(time=st.integers(0, TIME_END - 1), unit=st.sampled_from(TimestampUnit))
def test_spelled_times_read_back_exactly(time: int, unit: TimestampUnit) -> None:
    """Whatever the codec takes numbers for, it reads the very nanosecond."""
    spelled = spell_time(time, unit)

    read_back = (
        text_to_ns(spelled) if isinstance(spelled, str) else int(whole_to_ns([spelled], unit)[0])
    )
    assert read_back == time


@given(seconds=st.integers(0, TIME_END // 10**9 - 1))
def test_whole_seconds_are_spelled_short(seconds: int) -> None:
    """A whole second is written as such, whatever its size."""
    assert spell_time(seconds * 10**9, TimestampUnit.AUTO) == seconds
