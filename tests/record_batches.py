"""Kafka record batches, made with kafka-python and changed where it would not make them."""

from __future__ import annotations

import struct
from collections import namedtuple
from collections.abc import Sequence
from dataclasses import dataclass

from crc32c import crc32c
from kafka.record.default_records import DefaultRecordBatch
from kafka.record.memory_records import MemoryRecordsBuilder

HEADER = DefaultRecordBatch.HEADER_STRUCT
#: Positions in the header.
BASE, LENGTH, EPOCH, CRC, ATTRIBUTES, LAST_DELTA, PRODUCER, COUNT = 0, 1, 2, 4, 5, 6, 9, 12
CRC_FROM = DefaultRecordBatch.ATTRIBUTES_OFFSET

Header = tuple[str, bytes | None]
Aborted = namedtuple("Aborted", ["producer_id", "first_offset"])


@dataclass(frozen=True)
class Made:
    """One record to write."""

    key: bytes | None = b"k"
    value: bytes | None = b"v"
    time: int = 1_700_000_000_123
    headers: tuple[Header, ...] = ()
    gap: int = 0


def batch(
    records: Sequence[Made],
    offset: int = 0,
    *,
    magic: int = 2,
    codec: int = 0,
    producer: int = -1,
    **header: int,
) -> bytes:
    """Write a batch; a producer makes it transactional, `header` sets fields by name."""
    first = 0 if magic == 2 else offset
    builder = MemoryRecordsBuilder(magic, codec, 2**20, first)
    if producer >= 0:
        builder = MemoryRecordsBuilder(
            magic, codec, 2**20, first, True, producer, 0, 0  # noqa: FBT003
        )  # fmt: skip
    for record in records:
        builder.skip(record.gap)
        builder.append(record.time, record.key, record.value, list(record.headers))
    builder.close()
    made = bytes(builder.buffer())
    # Like a broker: the builder leaves the base offset of a batch to it.
    return changed(made, **({"base": offset} | header)) if magic == 2 else made


def changed(made: bytes, **header: int) -> bytes:
    """Set fields of a batch's header (`attributes`, `count`, ...) and mend its checksum."""
    fields = list(HEADER.unpack_from(made))
    for name, value in header.items():
        fields[globals()[name.upper()]] = value
    return sealed(HEADER.pack(*fields) + made[HEADER.size :])


def sealed(made: bytes) -> bytes:
    """Mend the length and the checksum of a batch whose bytes were changed."""
    fields = list(HEADER.unpack_from(made))
    fields[LENGTH] = len(made) - 12
    fields[CRC] = crc32c((HEADER.pack(*fields) + made[HEADER.size :])[CRC_FROM:])
    return bytes(HEADER.pack(*fields)) + made[HEADER.size :]


def marker(offset: int, producer: int, *, commit: bool) -> bytes:
    """Write the control batch that ends a transaction."""
    record = Made(key=struct.pack(">hh", 0, int(commit)), value=b"\0\0\0\0\0\0")
    made = batch([record], offset, producer=producer)
    return changed(made, attributes=0x30)


def emptied(offset: int, last_delta: int) -> bytes:
    """Write a batch from which compaction has removed every record."""
    whole = batch([Made()], offset)[: HEADER.size]
    return sealed(changed(whole, count=0, last_delta=last_delta))
