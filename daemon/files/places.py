"""Where a row stands in its file, in the words of who opens that file to look."""

from __future__ import annotations

import csv
import gzip
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

CSV_SUFFIXES = (".csv", ".csv.gz")
PARQUET_SUFFIXES = (".parquet", ".pq")


def opened(path: Path, errors: str = "strict") -> TextIO:
    """Open a CSV file, gzipped or not, as text.

    Parameters
    ----------
    path : Path
        The file.
    errors : str
        What becomes of bytes that are not UTF-8, as for `open`.

    Returns
    -------
    TextIO
        To be closed.

    Raises
    ------
    OSError
        When it cannot be opened.
    """
    opener: Any = gzip.open if path.name.endswith(".gz") else open
    file: TextIO = opener(path, "rt", encoding="utf-8-sig", errors=errors, newline="")
    return file


def place(path: Path, row: int) -> str:
    """Name the place of a row: its line in a CSV file, its number from 1 in a Parquet file.

    Parameters
    ----------
    path : Path
        The file.
    row : int
        Rows before it, the header not counted.

    Returns
    -------
    str
        For a message.

    Raises
    ------
    OSError
        When the file cannot be read any more.
    """
    if path.name.endswith(PARQUET_SUFFIXES):
        return f"row {row + 1}"
    # Arrow counts neither blank lines nor those within quotes.
    end, left = 0, row + 1
    with opened(path, errors="replace") as file, suppress(csv.Error):
        reader = csv.reader(file)
        for cells in reader:
            if cells and not left:
                return f"line {end + 1}"
            left -= bool(cells)
            end = reader.line_num
    return f"line {row + 2}"
