"""Whole batches as columns, instead of kafka-python's object for every record.

kafka-python keeps connections, metadata, groups, offsets, fetch sessions and isolation. Replaced is
one class of its fetcher, the one that unpacks what a partition's fetch brought: it is no public
interface, so it is replaced only where the version is one that was compared record by record
(tests/service/kafka/test_columnar.py). A batch that is not plainly well formed, or older than
message format 2, is unpacked by the client itself, so that its faults and its words are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import kafka
import numpy as np
from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError
from kafka.protocol.consumer import IsolationLevel

from daemon.kafka.received import receive_in_large_pieces
from daemon.kernels.record_walk import (
    KEY_START,
    OFFSET,
    RECORD_BYTES_MIN,
    TIME,
    TIME_MAX_MS,
    VALUE_START,
    VALUE_STOP,
    walk_records,
)
from daemon.records import I64, InputPartition, RecordBatch
from daemon.spans import Spans

#: Versions whose fetcher unpacks records the way that is replaced here.
KNOWN_VERSIONS = frozenset({"3.0.12"})

NANOSECONDS_PER_MS = 1_000_000
#: The newest message format, the only one that is read in columns.
FORMAT = 2


class Chunk:
    """Consecutive records of one batch.

    Parameters
    ----------
    data : bytes-like
        What keys and values lie in.
    columns : int64[6, R]
        Offset, time and spans, as `daemon.kernels.record_walk` has them.
    """

    __slots__ = ("columns", "data")

    def __init__(self, data: bytes | bytearray | memoryview, columns: I64) -> None:
        self.data = data
        self.columns = columns

    def __len__(self) -> int:
        return int(self.columns.shape[1])

    def part(self, first: int, end: int) -> Chunk:
        """Return some of the records, at least one, with no more than their own bytes."""
        columns = self.columns[:, first:end].copy()
        low, high = int(columns[KEY_START, 0]), int(columns[VALUE_START:, -1].max())
        columns[KEY_START:] -= low
        return Chunk(memoryview(self.data)[low:high], columns)


class Taken:
    """What one call took from a partition: as long as its records, and iterated by chunk."""

    __slots__ = ("chunks", "count")

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self.count = 0

    def add(self, chunk: Chunk) -> None:
        """Append a chunk."""
        self.chunks.append(chunk)
        self.count += len(chunk)

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Chunk]:
        return iter(self.chunks)


class ColumnarRecords(Fetcher.PartitionRecords):  # type: ignore[misc] # kafka-python is not typed
    """Unpacks what a partition's fetch brought, batch by batch, into chunks."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - as the client's
        self._rest: Chunk | None = None
        self._next_inline_exception: Exception | None
        super().__init__(*arguments, **named)

    def take(self, n: int) -> Taken:
        """Return at most `n` records.

        An error that comes after some records is kept for the next call, as the client does. Then
        the rest of the fetch is dropped and the next poll asks for it again; the client's own class
        would turn in circles for ever.
        """
        taken = Taken()
        try:
            if self._next_inline_exception is not None:
                raise self._next_inline_exception  # noqa: TRY301 - treated as one raised just now
            self._fill(taken, n)
        except Exception as error:
            if not taken:
                self.drain()
                raise
            self._next_inline_exception = error
        return taken

    def _fill(self, taken: Taken, n: int) -> None:
        while len(taken) < n and self.record_iterator is not None:
            chunk = self._rest or next(self.record_iterator, None)
            self._rest = None
            if chunk is None:
                break
            room = n - len(taken)
            if len(chunk) > room:
                self._rest = chunk.part(room, len(chunk))
                chunk = chunk.part(0, room)
            taken.add(chunk)
            self.next_fetch_offset = int(chunk.columns[OFFSET, -1]) + 1

    def _maybe_skip_record(self, record: Chunk) -> bool:
        """Cut off what is before the offset asked for: a fetch begins at the start of a batch."""
        wanted = record.columns[OFFSET] >= self.fetch_offset
        first = int(np.argmax(wanted))
        if not wanted[first]:
            return True
        record.columns = record.columns[:, first:]
        return False

    def _unpack_records(
        self,
        tp: Any,  # noqa: ANN401 - the client's
        records: Any,  # noqa: ANN401
        key_deserializer: object,
        value_deserializer: object,
    ) -> Iterator[Chunk]:
        last = None
        while (batch := records.next_batch()) is not None:
            last = batch
            if self.check_crcs and not batch.validate_crc():
                at = f"partition {tp} at offset {batch.base_offset}"
                msg = f"Record batch for {at} failed crc check"
                raise CorruptRecordError(msg)
            if self._holds_records(batch):
                yield from self._chunks(batch)
            else:
                self.next_fetch_offset = batch.next_offset
        if last is not None and last.magic == FORMAT:
            # Compaction may have removed the last records of a batch, but not its last offset.
            self.next_fetch_offset = last.next_offset
        self.drain()

    def _holds_records(self, batch: Any) -> bool:  # noqa: ANN401 - the client's
        """Tell a batch for the reader from a marker and from what a transaction took back."""
        if batch.magic != FORMAT:
            return True
        self.leader_epoch = batch.leader_epoch
        if self.isolation_level == IsolationLevel.READ_COMMITTED and batch.has_producer_id():
            self._consume_aborted_transactions_up_to(batch.last_offset)
            if self._contains_abort_marker(batch):
                self.aborted_producer_ids.discard(batch.producer_id)
            elif self._is_batch_aborted(batch):
                return False
        return not batch.is_control_batch

    def _chunks(self, batch: Any) -> Iterator[Chunk]:  # noqa: ANN401 - the client's
        chunk, size = self._walk(batch) if batch.magic == FORMAT else (None, -1)
        failure: Exception | None = None
        if chunk is None:
            chunk, size, failure = self._unpack(batch)
        if len(chunk):
            self.records_read += len(chunk)
            self.bytes_read += size
            yield chunk
        if failure is not None:
            raise failure

    @staticmethod
    def _walk(batch: Any) -> tuple[Chunk | None, int]:  # noqa: ANN401 - the client's
        batch._maybe_uncompress()  # noqa: SLF001 - the seam
        data, position = batch._buffer, batch._pos  # noqa: SLF001
        count = max(0, batch.records_count)
        if count * RECORD_BYTES_MIN > len(data) - position or not data:
            return None, -1
        columns = np.empty((6, count), dtype=np.int64)
        times = batch.first_timestamp, batch.max_timestamp
        header = np.array([position, batch.base_offset, *times, batch.timestamp_type], np.int64)
        size = walk_records(np.frombuffer(data, dtype=np.uint8), header, columns)
        return (None, -1) if size < 0 else (Chunk(data, columns), size)

    def _unpack(self, batch: Any) -> tuple[Chunk, int, Exception | None]:  # noqa: ANN401
        """Let the client unpack a batch; returns what came before its error, and the error."""
        rows: list[Any] = []
        failure: Exception | None = None
        try:
            for record in batch:
                if self.check_crcs and not record.validate_crc():
                    tp, offset = self.topic_partition, record.offset
                    msg = f"Record for partition {tp} at offset {offset} failed crc check"
                    raise CorruptRecordError(msg)  # noqa: TRY301 - kept, like every other
                if record.offset >= 2**63 - 1:
                    msg = f"offset {record.offset} is none"
                    raise CorruptRecordError(msg)  # noqa: TRY301
                rows.append(record)
        except Exception as error:  # noqa: BLE001 - raised once the records before it are handed out
            failure = error
        return chunk_of(rows), sum(record.size_in_bytes for record in rows), failure


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
        [row.offset for row in rows],
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
        All of their records, in a buffer of their own.
    """
    chunks = list(chunks)
    columns = np.concatenate([chunk.columns for chunk in chunks], axis=1)
    if len(chunks) > 1:
        ends = np.cumsum([len(chunk.data) for chunk in chunks[:-1]])
        columns[KEY_START:] += np.repeat([0, *ends.tolist()], [len(chunk) for chunk in chunks])
    data = b"".join(chunk.data for chunk in chunks)
    return RecordBatch(
        partition=partition,
        offsets=columns[OFFSET],
        timestamps=columns[TIME],
        keys=Spans(data, columns[KEY_START], columns[KEY_START + 1]),
        values=Spans(data, columns[VALUE_START], columns[VALUE_STOP]),
        next_offset=int(columns[OFFSET, -1]) + 1,
    )


def read_in_columns(consumer: Any) -> bool:  # noqa: ANN401 - a KafkaConsumer
    """Make a consumer's polls return chunks instead of records.

    Parameters
    ----------
    consumer : KafkaConsumer
        Not polled yet.

    Returns
    -------
    bool
        False, and nothing is changed, when the client's version is not one that is known.
    """
    if kafka.__version__ not in KNOWN_VERSIONS:
        return False
    consumer._fetcher.PartitionRecords = ColumnarRecords  # noqa: SLF001 - the seam
    receive_in_large_pieces()  # a connection to fetch by is made when the first fetch is
    return True
