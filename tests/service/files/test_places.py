"""Rows are found in their file."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from daemon.files.places import place


@pytest.mark.parametrize(
    ("text", "row", "line"),
    [
        ("t,a\n1,2\n3,4\n", 1, 3),
        ("t,a\r\n\r\n1,2\r\n\r\n3,4\r\n", 1, 5),
        ("\ufefft,a\r1,2\r3,4", 1, 3),
        ('t,"a\nb"\n1,"c\nd"\n\n3,4\n', 0, 3),
        ('t,"a\nb"\n1,"c\nd"\n\n3,4\n', 1, 6),
        ("t,a\n", 7, 9),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
def test_a_row_is_found_by_its_line(
    tmp_path: Path, suffix: str, text: str, row: int, line: int
) -> None:
    """Blank lines and those within quotes count, as an editor counts them."""
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(gzip.compress(text.encode()) if suffix == "csv.gz" else text.encode())

    assert place(path, row) == f"line {line}"


def test_a_row_of_parquet_is_found_by_its_number() -> None:
    """A Parquet file has no lines."""
    assert place(Path("a.pq"), 4) == "row 5"
