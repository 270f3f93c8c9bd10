"""Checkpoints on a compacted topic: the copy that outlives a machine and its disk.

`daemon.slots` says which records make a state; here they are sent and read.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from daemon.config import KafkaSection
from daemon.config.broker import changelog_topic
from daemon.errors import StateStoreError, UnreachableError
from daemon.kafka.connection import connect, cut_off
from daemon.kafka.policies import tell_unfit_policies
from daemon.kafka.read_back import ReadBack
from daemon.kafka.sink import producer_options
from daemon.kafka.topics import Topic, TopicMissingError, ensure_topics
from daemon.ports import Clock, Pieces, StoredState
from daemon.records import InputPartition
from daemon.slots import Slots, Whole, are_for, first_needed, latest_of, prefix_of

CONNECT_SECONDS = 3.0
WRITE_SECONDS = 5.0
READ_SECONDS = 60.0
WAIT_SECONDS = 0.2
#: A look for the last manifest takes so many records from the end, then so many times as many.
LAST_RECORDS, LAST_FACTOR = 16, 8


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
        self._topic = Topic(changelog_topic(application_id), compacted=True)
        self._options = producer_options(section, application_id) | {"linger_ms": 0}
        self._policy_told = False
        self._producer: Any = None  # a KafkaProducer while connected
        self._partitions = 0
        self._slots: dict[InputPartition, Slots] = {}
        self._pending: list[tuple[str, Any]] = []

    def stored(self, partition: InputPartition) -> list[StoredState]:
        """Read the states of a partition, and take its slots over under a new name.

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
        self._slots[partition], whole = self._whole(partition)
        return [
            StoredState(
                state.order,
                f"{self._topic.name} {prefix_of(partition)}{slot}",
                partial(bytes, state.data),
                partial(self._forget, partition, slot),
            )
            for slot, state in whole.items()
        ]

    def _whole(self, partition: InputPartition) -> tuple[Slots, dict[str, Whole]]:
        deadline = self._clock.monotonic() + READ_SECONDS
        while True:
            try:
                self._connect()
                return self._read(partition, deadline)
            except (KafkaError, UnreachableError) as error:
                if self._clock.monotonic() > deadline:
                    msg = f"{self._topic.name} cannot be read: {error}"
                    raise StateStoreError(msg) from error
                self.close()  # the topic may be gone: connecting makes sure of it
                self._clock.sleep(WAIT_SECONDS)

    def _read(self, partition: InputPartition, deadline: float) -> tuple[Slots, dict[str, Whole]]:
        """Read from where the last manifest says, or else all there is.

        Where that is of another number of partitions, the latest may be in any of them.
        """
        slots, number = _taken_over(partition), partition.partition
        with self._back(lambda count: {number % count}) as back:
            self._partitions = back.count
            first = self._first(back, partition, deadline)
            self._see(slots, back, first, deadline)
            whole = slots.whole()
            if not whole and first:  # that was of a topic before it was made anew
                slots = _taken_over(partition)
                self._see(slots, back, 0, deadline)
                whole = slots.whole()
        if self._partitions > 1 and not are_for(whole, self._partitions):
            # A slot of one owner may stand in several: what is read of them is not mixed.
            elsewhere: dict[int, Slots] = defaultdict(lambda: _taken_over(partition))
            with self._back(lambda count: set(range(count)) - {number % count}) as back:
                for record in back.records(deadline, self._clock):
                    elsewhere[record.partition].see(_key(record), record.value, record.offset)
            whole = latest_of([whole, *(each.whole() for each in elsewhere.values())])
            slots.claim(whole)
        return slots, whole

    def _back(self, chosen: Callable[[int], Collection[int]]) -> ReadBack:
        return ReadBack(self._section, self._application_id, self._topic.name, {}, chosen)

    def _see(self, slots: Slots, back: ReadBack, first: int, deadline: float) -> None:
        back.seek(dict.fromkeys(back.ends, first))
        for record in back.records(deadline, self._clock):
            slots.see(_key(record), record.value, record.offset)

    def _first(self, back: ReadBack, partition: InputPartition, deadline: float) -> int:
        """Find where to begin: what the last manifest says, looked for from the end back."""
        ((number, end),) = back.ends.items()
        last = LAST_RECORDS
        while last < end:
            back.seek({number: end - last})
            records = ((_key(each), each.value) for each in back.records(deadline, self._clock))
            first = first_needed(records, partition)
            if first is not None:
                return first
            last *= LAST_FACTOR
        return 0

    def save(self, partition: InputPartition, order: tuple[int, int], pieces: Pieces) -> None:
        """Write a state and wait until the broker has it.

        Parameters
        ----------
        partition : InputPartition
            Whose.
        order : tuple of int
            How far it is.
        pieces : sequence of bytes
            The state: these, one after the other.

        Raises
        ------
        StateStoreError
            When a later one was there already, or it is not acknowledged in time; what was sent
            may still arrive, which is harmless.
        """
        slots = self._slots.setdefault(partition, _taken_over(partition))
        if slots.latest > order:
            msg = f"{self._topic.name}: there is a state later than offset {order[0]}"
            raise StateStoreError(msg)
        try:
            self._connect()
            self._settle()  # memory stays bounded in an outage
            for key, value in slots.writes(b"".join(pieces), order, self._partitions):
                self._send(partition, key, value)
            self._delete(partition, slots.written(self._settle()))
        except (KafkaError, UnreachableError) as error:
            msg = f"{self._topic.name}: the checkpoint was not written: {error}"
            raise StateStoreError(msg) from error

    def close(self) -> None:
        """Disconnect."""
        if self._producer is not None:
            producer, self._producer = self._producer, None
            cut_off(producer)

    def _forget(self, partition: InputPartition, slot: str) -> None:
        self._connect()
        self._delete(partition, self._slots[partition].forget(slot))

    def _delete(self, partition: InputPartition, keys: list[str]) -> None:
        for key in keys:
            self._send(partition, key, None)
        self._settle()
        self._slots[partition].deleted(keys)

    def _send(self, partition: InputPartition, key: str, value: bytes | None) -> None:
        number = partition.partition % self._partitions
        try:
            sent = self._producer.send(
                self._topic.name, value=value, key=key.encode(), partition=number
            )
        except ValueError as error:  # it has other partitions than this producer knows
            self.close()
            msg = f"{self._topic.name}: {error}"
            raise StateStoreError(msg) from error
        self._pending.append((key, sent))

    def _settle(self) -> dict[str, int]:
        """Wait for what is on its way; returns the offset of each key.

        A producer that failed once is not trusted again, nor one that waits in vain: the topic may
        be gone, or made anew with fewer partitions.
        """
        try:
            self._producer.flush(timeout=WRITE_SECONDS)
        except KafkaError:
            self.close()
            raise
        sent, self._pending = self._pending, []
        failed = [each.exception for _, each in sent if each.failed()]
        if failed:
            self.close()
            raise failed[0]
        # Of a batch that was sent twice the broker may not say where it stands: -1 is early enough.
        return {key: each.value.offset for key, each in sent}

    def _connect(self) -> None:
        if self._producer is not None:
            return
        try:
            topics = [self._topic]
            ensure_topics(self._section, self._application_id, topics, CONNECT_SECONDS)
        except TopicMissingError as error:
            raise StateStoreError(str(error)) from error
        if not self._policy_told:
            self._policy_told = tell_unfit_policies(self._section, self._application_id, topics)
        self._producer = connect(KafkaProducer, self._options, CONNECT_SECONDS, [self._topic.name])
        self._pending.clear()
        self._partitions = len(self._producer.partitions_for(self._topic.name))


def _key(record: Any) -> str:  # noqa: ANN401 - kafka-python is not typed
    return (record.key or b"").decode(errors="replace")


def _taken_over(partition: InputPartition) -> Slots:
    return Slots(partition, uuid.uuid4().hex[:12])
