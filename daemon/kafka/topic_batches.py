"""Topics from offsets to offsets as record batches: no group, no commits. For learning anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import GroupIdNotFoundError, KafkaError

from daemon.config import KafkaSection
from daemon.errors import SourceError, UnreachableError
from daemon.kafka.chunks import chunk_of, record_batch
from daemon.kafka.columnar import read_in_columns
from daemon.kafka.connection import client_options, connect, lone_options, may_pass, require_crc32c
from daemon.kafka.reader import partitions_of
from daemon.kafka.rebalance import input_partition, topic_partition
from daemon.ports import Clock
from daemon.records import NANOSECONDS, InputPartition, RecordBatch

CONNECT_SECONDS = 10.0
LOOKUP_SECONDS = 10.0
POLL_SECONDS = 0.5
RETRY_SECONDS = 0.3


class TopicBatches:
    """Reads every partition of some topics up to given offsets.

    Parameters
    ----------
    section : KafkaSection
        How to reach the broker, which topics, how much at once.
    application_id : str
        Name of the client.

    Raises
    ------
    UnreachableError
        When no broker answers in time.
    SourceError
        When a topic does not exist.
    """

    def __init__(self, section: KafkaSection, application_id: str) -> None:
        require_crc32c()
        options: dict[str, Any] = lone_options(section, application_id, reset="none") | {
            "isolation_level": "read_committed",
            "max_poll_records": section.max_poll_records,
            "max_partition_fetch_bytes": section.fetch_max_bytes,
        }
        self._consumer = connect(KafkaConsumer, options, CONNECT_SECONDS, section.topics)
        self._ends: dict[TopicPartition, int] = {}
        self._columnar = False
        try:
            self.partitions = [
                input_partition(each)
                for topic in section.topics
                for each in partitions_of(self._consumer, topic)
            ]
        except SourceError:
            self.close()
            raise

    def bounds(self, since: int | None = None) -> dict[InputPartition, tuple[int, int]]:
        """Look up where each partition begins and ends now.

        Parameters
        ----------
        since : int, optional
            Begin with the first record stamped at or after it, Unix nanoseconds.

        Returns
        -------
        dict
            First and next offset of each partition.

        Raises
        ------
        UnreachableError
            When the broker does not say.
        """
        places = [topic_partition(each) for each in self.partitions]
        limit = int(LOOKUP_SECONDS * 1000)
        try:
            firsts = self._consumer.beginning_offsets(places, timeout_ms=limit)
            ends = self._consumer.end_offsets(places, timeout_ms=limit)
            if since is not None:
                times = dict.fromkeys(places, since * 1000 // NANOSECONDS)
                found = self._consumer.offsets_for_times(times, timeout_ms=limit)
                for place, stamped in found.items():
                    firsts[place] = ends[place] if stamped is None else stamped.offset
        except KafkaError as error:
            msg = f"the broker did not say where the topics begin and end: {error}"
            raise UnreachableError(msg) from error
        return {input_partition(each): (firsts[each], ends[each]) for each in places}

    def begin(self, ranges: Mapping[InputPartition, tuple[int, int]]) -> None:
        """Read these ranges of offsets from now on; empty ones are left out."""
        self._ends = {topic_partition(p): end for p, (first, end) in ranges.items() if first < end}
        self._consumer.assign(list(self._ends))
        self._columnar = read_in_columns(self._consumer)
        self._consumer.resume(*self._ends)
        for place in self._ends:
            self._consumer.seek(place, ranges[input_partition(place)][0])

    @property
    def done(self) -> bool:
        """Whether every range is read."""
        return not self._ends

    def poll(self) -> list[RecordBatch]:
        """Return what has come in of the ranges.

        Returns
        -------
        list of RecordBatch
            At most one a partition; empty when nothing came, and in an outage.

        Raises
        ------
        SourceError
            When an offset is not there any more.
        """
        if self.done:
            return []
        try:
            records = self._consumer.poll(timeout_ms=int(POLL_SECONDS * 1000))
        except KafkaError as error:
            if may_pass(error):
                return []
            msg = f"reading failed: {error}"
            raise SourceError(msg) from error
        batches = [
            record_batch(input_partition(place), rows if self._columnar else [chunk_of(rows)])
            for place, rows in records.items()
        ]
        found = [up_to(each, self._ends[topic_partition(each.partition)]) for each in batches]
        over = [each for each, end in self._ends.items() if self._consumer.position(each) >= end]
        for place in over:
            del self._ends[place]
        self._consumer.pause(*over)
        return [each for each in found if len(each.offsets)]

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()


def up_to(batch: RecordBatch, end: int) -> RecordBatch:
    """Leave out the records from offset `end` on."""
    count = int(np.searchsorted(batch.offsets, end))
    return replace(batch.part(slice(count)), next_offset=min(batch.next_offset, end))


def is_running(section: KafkaSection, application_id: str, clock: Clock) -> bool:
    """Tell whether the service's consumer group has members.

    Parameters
    ----------
    section : KafkaSection
        How to reach the broker, and the group.
    application_id : str
        Name of the client, and of the group unless the section names one.
    clock : Clock
        For how long to try: a new broker needs a moment until it coordinates groups.

    Returns
    -------
    bool
        False for a group that does not exist.

    Raises
    ------
    UnreachableError
        When the broker does not say.
    """
    group = section.group_id or application_id
    admin = connect(KafkaAdminClient, client_options(section, application_id), CONNECT_SECONDS)
    deadline = clock.monotonic() + LOOKUP_SECONDS
    try:
        while True:
            try:
                described = admin.describe_groups([group])
                return any(each.get("members") for each in described.values())
            except GroupIdNotFoundError:
                return False
            except KafkaError as error:
                if not may_pass(error) or clock.monotonic() > deadline:
                    msg = f"the broker did not say whether group {group} has members: {error}"
                    raise UnreachableError(msg) from error
                clock.sleep(RETRY_SECONDS)
    finally:
        admin.close()
