"""Records from Kafka topics: one consumer of a group, read in batches of arrays.

The consumer is eager (range assignor), commits only what it is told, and never jumps: a partition
without a committed offset starts where the configuration says, and an offset that the broker no
longer holds is an error that names it, not a silent reset. What clients do in an outage (nothing:
`poll` returns no records for ever) is made visible by `contact_age`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import structlog
from kafka import TopicPartition
from kafka.errors import (
    AuthorizationError,
    CommitFailedError,
    FencedInstanceIdError,
    IllegalGenerationError,
    KafkaError,
    KafkaTimeoutError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)

from daemon.config import KafkaSection, StartFrom
from daemon.errors import SourceError, UnreachableError
from daemon.kafka.chunks import record_batch
from daemon.kafka.connection import Backoff, may_pass
from daemon.kafka.consumers import Consumer, KafkaPython, Rebalancing, consumer_options
from daemon.kafka.contact import Contact
from daemon.kafka.librdkafka import Librdkafka
from daemon.kafka.rebalance import as_offsets, input_partition, topic_partition
from daemon.kafka.standing import Standing
from daemon.kafka.topics import Topic, TopicMissingError, ensure_topics
from daemon.kafka.translate import librdkafka_options
from daemon.ports import AssignmentListener, Clock
from daemon.records import InputPartition, RecordBatch

log = structlog.get_logger(__name__)

POLL_MAX_SECONDS = 0.5
CONNECT_SECONDS = 3.0
COMMIT_SECONDS = 3.0
LOOKUP_SECONDS = 3.0
CLOSE_SECONDS = 1.5

# A membership that has lapsed is renewed by the next poll.
MEMBERSHIP_ERRORS = (
    CommitFailedError,
    IllegalGenerationError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)

FENCED = "another process of the group has the same kafka.instance_id and has taken its partitions"


class Client(NamedTuple):
    """How a client is set up, which raises SourceError for what it lacks, and connected."""

    options: Callable[[KafkaSection, str], Mapping[str, Any]]
    connect: Callable[[KafkaSection, str, float], Consumer]


CLIENTS = {
    "kafka-python": Client(consumer_options, KafkaPython.connect),
    "librdkafka": Client(librdkafka_options, Librdkafka.connect),
}


class KafkaSource:
    """Reads topics as a member of a consumer group; implements `daemon.ports.RecordSource`.

    Parameters
    ----------
    section : KafkaSection
        Addresses, topics, group and bounds.
    application_id : str
        Name of the client, and of the group unless the section names one.
    clock : Clock
        Source of time for ages and waits.
    skipped : callable of InputPartition and int, optional
        Told how many records were deleted before they were read, when reading goes on with the
        oldest that is left; when absent that is an error.
    joining : callable, optional
        Called each time the group is about to be joined, which the broker takes its time over.

    Raises
    ------
    SourceError
        When the client's package is missing or a secret's file cannot be read.
    """

    def __init__(
        self,
        section: KafkaSection,
        application_id: str,
        clock: Clock,
        skipped: Callable[[InputPartition, int], None] | None = None,
        joining: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = CLIENTS[section.client]
        self._client.options(section, application_id)  # what is missing is told at once
        self._skipped, self._joining = skipped, joining
        self._section = section
        self._application_id = application_id
        self._clock = clock
        self._backoff = Backoff(clock)
        self._contact = Contact(clock)
        self._paused = False
        self._consumer: Consumer | None = None  # while connected
        self._rebalance: Rebalancing | None = None
        self._listener: AssignmentListener | None = None
        self.standing: Any = None  # a Standing while connected
        self._returned = clock.monotonic()

    @property
    def exhausted(self) -> bool:
        """Always False: a topic has no end."""
        return False

    def start(self, listener: AssignmentListener) -> None:
        """Remember who is told about partitions; the connection is made by `poll`.

        Parameters
        ----------
        listener : AssignmentListener
            Told which partitions come and go.
        """
        self._listener = listener

    def poll(self, timeout_seconds: float) -> list[RecordBatch]:
        """Return what has come in, at most one batch per partition.

        Parameters
        ----------
        timeout_seconds : float
            How long to wait for records; at most half a second is waited, and a first connection
            may take `CONNECT_SECONDS` longer.

        Returns
        -------
        list of RecordBatch
            Empty when nothing came, and in an outage.

        Raises
        ------
        SourceError
            For what waiting cannot mend: a topic that does not exist, no permission, an offset the
            broker no longer holds, another process with the same instance id.
        """
        timeout = min(timeout_seconds, POLL_MAX_SECONDS)
        consumer = self._consumer or self._connect(timeout)
        if consumer is None:
            return []
        silence = self._contact.age()
        try:
            records = consumer.fetch(timeout)
        except NoOffsetForPartitionError as error:
            self._place(consumer, error.args[0])
            return []
        except OffsetOutOfRangeError as error:
            if self._skipped is None:
                raise _out_of_range(consumer, error.args[0]) from error
            self._skip(consumer, error.args[0], self._skipped)
            return []
        except FencedInstanceIdError as error:
            raise SourceError(FENCED) from error
        except KafkaError as error:
            self._raise_listener_failure()
            if not (may_pass(error) or isinstance(error, MEMBERSHIP_ERRORS)):
                msg = f"reading failed: {error}"
                raise SourceError(msg) from error
            log.warning("reading failed; trying again", error=str(error))
            return []
        self._contact.check()
        silence = max(silence, self._clock.monotonic() - self._returned)
        batches = [
            record_batch(input_partition(partition), chunks)
            for partition, chunks in records.items()
        ]
        ours = self.standing.holds(batches, silence)
        self._returned = self._clock.monotonic()
        return batches if ours else []

    def prefetch(self, left: int) -> None:
        """Ask for the next records when it is time, and do not wait; else the next `poll` asks.

        Parameters
        ----------
        left : int
            Batches that are still to be worked on before it.
        """
        if self._consumer is not None:
            self._consumer.prefetch(left)

    def pause(self) -> None:
        """Deliver no records until `resume`; `poll` keeps the membership alive."""
        self._paused = True
        if self._consumer is not None and self._rebalance is not None:
            self._rebalance.paused = True
            self._consumer.pause(*self._consumer.assignment())

    def resume(self) -> None:
        """Undo `pause`."""
        self._paused = False
        if self._consumer is not None and self._rebalance is not None:
            self._rebalance.paused = False
            self._consumer.resume(*self._consumer.assignment())

    def hold(self, partitions: Collection[InputPartition]) -> None:
        """Deliver nothing of these partitions for now, and of all others what comes.

        Parameters
        ----------
        partitions : collection of InputPartition
            Those that wait; the others go on.
        """
        if self._consumer is None or self._paused:
            return
        assigned = self._consumer.assignment()
        waiting = assigned & {topic_partition(each) for each in partitions}
        self._consumer.pause(*waiting)
        self._consumer.resume(*(assigned - waiting))

    def commit(self, positions: Mapping[InputPartition, int]) -> bool:
        """Commit next offsets of partitions that are still ours.

        Parameters
        ----------
        positions : mapping of InputPartition to int
            The next offset to read, for each partition whose output is safe up to there.

        Returns
        -------
        bool
            False when it could not be told: an outage, or a rebalance under way.

        Raises
        ------
        SourceError
            When the group may not be written to, or another process has the same instance id.
        """
        if self._consumer is None:
            return False
        # The broker takes any member's word for any partition: one that has moved on must not be
        # set back behind its new owner.
        assigned = self._consumer.assignment()
        self.standing.told(positions)
        offsets = as_offsets(positions)
        ours = {partition: at for partition, at in offsets.items() if partition in assigned}
        if not ours:
            return not positions
        try:
            self._consumer.commit(ours, timeout_ms=int(COMMIT_SECONDS * 1000))
        except AuthorizationError as error:
            msg = f"no permission to commit offsets: {error}"
            raise SourceError(msg) from error
        except FencedInstanceIdError as error:
            raise SourceError(FENCED) from error
        except KafkaError as error:
            log.warning("offsets not committed; trying again later", error=str(error))
            return False
        self._contact.seen()
        return len(ours) == len(offsets)

    def lag(self) -> dict[InputPartition, int]:
        """Return the records behind the end, of each partition a fetch has told us about."""
        if self._consumer is None:
            return {}
        lags = {}
        for partition in self._consumer.assignment():
            end = self._consumer.highwater(partition)
            position = self._consumer.position_known(partition)
            if end is not None and position is not None:
                lags[input_partition(partition)] = max(0, end - position)
        return lags

    def contact_age(self) -> float:
        """Return the seconds since a broker last answered while the group had a coordinator."""
        return self._contact.age()

    def close(self) -> None:
        """Leave the group: the listener's `revoked` runs first and its offsets are committed."""
        if self._consumer is None:
            return
        consumer, self._consumer = self._consumer, None
        try:
            consumer.leave(CLOSE_SECONDS)
        except KafkaError as error:
            self._raise_listener_failure()
            log.warning("the consumer group was not left in order", error=str(error))

    def _connect(self, timeout: float) -> Consumer | None:
        wait = self._backoff.remaining_seconds
        if wait > 0.0:
            self._clock.sleep(min(wait, timeout))
            return None
        try:
            topics = [Topic(name) for name in self._section.topics]
            ensure_topics(self._section, self._application_id, topics, CONNECT_SECONDS)
            consumer = self._client.connect(self._section, self._application_id, CONNECT_SECONDS)
        except TopicMissingError as error:
            raise SourceError(str(error)) from error
        except UnreachableError as error:
            seconds = self._backoff.failed()
            log.warning("broker not reachable; trying again", error=str(error), seconds=seconds)
            return None
        self._backoff.succeeded()
        if self._listener is None:
            msg = "poll before start"
            raise RuntimeError(msg)
        self._contact.attach(consumer.responses)
        self.standing = Standing(consumer, self._section.session_timeout)
        self._rebalance = consumer.join(
            self._section.topics, self._listener, self.standing.told, paused=self._paused
        )
        self._consumer = consumer
        group_id = self._section.group_id or self._application_id
        log.info("connected", topics=self._section.topics, group_id=group_id)
        self._joining()
        return consumer

    def _place(self, consumer: Consumer, partitions: set[TopicPartition]) -> None:
        """Start partitions the group has no offset for where the configuration says.

        The place is committed at once: a restart before the first checkpoint must not begin at a
        later end of the topic.
        """
        lookup = (
            consumer.beginning_offsets
            if self._section.start_from is StartFrom.EARLIEST
            else consumer.end_offsets
        )
        try:
            offsets = lookup(sorted(partitions), timeout_ms=int(LOOKUP_SECONDS * 1000))
        except KafkaTimeoutError as error:
            log.warning("start of partitions not known yet; trying again", error=str(error))
            return
        for partition, offset in offsets.items():
            consumer.seek(partition, offset)
            log.info(
                "partition has no committed offset",
                topic=partition.topic,
                partition=partition.partition,
                start_from=self._section.start_from.value,
                offset=offset,
            )
        self.commit({input_partition(each): offset for each, offset in offsets.items()})

    def _skip(
        self,
        consumer: Consumer,
        offsets: Mapping[TopicPartition, int],
        skipped: Callable[[InputPartition, int], None],
    ) -> None:
        """Go on with the oldest records that are left."""
        try:
            limit = int(LOOKUP_SECONDS * 1000)
            firsts = consumer.beginning_offsets(list(offsets), timeout_ms=limit)
        except KafkaTimeoutError as error:
            log.warning("start of partitions not known yet; trying again", error=str(error))
            return
        for partition, offset in offsets.items():
            first = firsts[partition]
            consumer.seek(partition, first)
            skipped(input_partition(partition), max(0, first - offset))
            log.error(
                "records were deleted before they were read",
                topic=partition.topic,
                partition=partition.partition,
                next_offset=offset,
                first_offset=first,
            )

    def _raise_listener_failure(self) -> None:
        if self._rebalance is not None and self._rebalance.failure is not None:
            failure, self._rebalance.failure = self._rebalance.failure, None
            raise failure


def _out_of_range(consumer: Consumer, offsets: Mapping[TopicPartition, int]) -> SourceError:
    faults = []
    for partition, offset in offsets.items():
        try:
            limit = int(LOOKUP_SECONDS * 1000)
            first = consumer.beginning_offsets([partition], timeout_ms=limit)[partition]
            last = consumer.end_offsets([partition], timeout_ms=limit)[partition]
            held = f"the broker holds {first} to {last}"
        except KafkaError:
            held = "the broker does not say what it holds"
        faults.append(
            f"topic {partition.topic} partition {partition.partition}: offset {offset} is "
            f"next, but {held}"
        )
    return SourceError("records were deleted before they were read: " + "; ".join(faults))
