"""A column of times, of whatever spelling, as Unix nanoseconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daemon.config import TimestampUnit
from daemon.errors import InputFileError
from daemon.files.options import FileOptions
from daemon.files.places import place
from daemon.formats.timestamps import (
    NO_TIME,
    TIME_END,
    float_to_ns,
    spelled_as_time,
    text_to_ns,
    whole_to_ns,
)
from daemon.records import I64, NANOSECONDS


def read_times(
    path: Path, batch: pa.RecordBatch, name: str | None, first_row: int, options: FileOptions
) -> I64:
    """Read the times of consecutive rows.

    Parameters
    ----------
    path : Path
        For messages.
    batch : RecordBatch
        The rows.
    name : str or None
        Column of times; None for row numbers.
    first_row : int
        Rows before these, the header not counted.
    options : FileOptions
        What numbers stand for.

    Returns
    -------
    int64[R]
        Unix nanoseconds, NO_TIME where a row has no usable time.

    Raises
    ------
    InputFileError
        When the column holds no times; the message names the file and the line.
    """
    if name is None:
        rows = np.arange(first_row, first_row + batch.num_rows, dtype=np.int64)
        return _scaled(rows, options.seconds_per_unit or 1.0, options.start)
    column = batch.column(name)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = _numbers(column)
    if pa.types.is_timestamp(column.type):
        return whole_to_ns(_whole_numbers(column), TimestampUnit(column.type.unit))
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return _read_texts(path, column, first_row)
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        msg = f"{path}: time column {name} holds {column.type}, not times"
        raise InputFileError(msg)
    if options.seconds_per_unit is not None:
        if pa.types.is_unsigned_integer(column.type):
            column = column.cast(pa.int64(), safe=False)  # what wraps is negative: no time
        filled = column.fill_null(NO_TIME) if column.null_count else column
        return _scaled(
            filled.to_numpy(zero_copy_only=False), options.seconds_per_unit, options.start
        )
    if pa.types.is_integer(column.type):
        times = whole_to_ns(_whole_numbers(column), TimestampUnit.AUTO)
    else:
        numbers = column.fill_null(float("nan")).to_pylist()
        times = np.array([float_to_ns(each, TimestampUnit.AUTO) for each in numbers], np.int64)
    shift = round(options.start * NANOSECONDS)
    return _usable(np.where(times == NO_TIME, NO_TIME, times + shift))


def _whole_numbers(column: pa.Array) -> list[int]:
    """Return whole numbers or timestamps, of whatever width, with NO_TIME where there is none."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return [NO_TIME if number is None else number for number in column.to_pylist()]


def _numbers(column: pa.Array) -> pa.Array:
    """Return a text column as whole or fractional numbers where all of it is; else as it is."""
    for kind in (pa.int64(), pa.float64()):
        try:
            return pc.cast(column, kind)
        except pa.ArrowInvalid:
            continue
    return column


def _read_texts(path: Path, column: pa.Array, first_row: int) -> I64:
    texts = [text or "" for text in column.to_pylist()]
    times = np.array([text_to_ns(text) for text in texts], dtype=np.int64)
    odd = [
        row for row, time in enumerate(times.tolist())
        if time == NO_TIME and texts[row] and not spelled_as_time(texts[row])
    ]  # fmt: skip
    if odd:
        # Among numbers, which are times as well, what is neither is the fault.
        row = next((row for row in odd if not _is_number(texts[row])), odd[0])
        where = place(path, first_row + row)
        msg = f"{path}: {where}: {texts[row]!r} {_no_time(texts[row])}"
        raise InputFileError(msg)
    return times


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _no_time(text: str) -> str:
    """Say what keeps a text from being a time, and what helps."""
    if spelled_as_time(f"{text}Z"):
        return "has no time zone: end it with Z (UTC), or an offset such as +01:00"
    if _is_number(text):
        return "is no RFC 3339 time, as others of its column are"
    return "is no RFC 3339 time such as 2026-01-31T12:00:00Z"


def _scaled(numbers: np.ndarray[Any, Any], seconds_per_unit: float, start: float) -> I64:
    step, shift = round(seconds_per_unit * NANOSECONDS), round(start * NANOSECONDS)
    top = (TIME_END - max(shift, 0)) // max(step, 1)
    usable = (numbers >= 0) & (numbers < top)
    safe = np.where(usable, numbers, 0)
    if numbers.dtype.kind == "f":
        # The whole part exactly, the fraction rounded, as the codecs read fractional times.
        whole = np.floor(safe).astype(np.int64)
        times = whole * step + np.rint((safe - whole) * step).astype(np.int64)
    else:
        times = safe.astype(np.int64) * step
    return _usable(np.where(usable, times + shift, NO_TIME))


def _usable(times: I64) -> I64:
    return np.where((times >= 0) & (times < TIME_END), times, NO_TIME)
