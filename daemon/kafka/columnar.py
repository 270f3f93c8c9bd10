"""Whole batches as columns, instead of kafka-python's object for every record.

kafka-python keeps connections, metadata, groups, offsets, fetch sessions and isolation. Replaced is
one class of its fetcher, the one that unpacks what a partition's fetch brought: it is no public
interface, so it is replaced only where the version is one that was compared record by record
(tests/service/kafka/test_columnar.py). A batch that is not plainly well formed, or older than
message format 2, is unpacked by the client itself, so that its faults and its words are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import kafka
import numpy as np
from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError
from kafka.protocol.consumer import IsolationLevel
from kafka.record import MemoryRecords
from kafka.record.default_records import DefaultRecordBatch

from daemon.kafka.chunks import Bytes, Chunk, chunk_of
from daemon.kafka.received import receive_in_large_pieces
from daemon.kernels.record_walk import (
    OFFSET,
    RECORD_BYTES_MIN,
    walk_records,
)

#: Versions whose fetcher unpacks records the way that is replaced here.
KNOWN_VERSIONS = frozenset({"3.0.12"})

#: The newest message format, the only one that is read in columns.
FORMAT = 2
#: Where a batch tells its format, and the lower byte of its attributes.
MAGIC_AT, ATTRIBUTES_AT = MemoryRecords.MAGIC_OFFSET, DefaultRecordBatch.ATTRIBUTES_OFFSET + 1


class Batch(DefaultRecordBatch):  # type: ignore[misc] # kafka-python is not typed
    """The client's batch, read where the fetch has put it and not in a copy of its own.

    Parameters
    ----------
    fetched : bytes-like
        What a partition's fetch brought.
    start, stop : int
        Where the batch lies in it.
    """

    def __init__(self, fetched: Bytes, start: int, stop: int) -> None:
        self.fetched = fetched
        self.start = start
        self.own = memoryview(fetched)[start:stop]
        self._buffer: Bytes = self.own
        self._header_data = self.HEADER_STRUCT.unpack_from(self.own)
        self._pos = self.HEADER_STRUCT.size
        self._decompressed = False

    def walk(self) -> tuple[Chunk | None, int]:
        """Find its records.

        Returns
        -------
        Chunk or None, int
            The records, in the bytes of the fetch where they are not compressed, and their bytes;
            none when the batch is not plainly well formed.

        Raises
        ------
        kafka.errors.KafkaError
            When it cannot be decompressed.
        """
        self._maybe_uncompress()
        data, position = self._buffer, self._pos
        whole = data is self.own
        count = max(0, self.records_count)
        if count * RECORD_BYTES_MIN > len(data) - position or not data:
            return None, -1
        columns = np.empty((6, count), dtype=np.int64)
        times = self.first_timestamp, self.max_timestamp
        origin = self.start if whole else 0
        header = np.array(
            [position, self.base_offset, *times, self.timestamp_type, origin], np.int64
        )
        text = np.frombuffer(memoryview(data).toreadonly(), dtype=np.uint8)
        size = walk_records(text, header, columns)
        if size < 0:
            return None, -1
        return Chunk(self.fetched if whole else data, columns), size

    def as_the_clients(self) -> DefaultRecordBatch:
        """Return the same batch as the client would have it, nothing of it read yet."""
        return DefaultRecordBatch(self.own)


def next_batch(records: MemoryRecords) -> Any:  # noqa: ANN401 - a batch of ours or the client's
    """Take the next batch of a fetch.

    Parameters
    ----------
    records : MemoryRecords
        The client's.

    Returns
    -------
    Batch, LegacyRecordBatch, DefaultRecordBatch or None
        None at the end. A marker, an old or a cut batch is the client's own.
    """
    piece = records._next_slice  # noqa: SLF001 - the seam
    if (
        piece is None
        or len(piece) < DefaultRecordBatch.HEADER_STRUCT.size
        or piece[MAGIC_AT] != FORMAT
        or piece[ATTRIBUTES_AT] & DefaultRecordBatch.CONTROL_MASK
    ):
        return records.next_batch()
    stop = records._pos  # noqa: SLF001
    records._cache_next()  # noqa: SLF001
    return Batch(records._buffer, stop - len(piece), stop)  # noqa: SLF001


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
        while (batch := next_batch(records)) is not None:
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
        chunk, size = batch.walk() if isinstance(batch, Batch) else (None, -1)
        failure: Exception | None = None
        if chunk is None:
            chunk, size, failure = self._unpack(batch)
        if len(chunk):
            self.records_read += len(chunk)
            self.bytes_read += size
            yield chunk
        if failure is not None:
            raise failure

    def _unpack(self, batch: Any) -> tuple[Chunk, int, Exception | None]:  # noqa: ANN401
        """Let the client unpack a batch; returns what came before its error, and the error."""
        rows: list[Any] = []
        failure: Exception | None = None
        if isinstance(batch, Batch):
            batch = batch.as_the_clients()
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
