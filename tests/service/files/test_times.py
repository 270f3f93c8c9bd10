"""Columns of times, through the tables that hold them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from daemon.errors import InputFileError
from daemon.files.options import FileOptions
from daemon.files.times import read_times

SECOND = 1_000_000_000


def read(spelled: list[str | None], name: str = "a.parquet") -> list[int]:
    """Read a column of text."""
    batch = pa.RecordBatch.from_pydict({"t": pa.array(spelled, pa.string())})
    return [int(time) for time in read_times(Path(name), batch, "t", 0, FileOptions())]


def test_text_times_that_cannot_be_used_are_none() -> None:
    """A time before 1970 or a day that is none is dropped as a number would be, and no fault."""
    spelled = ["0001-01-01T00:00:00Z", "2026-02-30T00:00:00Z", None, "2026-01-01T00:00:00Z"]

    assert read(spelled) == [-1, -1, -1, 1_767_225_600 * SECOND]


@pytest.mark.parametrize(
    ("spelled", "fault"),
    [
        (["1700000000", None, "1700000060.5", "soon"], "row 4: 'soon' is no RFC 3339 time such as"),
        (["1700000000", "2026-01-01T00:00:00Z"], "row 1: '1700000000' is no RFC 3339 time, as"),
        (["2026-01-01 00:00:00"], "row 1: '2026-01-01 00:00:00' has no time zone: end it with Z"),
        (["2026-01-01T00:00:00Z", "2026-01-01T00:00Z"], "row 2: '2026-01-01T00:00Z' is no RFC"),
    ],
)
def test_what_is_no_time_is_found(spelled: list[str | None], fault: str) -> None:
    """The fault is what is neither a number nor a time, with what helps."""
    with pytest.raises(InputFileError, match=r"a\.parquet") as raised:
        read(spelled)

    assert fault in str(raised.value)
