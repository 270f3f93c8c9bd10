"""The records of a batch that kernels can read, as columns; the rest is named for the codec."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from daemon.config import InputSection, TimestampUnit
from daemon.formats.span_index import SEED, SpanIndex
from daemon.formats.timestamps import SCALES
from daemon.kernels.identities import UNKNOWN
from daemon.kernels.json_flat import (
    FOUND_SIZE,
    SERIES_COLUMN,
    TIME_COLUMN,
    VALUE_COLUMN,
    read_flat,
)
from daemon.records import F64, I32, I64, RecordBatch

#: No rows for the codec.
NONE_LEFT: I64 = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Read:
    """Samples that were read in columns; the arrays belong to whoever takes them.

    Attributes
    ----------
    series : int32[S]
        Index into the series table, or why the series is refused.
    time : int64[S]
        Unix nanoseconds, -1 for none.
    value : float64[S]
        As written.
    record : int32[S]
        Row of the batch, in order.
    left : int64[L]
        Rows that are left to the codec, in order.
    """

    series: I32
    time: I64
    value: F64
    record: I32
    left: I64


class FlatReader:
    """Reads flat JSON samples of series that are known.

    Parameters
    ----------
    section : InputSection
        Its unit of time and its bound on a record's bytes.
    index : SpanIndex
        The series that are known.
    """

    def __init__(self, section: InputSection, index: SpanIndex) -> None:
        auto = section.timestamp_unit is TimestampUnit.AUTO
        self._scale = 0 if auto else SCALES[section.timestamp_unit]
        self._bytes_max = section.record_bytes_max
        self._index = index
        self._found: I64 = np.empty(FOUND_SIZE, dtype=np.int64)

    @property
    def known(self) -> int:
        """How many spellings of series are known; every row that is left may add some."""
        return len(self._index)

    def read(self, batch: RecordBatch, rows: I64 | None = None) -> Read:
        """Read what can be read of a batch.

        Parameters
        ----------
        batch : RecordBatch
            The records.
        rows : int64[R], optional
            Those to look at, in order; all when absent.

        Returns
        -------
        Read
            Their samples.
        """
        index, values, times = self._index, batch.values, batch.timestamps
        if rows is None:
            rows = np.arange(len(values))
        else:
            values, times = values.pick(rows), times[rows]
        index.settle()
        columns = np.empty((3, len(values)), dtype=np.int64)
        left = len(values)
        if len(index):
            left = read_flat(
                values.array, values.start, values.stop, times, index.slots,
                index.entries, index.arena, index.heads, index.links, index.last, self._found,
                columns, SEED, self._scale, self._bytes_max,
            )  # fmt: skip
        else:
            columns[SERIES_COLUMN] = UNKNOWN
        series, record = columns[SERIES_COLUMN].astype(np.int32), rows.astype(np.int32)
        time, value = columns[TIME_COLUMN], columns[VALUE_COLUMN].view(np.float64)
        if not left:
            return Read(series, time, value, record, NONE_LEFT)
        found = series != UNKNOWN
        return Read(series[found], time[found], value[found], record[found], rows[~found])
