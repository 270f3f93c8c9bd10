"""Records of a partition in pieces, as a client hands them out, and all of them as one batch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from daemon.kernels.record_walk import (
    KEY_START,
    NANOSECONDS_PER_MS,
    OFFSET,
    TIME,
    TIME_MAX_MS,
    VALUE_START,
    VALUE_STOP,
)
from daemon.records import I64, InputPartition, RecordBatch
from daemon.spans import Spans

#: A batch that is damaged may say less; before any offset that is asked for is either.
OFFSET_MIN = -(2**63)

Bytes = bytes | bytearray | memoryview


class Chunk:
    """Consecutive records of one batch.

    Parameters
    ----------
    data : bytes-like
        What keys and values lie in, of other chunks perhaps too: never to be written to.
    columns : int64[6, R]
        Offset, time and spans, as `daemon.kernels.record_walk` has them.
    """

    __slots__ = ("columns", "data")

    def __init__(self, data: Bytes, columns: I64) -> None:
        self.data = data
        self.columns = columns

    def __len__(self) -> int:
        return int(self.columns.shape[1])

    def part(self, first: int, end: int) -> Chunk:
        """Return some of the records."""
        return Chunk(self.data, self.columns[:, first:end])

    def bounds(self) -> tuple[int, int]:
        """Tell between where the bytes of the records lie, of which there is at least one."""
        return int(self.columns[KEY_START, 0]), int(self.columns[VALUE_START:, -1].max())


def chunk_of(rows: list[Any]) -> Chunk:
    """Turn records as kafka-python hands them out into columns.

    Parameters
    ----------
    rows : list of records
        Each with an offset, a timestamp in ms, a key and a value.

    Returns
    -------
    Chunk
        The same; a time that does not fit nanoseconds counts as none.
    """
    return chunk_from(
        [max(row.offset, OFFSET_MIN) for row in rows],
        [row.timestamp for row in rows],
        [part for row in rows for part in (row.key, row.value)],
    )


def chunk_from(offsets: list[int], times: list[int | None], parts: list[bytes | None]) -> Chunk:
    """Turn what is known of records into columns.

    Parameters
    ----------
    offsets : list of int
        Of each record.
    times : list of int or None
        In ms.
    parts : list of bytes or None
        Key and value of each, one after the other.

    Returns
    -------
    Chunk
        The same; a time that does not fit nanoseconds counts as none.
    """
    columns = np.empty((6, len(offsets)), dtype=np.int64)
    columns[OFFSET] = offsets
    # A producer may have written any 64 bits.
    stamps = [-1 if time is None else time for time in times]
    columns[TIME] = [t * NANOSECONDS_PER_MS if 0 <= t <= TIME_MAX_MS else -1 for t in stamps]
    spans = Spans.of(parts)
    columns[KEY_START::2] = spans.start.reshape(-1, 2).T
    columns[KEY_START + 1 :: 2] = spans.stop.reshape(-1, 2).T
    return Chunk(spans.data, columns)


def record_batch(partition: InputPartition, chunks: Iterable[Chunk]) -> RecordBatch:
    """Join the chunks of one partition.

    Parameters
    ----------
    partition : InputPartition
        Where they come from.
    chunks : iterable of Chunk
        In order of offset, with at least one record.

    Returns
    -------
    RecordBatch
        All of their records, where they lie when all are of one fetch and not compressed, and
        else in a buffer of their own.
    """
    chunks = list(chunks)
    data = chunks[0].data
    columns = np.concatenate([chunk.columns for chunk in chunks], axis=1)
    if any(chunk.data is not data for chunk in chunks):
        bounds = [chunk.bounds() for chunk in chunks]
        ends = np.cumsum([0, *[high - low for low, high in bounds[:-1]]])
        shifts = ends - [low for low, _ in bounds]
        columns[KEY_START:] += np.repeat(shifts, [len(chunk) for chunk in chunks])
        pairs = zip(chunks, bounds, strict=True)
        data = b"".join(memoryview(chunk.data)[low:high] for chunk, (low, high) in pairs)
    return RecordBatch(
        partition=partition,
        offsets=columns[OFFSET],
        timestamps=columns[TIME],
        keys=Spans(data, columns[KEY_START], columns[KEY_START + 1]),
        values=Spans(data, columns[VALUE_START], columns[VALUE_STOP]),
        next_offset=int(columns[OFFSET, -1]) + 1,
    )
