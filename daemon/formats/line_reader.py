"""The lines of a batch that kernels can read, as columns; the rest is named for the codec."""

from __future__ import annotations

import numpy as np

from daemon.config import InputSection
from daemon.formats.flat_reader import Read
from daemon.formats.span_index import SEED, SpanIndex
from daemon.formats.timestamps import SCALES
from daemon.kernels.line_fields import FIELD_WIDTH
from daemon.kernels.lines import FIELDS_MAX, SAMPLE_BYTES_MIN, read_lines
from daemon.kernels.shapes import RECORD_ROW, SERIES_ROW, TIME_ROW, VALUE_ROW
from daemon.records import I64, RecordBatch

#: What the name of a field holds only by an escape, or is not read with by the kernel.
NAME_MARKS = b'\\"=, '


def line_index() -> SpanIndex:
    """Make an index of series whose labels are the heads of lines, escapes and all."""
    return SpanIndex(name_marks=NAME_MARKS, labels_marks=b"", head_bytes_max=0)


class LineReader:
    """Reads lines of series that are known.

    Parameters
    ----------
    section : InputSection
        Its unit of time, which is not auto, and its bound on a record's bytes.
    index : SpanIndex
        The series that are known, from `line_index`.
    """

    def __init__(self, section: InputSection, index: SpanIndex) -> None:
        self._scale = SCALES[section.timestamp_unit]
        self._bytes_max = section.record_bytes_max
        self._index = index
        self._fields: I64 = np.empty((FIELDS_MAX, FIELD_WIDTH), dtype=np.int64)

    @property
    def known(self) -> int:
        """How many spellings of series are known; every row that is left may add some."""
        return len(self._index)

    def read(self, batch: RecordBatch, rows: I64) -> Read:
        """Read what can be read of a batch.

        Parameters
        ----------
        batch : RecordBatch
            The records.
        rows : int64[R]
            Those to look at, in order.

        Returns
        -------
        Read
            Their samples.
        """
        index, values = self._index, batch.values.pick(rows)
        index.settle()
        bytes_in_all = int(np.maximum(values.stop - values.start, 0).sum()) if len(index) else 0
        columns = np.empty((4, bytes_in_all // SAMPLE_BYTES_MIN + 1), dtype=np.int64)
        taken = np.zeros(len(rows), dtype=np.int64)
        filled = 0
        if len(index):
            filled = read_lines(
                values.array, values.start, values.stop, batch.timestamps[rows], rows, index.slots,
                index.entries, index.arena, index.links, index.last, self._fields, columns, taken,
                SEED, self._scale, self._bytes_max,
            )  # fmt: skip
        return Read(
            series=columns[SERIES_ROW, :filled].astype(np.int32),
            time=columns[TIME_ROW, :filled].copy(),
            value=columns[VALUE_ROW, :filled].view(np.float64).copy(),
            record=columns[RECORD_ROW, :filled].astype(np.int32),
            left=rows[taken == 0],
        )
