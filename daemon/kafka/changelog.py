"""Checkpoints on a compacted topic: the copy that outlives a machine and its disk.

A state goes in chunks, then a manifest that names their number and checksum; a reader believes
only what a manifest vouches for. Each input partition has two slots that are written in turn, so
that a write that breaks off spoils neither the state before nor, after compaction, its chunks.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError

from daemon.config import KafkaSection
from daemon.errors import StateStoreError, UnreachableError
from daemon.kafka.connection import connect
from daemon.kafka.read_back import ReadBack
from daemon.kafka.sink import cut_off, producer_options
from daemon.kafka.topics import Topic, TopicMissingError, ensure_topics
from daemon.ports import Clock, StoredState
from daemon.records import InputPartition

CHUNK_BYTES = 900_000
CONNECT_SECONDS = 3.0
WRITE_SECONDS = 5.0
READ_SECONDS = 60.0
WAIT_SECONDS = 0.2
SLOTS = 2


#: Order and bytes of a whole state, by slot.
_Found = dict[int, tuple[tuple[int, int], bytes]]


class _Manifest(msgspec.Struct):
    """What makes a state of its chunks."""

    order: tuple[int, int]
    chunks: int
    sha256: str


class Changelog:
    """Implements `daemon.ports.StateStore` on `<application_id>.changelog`.

    Parameters
    ----------
    section : KafkaSection
        How to reach the broker, and whether the topic may be made.
    application_id : str
        Prefix of the topic.
    clock : Clock
        For deadlines.
    """

    name = "changelog"

    def __init__(self, section: KafkaSection, application_id: str, clock: Clock) -> None:
        self._section = section
        self._application_id = application_id
        self._clock = clock
        self._topic = Topic(f"{application_id}.changelog", compacted=True)
        self._options = producer_options(section, application_id) | {"linger_ms": 0}
        self._producer: Any = None  # a KafkaProducer while connected
        self._partitions = 0
        self._slots: dict[InputPartition, int] = {}
        self._pending: list[Any] = []

    def stored(self, partition: InputPartition) -> list[StoredState]:
        """Read the states of a partition, at most one a slot.

        Parameters
        ----------
        partition : InputPartition
            Whose.

        Returns
        -------
        list of StoredState
            Whole ones only.

        Raises
        ------
        StateStoreError
            When the topic cannot be read within a minute.
        """
        found = self._whole(partition)
        if found:
            latest = max(found, key=lambda slot: found[slot][0])
            self._slots[partition] = (latest + 1) % SLOTS
        return [
            StoredState(
                order,
                f"{self._topic.name} {_key(partition, slot)}",
                partial(bytes, data),
                partial(self._forget, partition, slot),
            )
            for slot, (order, data) in found.items()
        ]

    def _whole(self, partition: InputPartition) -> _Found:
        deadline = self._clock.monotonic() + READ_SECONDS
        while True:
            try:
                self._connect()
                return self._read(partition, deadline)
            except (KafkaError, UnreachableError) as error:
                if self._clock.monotonic() > deadline:
                    msg = f"{self._topic.name} cannot be read: {error}"
                    raise StateStoreError(msg) from error
                self._clock.sleep(WAIT_SECONDS)

    def _read(self, partition: InputPartition, deadline: float) -> _Found:
        """Find order and bytes of the latest whole state of each slot."""
        prefix = _key(partition)
        found: _Found = {}
        chunks: dict[tuple[str, str], bytes] = {}
        number = partition.partition % self._partitions
        back = ReadBack(self._section, self._application_id, self._topic.name, {}, number)
        with back:
            for record in back.records(deadline, self._clock):
                key = (record.key or b"").decode(errors="replace")
                if not key.startswith(prefix):
                    continue
                slot, _, chunk = key[len(prefix) :].partition("/")
                if chunk:
                    chunks[slot, chunk] = record.value or b""
                elif record.value is None:
                    found.pop(int(slot), None)
                else:
                    manifest = msgspec.json.decode(record.value, type=_Manifest)
                    parts = (chunks.get((slot, str(i)), b"") for i in range(manifest.chunks))
                    data = b"".join(parts)
                    if hashlib.sha256(data).hexdigest() == manifest.sha256:
                        found[int(slot)] = (manifest.order, data)
        return found

    def save(self, partition: InputPartition, order: tuple[int, int], data: bytes) -> None:
        """Write a state and wait until the broker has it.

        Parameters
        ----------
        partition : InputPartition
            Whose.
        order : tuple of int
            How far it is.
        data : bytes
            The state.

        Raises
        ------
        StateStoreError
            When it is not acknowledged in time; what was sent may still arrive, which is harmless.
        """
        slot = self._slots.get(partition, 0)
        chunks = [data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES)]
        digest = hashlib.sha256(data).hexdigest()
        manifest = msgspec.json.encode(_Manifest(order, len(chunks), digest))
        try:
            self._connect()
            self._settle()  # memory stays bounded in an outage
            for number, chunk in enumerate(chunks):
                self._send(partition, f"{_key(partition, slot)}/{number}", chunk)
            self._send(partition, _key(partition, slot), manifest)
            self._settle()
        except (KafkaError, UnreachableError) as error:
            msg = f"{self._topic.name}: the checkpoint was not written: {error}"
            raise StateStoreError(msg) from error
        self._slots[partition] = (slot + 1) % SLOTS

    def close(self) -> None:
        """Disconnect."""
        if self._producer is not None:
            producer, self._producer = self._producer, None
            cut_off(producer)

    def _forget(self, partition: InputPartition, slot: int) -> None:
        self._connect()
        self._send(partition, _key(partition, slot), None)
        self._settle()

    def _send(self, partition: InputPartition, key: str, value: bytes | None) -> None:
        number = partition.partition % self._partitions
        sent = self._producer.send(
            self._topic.name, value=value, key=key.encode(), partition=number
        )
        self._pending.append(sent)

    def _settle(self) -> None:
        """Wait for what is on its way; a producer that failed once is not trusted again."""
        self._producer.flush(timeout=WRITE_SECONDS)
        failed = [each.exception for each in self._pending if each.failed()]
        self._pending.clear()
        if failed:
            self.close()
            raise failed[0]

    def _connect(self) -> None:
        if self._producer is not None:
            return
        try:
            topics = [self._topic]
            ensure_topics(self._section, self._application_id, topics, CONNECT_SECONDS)
        except TopicMissingError as error:
            raise StateStoreError(str(error)) from error
        self._producer = connect(KafkaProducer, self._options, CONNECT_SECONDS)
        self._pending.clear()
        self._partitions = len(self._producer.partitions_for(self._topic.name))


def _key(partition: InputPartition, slot: int | None = None) -> str:
    prefix = f"{partition.topic}/{partition.partition}/"
    return prefix if slot is None else f"{prefix}{slot}"
