"""CSV and Parquet files as chunks of columns, with faults that name the file and the line."""

from __future__ import annotations

import csv
import re
import shlex
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from daemon.errors import InputFileError
from daemon.files.options import TIME_COLUMNS, FileOptions
from daemon.files.places import CSV_SUFFIXES, PARQUET_SUFFIXES, opened, place
from daemon.files.times import read_times
from daemon.formats.timestamps import spelled_as_time
from daemon.records import F64, I64

NULLS = ["", "NaN", "nan", "NA", "null", "NULL", "None"]
BLOCK_BYTES = 4 * 2**20
NAME, VALUE = "name", "value"

_CSV_FAULT = re.compile(
    r"(?:column #(\d+): )?Row #(\d+): (?:.*invalid value ('.*')$)?(.*)", re.DOTALL
)
#: What other programs part columns by.
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
#: Name that pandas gives an index without one.
_INDEX = re.compile(r"__index_level_\d+__")


@dataclass(frozen=True, slots=True)
class Columns:
    """What each column of a table is for.

    Attributes
    ----------
    time : str or None
        Column of times, None for row numbers.
    long : bool
        True when each row is one sample: columns `name` and `value`.
    values : tuple of str
        Numeric columns: the series of a wide table, or `value`.
    labels : tuple of str
        Columns of text that become labels.
    """

    time: str | None
    long: bool
    values: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """Columns read as text."""
        return (*self.labels, NAME) if self.long else self.labels


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive rows of a table.

    Attributes
    ----------
    first_row : int
        Row number of the first one, from 0.
    times : int64[R]
        Unix nanoseconds, -1 where the row has no usable time.
    values : float64[R, n]
        NaN where missing.
    texts : list of list of (str or None)
        One list per text column, as in `Columns.texts`.
    """

    first_row: int
    times: I64
    values: F64
    texts: list[list[str | None]]


def read_table(path: Path, options: FileOptions) -> tuple[Columns, Iterator[Chunk]]:
    """Open a CSV or Parquet file.

    Parameters
    ----------
    path : Path
        The file; its suffix tells the format.
    options : FileOptions
        Time column, labels, columns to drop.

    Returns
    -------
    Columns
        What its columns are for.
    iterator of Chunk
        Its rows.

    Raises
    ------
    InputFileError
        When it cannot be read, now or while iterating; the message names the file and the line.
    """
    try:
        if path.name.endswith(CSV_SUFFIXES):
            header = _csv_header(path)
            columns = plan(path, header, options)
            batches = _csv_batches(path, header, columns)
            return columns, _chunks(path, columns, options, batches)
        file = pq.ParquetFile(path)
        columns = _parquet_plan(path, file.schema_arrow, options)
        needed = [*columns.values, *columns.texts]
        needed += [columns.time] if columns.time is not None else []
        batches = file.iter_batches(batch_size=options.chunk_rows, columns=needed)
        return columns, _chunks(path, columns, options, batches)
    except (OSError, EOFError, zlib.error, UnicodeError, pa.ArrowException, csv.Error) as error:
        raise _unreadable(path, error) from error


def counts_rows(path: Path, options: FileOptions) -> bool:
    """Tell whether times are row numbers, of which nobody said how far they are apart.

    Parameters
    ----------
    path : Path
        A file of any kind.
    options : FileOptions
        What was said of it.

    Returns
    -------
    bool
        True for a table without a column of times and without `seconds_per_unit`.

    Raises
    ------
    InputFileError
        When it cannot be read.
    """
    table = path.name.endswith(CSV_SUFFIXES + PARQUET_SUFFIXES)
    if not table or options.seconds_per_unit is not None:
        return False
    return read_table(path, options)[0].time is None


def row_count(path: Path) -> int | None:
    """Return the rows of a Parquet file; None for formats that do not say."""
    if not path.name.endswith(PARQUET_SUFFIXES):
        return None
    try:
        return int(pq.read_metadata(path).num_rows)
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(path, error) from error


def plan(path: Path, header: list[str], options: FileOptions) -> Columns:
    """Decide what each column is for.

    Parameters
    ----------
    path : Path
        For messages.
    header : list of str
        Column names in order.
    options : FileOptions
        Time column, labels, columns to drop.

    Returns
    -------
    Columns
        Their roles.

    Raises
    ------
    InputFileError
        When a name stands twice, an option names no column, two name the same one, or no value
        column is left.
    """
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        msg = f"{path}: line 1: column {', '.join(twice)} stands twice"
        raise InputFileError(msg)
    asked = [*options.label_columns, *options.drop]
    asked += [options.time_column] if options.time_column is not None else []
    unknown = [name for name in asked if name not in header]
    if unknown:
        msg = f"{path}: no column {', '.join(unknown)}; there are {', '.join(header)}"
        raise InputFileError(msg)
    kept = [name for name in header if name not in options.drop]
    time = options.time_column
    if time is None:
        time = next((name for name in TIME_COLUMNS if name in kept), None)
    uses = ({time}, {*options.drop}, {*options.label_columns})
    torn = [name for name in header if sum(name in use for use in uses) > 1]
    if torn:
        msg = f"{path}: column {', '.join(torn)} is one of times, a label, or dropped, not both"
        raise InputFileError(msg)
    rest = [name for name in kept if name != time]
    if NAME in rest and VALUE in rest:
        others = tuple(name for name in rest if name not in (NAME, VALUE))
        return Columns(time, long=True, values=(VALUE,), labels=others)
    values = tuple(name for name in rest if name not in options.label_columns)
    if not values:
        msg = f"{path}: no column holds values; there are {', '.join(header)}"
        raise InputFileError(msg)
    return Columns(time, long=False, values=values, labels=options.label_columns)


def _parquet_plan(path: Path, schema: pa.Schema, options: FileOptions) -> Columns:
    """Plan as for any table, but for an index of pandas that nobody gave a name.

    One of times is the column of times where there is no other; one of whole numbers counts rows
    and is neither a series nor a label.
    """
    names = schema.names
    asked = {options.time_column, *options.label_columns, *options.drop}
    index = {
        name: schema.field(name).type
        for name in names
        if _INDEX.fullmatch(name) and names.count(name) == 1 and name not in asked
    }
    timed = options.time_column is not None or any(
        name in names and name not in options.drop for name in TIME_COLUMNS
    )
    times = [name for name, kind in index.items() if pa.types.is_timestamp(kind)]
    if times and not timed:
        options = replace(options, time_column=times[0])
    counts = [name for name, kind in index.items() if pa.types.is_integer(kind)]
    return plan(path, names, replace(options, drop=(*options.drop, *counts)))


def _csv_header(path: Path) -> list[str]:
    with opened(path) as file:
        header = next(csv.reader(file), None)
    if not header:
        msg = f"{path}: line 1: no header"
        raise InputFileError(msg)
    other = next((name for mark, name in _SEPARATORS.items() if mark in header[0]), None)
    if len(header) == 1 and other is not None:
        msg = f"{path}: line 1: {other} part the columns; write commas, and decimal points"
        raise InputFileError(msg)
    return header


def _csv_batches(path: Path, header: list[str], columns: Columns) -> Iterator[pa.RecordBatch]:
    types = dict.fromkeys(columns.values, pa.float64()) | dict.fromkeys(columns.texts, pa.string())
    if columns.time is not None:
        types[columns.time] = pa.string()
    try:
        yield from pa_csv.open_csv(
            path,
            # One thread, so that Arrow's faults name the row.
            read_options=pa_csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES),
            convert_options=pa_csv.ConvertOptions(
                column_types=types,
                include_columns=list(types),
                null_values=NULLS,
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowException as error:
        raise _faulty_csv(path, header, columns, error) from error


def _chunks(
    path: Path, columns: Columns, options: FileOptions, batches: Iterator[pa.RecordBatch]
) -> Iterator[Chunk]:
    row = 0
    try:
        for batch in batches:
            for start in range(0, batch.num_rows, options.chunk_rows):
                part = batch.slice(start, options.chunk_rows)
                yield Chunk(
                    first_row=row,
                    times=read_times(path, part, columns.time, row, options),
                    values=_values(path, part, columns),
                    texts=[_texts(part.column(name)) for name in columns.texts],
                )
                row += part.num_rows
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error


def _values(path: Path, batch: pa.RecordBatch, columns: Columns) -> F64:
    values = np.empty((batch.num_rows, len(columns.values)))
    for index, name in enumerate(columns.values):
        column = batch.column(name)
        kind = column.type
        if pa.types.is_boolean(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
            column = column.cast(pa.float64())
        elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
            remedy = _remedy(name, columns, timely=pa.types.is_timestamp(kind))
            msg = f"{path}: column {name} holds {kind}, not numbers; {remedy}"
            raise InputFileError(msg)
        values[:, index] = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return values


def _texts(column: pa.Array) -> list[str | None]:
    return [None if text is None else str(text) for text in column.to_pylist()]


def _faulty_csv(
    path: Path, header: list[str], columns: Columns, error: Exception
) -> InputFileError:
    """Say where a CSV file's fault is, and what helps against a column of text."""
    found = _CSV_FAULT.search(str(error))
    if found is None:
        return _unreadable(path, error)
    column, number, value, other = found.groups()
    where = place(path, int(number) - 2)
    if value is None or column is None:
        return InputFileError(f"{path}: {where}: {other}")
    name = header[int(column)]
    # A long table needs its values; a wide one can do without a column.
    timely = any(spelled_as_time(value.strip("'") + zone) for zone in ("", "Z"))
    remedy = (
        "" if columns.long else f"; if all of it is text, {_remedy(name, columns, timely=timely)}"
    )
    return InputFileError(f"{path}: {where}: {value} in column {name} is not a number{remedy}")


def _remedy(name: str, columns: Columns, *, timely: bool) -> str:
    """Say what helps against a column of no numbers, which may be that of the times."""
    spelled = shlex.quote(name)
    times = f"name it as the times (--time-column {spelled}), "
    others = f"drop it (--drop {spelled}), or make it a label (--label-column {spelled})"
    return times * (timely and columns.time is None) + others


def _unreadable(path: Path, error: Exception) -> InputFileError:
    return InputFileError(f"{path}: cannot be read: {error}")
