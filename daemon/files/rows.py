"""Rows of a file as records.

The one place that spells them, so that a replay of a file and the same file through a topic give
identical bytes.
"""

from __future__ import annotations

import gzip
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from daemon.config import TimestampUnit
from daemon.errors import InputFileError
from daemon.files.options import FileOptions
from daemon.files.places import CSV_SUFFIXES, PARQUET_SUFFIXES
from daemon.formats.timestamps import NO_TIME, SCALES, float_to_ns, text_to_ns, whole_to_ns
from daemon.records import I64, NANOSECONDS

if TYPE_CHECKING:
    from daemon.files.tables import Chunk, Columns

NDJSON_SUFFIXES = (".ndjson", ".jsonl", ".json", ".ndjson.gz", ".jsonl.gz")
NANOSECONDS_PER_MS = 1_000_000
#: Smallest number that reads as milliseconds, microseconds, nanoseconds where the unit is `auto`.
AUTO_FLOORS = (
    (TimestampUnit.MS, 10**11),
    (TimestampUnit.US, 10**14),
    (TimestampUnit.NS, 10**17),
)


@dataclass(frozen=True, slots=True)
class Records:
    """Consecutive records made from a file.

    Attributes
    ----------
    offsets : int64[R]
        Row (NDJSON: line) number of each, from 0.
    timestamps : int64[R]
        The row's time in whole milliseconds (all that a topic keeps), as Unix nanoseconds; -1 for
        none.
    values : list of bytes, length R
        JSON.
    """

    offsets: I64
    timestamps: I64
    values: list[bytes]


class _Line(msgspec.Struct):
    timestamp: int | float | str | None = None


def rows_to_records(path: Path, options: FileOptions) -> Iterator[Records]:
    """Read a file as records for the JSON codec.

    NDJSON lines are taken as they are (blank ones are left out, and a byte order mark). A row of a
    CSV or Parquet table becomes a wide map `{"timestamp", "labels", "values"}` without its missing
    values, or, where the table has columns `name` and `value`, one sample.

    Parameters
    ----------
    path : Path
        .csv, .parquet or .ndjson (.jsonl, .json); CSV and NDJSON also gzipped (.gz).
    options : FileOptions
        How rows become records.

    Yields
    ------
    Records
        At most `chunk_rows` each.

    Raises
    ------
    InputFileError
        When the file cannot be read; the message names it, and the line where there is one.
    """
    if path.name.endswith(NDJSON_SUFFIXES):
        yield from _lines(path, options)
        return
    # pyarrow takes a tenth of a second to import, which a start of the service has no use for.
    from daemon.files.tables import read_table

    if not path.name.endswith(CSV_SUFFIXES + PARQUET_SUFFIXES):
        known = ", ".join((*CSV_SUFFIXES, *PARQUET_SUFFIXES, *NDJSON_SUFFIXES))
        msg = f"{path}: unknown kind of file; the name must end with one of {known}"
        raise InputFileError(msg)
    columns, chunks = read_table(path, options)
    encoder = msgspec.json.Encoder()
    for chunk in chunks:
        rows = _samples(chunk, columns, options) if columns.long else _maps(chunk, columns, options)
        yield Records(
            offsets=np.arange(chunk.first_row, chunk.first_row + len(chunk.times), dtype=np.int64),
            timestamps=_whole_ms(chunk.times),
            values=[encoder.encode(row) for row in rows],
        )


def spell_time(nanoseconds: int, unit: TimestampUnit) -> int | str:
    """Write a time so that the codec reads exactly it.

    Parameters
    ----------
    nanoseconds : int
        Unix nanoseconds, not negative.
    unit : TimestampUnit
        What the codec takes numbers for.

    Returns
    -------
    int or str
        A whole number of the unit (auto: of the coarsest that is exact and told apart by its
        magnitude), else RFC 3339 text.

    Examples
    --------
    >>> spell_time(1_700_000_000_500_000_000, TimestampUnit.AUTO)
    1700000000500
    >>> spell_time(60_500_000_000, TimestampUnit.AUTO)
    '1970-01-01T00:01:00.500000000Z'
    """
    if unit is not TimestampUnit.AUTO:
        number, rest = divmod(nanoseconds, SCALES[unit])
        if rest == 0:
            return number
    elif nanoseconds % NANOSECONDS == 0:
        return nanoseconds // NANOSECONDS
    else:
        for finer, floor in AUTO_FLOORS:
            number, rest = divmod(nanoseconds, SCALES[finer])
            if rest == 0 and number >= floor:
                return number
    return f"{np.datetime64(nanoseconds, 'ns')}Z"


def _maps(chunk: Chunk, columns: Columns, options: FileOptions) -> Iterator[dict[str, Any]]:
    names = columns.values
    missing = np.asarray(np.isnan(chunk.values).any(axis=1))
    for row, values in enumerate(chunk.values.tolist()):
        pairs = zip(names, values, strict=True)
        yield {
            **_head(chunk, row, columns.labels, options),
            "values": {n: v for n, v in pairs if v == v} if missing[row] else dict(pairs),
        }


def _samples(chunk: Chunk, columns: Columns, options: FileOptions) -> Iterator[dict[str, Any]]:
    names = chunk.texts[-1]
    for row, (value,) in enumerate(chunk.values.tolist()):
        yield {
            "name": names[row] or "",
            **_head(chunk, row, columns.labels, options),
            "value": None if value != value else value,
        }


def _head(
    chunk: Chunk, row: int, label_columns: tuple[str, ...], options: FileOptions
) -> dict[str, Any]:
    time = int(chunk.times[row])
    labels = dict(options.labels)
    for name, texts in zip(label_columns, chunk.texts, strict=False):
        text = texts[row]
        if text is not None:
            labels[name] = text
    # What is no time here is none to the codec either, which counts it.
    return {
        "timestamp": spell_time(time, options.timestamp_unit) if time != NO_TIME else NO_TIME,
        "labels": labels,
    }


def _lines(path: Path, options: FileOptions) -> Iterator[Records]:
    opener: Any = gzip.open if path.name.endswith(".gz") else open
    decoder = msgspec.json.Decoder(_Line)
    try:
        with opener(path, "rb") as file:
            if file.read(len(BOM_UTF8)) != BOM_UTF8:
                file.seek(0)
            first = 0
            while lines := [line.rstrip(b"\r\n") for line in islice(file, options.chunk_rows)]:
                kept = [(first + at, line) for at, line in enumerate(lines) if line.strip()]
                first += len(lines)
                times = [_line_time(decoder, line, options.timestamp_unit) for _, line in kept]
                yield Records(
                    offsets=np.array([at for at, _ in kept], dtype=np.int64),
                    timestamps=_whole_ms(np.array(times, dtype=np.int64)),
                    values=[line for _, line in kept],
                )
    except (OSError, EOFError, zlib.error) as error:
        msg = f"{path}: cannot be read: {error}"
        raise InputFileError(msg) from error


def _line_time(decoder: msgspec.json.Decoder[_Line], line: bytes, unit: TimestampUnit) -> int:
    try:
        spelled = decoder.decode(line).timestamp
    except (msgspec.DecodeError, UnicodeDecodeError):
        return NO_TIME
    if isinstance(spelled, str):
        return text_to_ns(spelled)
    if isinstance(spelled, float):
        return float_to_ns(spelled, unit)
    return int(whole_to_ns([spelled], unit)[0]) if spelled is not None else NO_TIME


def _whole_ms(times: I64) -> I64:
    return np.where(times == NO_TIME, NO_TIME, times - times % NANOSECONDS_PER_MS)
