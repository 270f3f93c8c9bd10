"""librdkafka's consumer (the package confluent-kafka), in the words of kafka-python's.

It keeps its connections, heartbeats and fetches in threads of its own, and calls back for
rebalances and statistics while its owner is in `poll`; nothing is delivered in between, so the
listener is called right there. Sources: librdkafka 2.x, CONFIGURATION.md, STATISTICS.md and
INTRODUCTION.md; its `consume` waits until it has as many records as were asked for, or all of the
time is over, so one record is waited for and what stands behind it is taken without waiting.
"""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import structlog
from kafka import TopicPartition
from kafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)

from daemon.config import KafkaSection
from daemon.errors import SourceError
from daemon.kafka.chunks import Chunk
from daemon.kafka.consumers import Told
from daemon.kafka.contact import Responses
from daemon.kafka.rebalance import as_offsets, input_partition, topic_partition
from daemon.kafka.translate import (
    chunk_of_messages,
    kafka_error,
    librdkafka_options,
    named,
    place_of,
)
from daemon.kernels.record_walk import OFFSET
from daemon.ports import AssignmentListener
from daemon.records import InputPartition

if TYPE_CHECKING:
    import confluent_kafka

log = structlog.get_logger(__name__)

#: For what is asked, and told, while partitions come and go.
REBALANCE_SECONDS = 2.0
NOT_COMMITTED = "offsets not committed at hand-over; they will be read again"

Answer = TypeVar("Answer")


class _Broker(msgspec.Struct):
    rx: int = 0  # responses received


class _Statistics(msgspec.Struct):
    brokers: dict[str, _Broker] = {}


class Librdkafka:
    """A member of a group; implements `daemon.kafka.consumers.Consumer`.

    Parameters
    ----------
    section : KafkaSection
        Addresses, group and bounds.
    application_id : str
        Name of the client, and of the group unless the section names one.

    Attributes
    ----------
    responses : Responses
        Counts what brokers answer, by librdkafka's statistics, which come twice a second.
    paused : bool
        Partitions assigned from now on start paused.
    failure : None
        What a listener raises comes out of `fetch` itself.

    Raises
    ------
    SourceError
        When the package is missing, a secret's file cannot be read, or librdkafka refuses what it
        is given, as a certificate that is no file.
    """

    def __init__(self, section: KafkaSection, application_id: str) -> None:
        options = librdkafka_options(section, application_id)
        import confluent_kafka  # an extra, which may be absent

        self._api = confluent_kafka
        self._max_records = section.max_poll_records
        self.responses = Responses()
        self.paused = False
        self.failure: BaseException | None = None
        self._next: dict[TopicPartition, int | None] = {}
        self._waiting: set[TopicPartition] = set()
        self._faults: deque[confluent_kafka.Message] = deque()
        self._pending: Thread | None = None
        self._left = False
        options |= {"stats_cb": self._statistics, "error_cb": self._error}
        options |= {"on_commit": self._committed_later}
        logger = logging.getLogger("librdkafka")
        try:
            self._consumer = confluent_kafka.Consumer(options, logger=logger)
        except confluent_kafka.KafkaException as error:
            msg = f"librdkafka refuses its settings: {error.args[0].str().strip()}"
            raise SourceError(msg) from error

    @classmethod
    def connect(cls, section: KafkaSection, application_id: str, seconds: float) -> Librdkafka:
        """Make one; it connects by itself, so nothing is waited for."""
        del seconds
        return cls(section, application_id)

    def join(
        self, topics: list[str], listener: AssignmentListener, told: Told, *, paused: bool
    ) -> Librdkafka:
        """Join the group; the listener is called while this thread is in `fetch` or `leave`."""
        self._listener, self._told, self.paused = listener, told, paused
        self._consumer.subscribe(
            topics, on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost
        )
        return self

    def fetch(self, timeout_seconds: float) -> Mapping[TopicPartition, list[Chunk]]:
        """Return what came in; raises KafkaError, also for an offset that is missing or gone.

        An error that came after some records is kept for the next call.
        """
        self._place_all()
        rows: dict[TopicPartition, list[confluent_kafka.Message]] = defaultdict(list)
        if not self._faults:
            for message in self._messages(timeout_seconds):
                if message.error() is None:
                    rows[place_of(message)].append(message)
                else:
                    self._faults.append(message)
        if not rows and self._faults:
            raise self._fault()
        found = {}
        for partition, messages in rows.items():
            if partition in self._next:
                found[partition] = [chunk_of_messages(messages)]
                self._next[partition] = int(found[partition][0].columns[OFFSET, -1]) + 1
        return found

    def _messages(self, timeout_seconds: float) -> Sequence[confluent_kafka.Message]:
        first = self._consumer.poll(timeout_seconds)
        if first is None or self._max_records == 1:
            return [] if first is None else [first]
        return [first, *self._consumer.consume(self._max_records - 1, 0)]

    def _fault(self) -> KafkaError:
        """Take the oldest error, in kafka-python's form."""
        code = self._api.KafkaError._AUTO_OFFSET_RESET  # noqa: SLF001 - the public name has it
        fault = self._faults.popleft()
        error = fault.error()
        if error is None or error.code() != code:
            return kafka_error(error)
        offset = self._next.get(place_of(fault))
        if offset is None:  # revoked meanwhile
            return KafkaConnectionError(error.str())
        return OffsetOutOfRangeError({place_of(fault): offset})

    def _place_all(self) -> None:
        """Begin partitions whose beginning is not known yet where the group has them begin.

        librdkafka reads none of them before, for what it says of a missing offset is what it says
        of one that is gone.
        """
        unplaced = {each for each, offset in self._next.items() if offset is None}
        if not unplaced:
            return
        self._next |= self._committed(unplaced, REBALANCE_SECONDS)
        self._read_on()
        unplaced = {each for each in unplaced if self._next[each] is None}
        if unplaced:
            raise NoOffsetForPartitionError(unplaced)

    def prefetch(self, left: int) -> None:
        """Do nothing: librdkafka fetches ahead by itself."""

    def assignment(self) -> set[TopicPartition]:
        """Return the partitions that are ours."""
        return set(self._next)

    def pause(self, *partitions: TopicPartition) -> None:
        """Deliver nothing of these until `resume`; what was fetched of them is fetched again."""
        fresh = set(partitions) - self._waiting
        self._waiting |= fresh
        self._ask(lambda: self._consumer.pause(self._names(self._placed(fresh))))

    def resume(self, *partitions: TopicPartition) -> None:
        """Undo `pause`."""
        ended = self._waiting.intersection(partitions)
        self._waiting -= ended
        self._ask(lambda: self._consumer.resume(self._names(self._placed(ended))))

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on with another record.

        librdkafka seeks in no partition whose offset is gone, so all are assigned anew, each where
        it is; what was fetched of the others is fetched again.
        """
        self._next[partition] = offset
        self._read_on()

    def _read_on(self) -> None:
        placed = {each: offset for each, offset in self._next.items() if offset is not None}
        self._ask(lambda: self._consumer.assign(self._places(placed)))
        waiting, self._waiting = self._waiting.intersection(self._next), set()
        self.pause(*waiting)

    def commit(self, offsets: Mapping[TopicPartition, Any], timeout_ms: int) -> None:
        """Tell the group; raises KafkaError when it refuses or does not answer in time."""
        if not offsets:
            return
        places = self._places({each: at.offset for each, at in offsets.items()})
        told = self._within(
            timeout_ms / 1000, lambda: self._consumer.commit(offsets=places, asynchronous=False)
        )
        for place in told or ():
            if place.error is not None:
                raise kafka_error(place.error)

    def committed(self, partition: TopicPartition, timeout_ms: int) -> int | None:
        """Return what the group has of a partition; None when it has nothing."""
        return self._committed([partition], timeout_ms / 1000).get(partition)

    def _committed(
        self, partitions: Iterable[TopicPartition], seconds: float
    ) -> dict[TopicPartition, int]:
        wanted = self._names(partitions)
        places = self._ask(lambda: self._consumer.committed(wanted, timeout=seconds))
        for place in places:
            if place.error is not None:
                raise kafka_error(place.error)
        return {named(place): place.offset for place in places if place.offset >= 0}

    def beginning_offsets(
        self, partitions: list[TopicPartition], timeout_ms: int
    ) -> dict[TopicPartition, int]:
        """Return the first offsets that the broker holds; KafkaError without an answer."""
        return {each: self._ends(each, timeout_ms)[0] for each in partitions}

    def end_offsets(
        self, partitions: list[TopicPartition], timeout_ms: int
    ) -> dict[TopicPartition, int]:
        """Return the offsets behind the last records; KafkaError without an answer."""
        return {each: self._ends(each, timeout_ms)[1] for each in partitions}

    def _ends(self, partition: TopicPartition, timeout_ms: int) -> tuple[int, int]:
        place = self._names([partition])[0]
        try:
            found: tuple[int, int] | None = self._consumer.get_watermark_offsets(
                place, timeout=timeout_ms / 1000
            )
        except self._api.KafkaException as error:
            raise KafkaTimeoutError(error.args[0].str()) from error
        if found is None:
            msg = f"no offsets of {partition} in {timeout_ms} ms"
            raise KafkaTimeoutError(msg)
        return found

    def highwater(self, partition: TopicPartition) -> int | None:
        """Return the end of a partition as the last fetch told it, without asking."""
        place = self._names([partition])[0]
        _, high = self._ask(lambda: self._consumer.get_watermark_offsets(place, cached=True))
        return None if high < 0 else high

    def position_known(self, partition: TopicPartition) -> int | None:
        """Return the next offset, without asking; None while it is not known."""
        return self._next.get(partition)

    def leave(self, timeout_seconds: float) -> None:
        """Let the listener hand everything over, commit what it says, leave.

        librdkafka's own close may wait for a broker that is away; it is left behind then.
        """
        positions = self._hand_over(self._next)
        self._left = True
        try:
            self.commit(as_offsets(positions), int(timeout_seconds * 1000))
        except KafkaError as error:
            log.warning(NOT_COMMITTED, error=str(error))
        with_bound = Thread(target=self._consumer.close, name="librdkafka-close", daemon=True)
        with_bound.start()
        with_bound.join(timeout_seconds)

    def _assigned(self, _: object, places: list[confluent_kafka.TopicPartition]) -> None:
        partitions = set(map(named, places))
        self._next, self._waiting = dict.fromkeys(partitions), set()
        if self._left:
            self._consumer.assign(places)
            return
        known = self._listener.assigned(sorted(map(input_partition, partitions)))
        self._next |= {topic_partition(each): offset for each, offset in known.items()}
        self._told(known)
        if self.paused:
            self._waiting = partitions
        self._read_on()

    def _revoked(self, _: object, places: list[confluent_kafka.TopicPartition]) -> None:
        if self._left:
            return
        positions = self._hand_over(map(named, places))
        if positions:
            # In here a commit that is waited for has no bound, and no other thread may make one;
            # this one goes out before the request to join again.
            given = {topic_partition(each): offset for each, offset in positions.items()}
            self._consumer.commit(offsets=self._places(given), asynchronous=True)

    def _hand_over(self, partitions: Iterable[TopicPartition]) -> Mapping[InputPartition, int]:
        given = self._drop(partitions)
        return self._listener.revoked(given) if given else {}

    def _committed_later(
        self, error: confluent_kafka.KafkaError | None, _: list[confluent_kafka.TopicPartition]
    ) -> None:
        if error is not None:
            log.warning(NOT_COMMITTED, error=error.str())

    def _lost(self, _: object, places: list[confluent_kafka.TopicPartition]) -> None:
        lost = self._drop(map(named, places))
        if lost and not self._left:
            self._listener.lost(lost)

    def _drop(self, partitions: Iterable[TopicPartition]) -> list[InputPartition]:
        """Forget partitions; returns those that were ours."""
        ours = [each for each in list(partitions) if each in self._next]
        for each in ours:
            del self._next[each]
            self._waiting.discard(each)
        return sorted(map(input_partition, ours))

    def _placed(self, partitions: Iterable[TopicPartition]) -> list[TopicPartition]:
        return [each for each in partitions if self._next.get(each) is not None]

    def _names(self, partitions: Iterable[TopicPartition]) -> list[confluent_kafka.TopicPartition]:
        return [self._api.TopicPartition(each.topic, each.partition) for each in partitions]

    def _places(
        self, offsets: Mapping[TopicPartition, int]
    ) -> list[confluent_kafka.TopicPartition]:
        return [
            self._api.TopicPartition(each.topic, each.partition, offset)
            for each, offset in offsets.items()
        ]

    def _ask(self, question: Callable[[], Answer]) -> Answer:
        try:
            return question()
        except self._api.KafkaException as error:
            raise kafka_error(error.args[0]) from error

    def _within(self, seconds: float, work: Callable[[], Answer]) -> Answer:
        """Do what librdkafka does without a bound of its own; one thing at a time."""
        if self._pending is not None and self._pending.is_alive():
            msg = "the broker has not answered what it was told before"
            raise KafkaTimeoutError(msg)
        outcome: list[Answer] = []
        failure: list[KafkaError] = []

        def run() -> None:
            try:
                outcome.append(self._ask(work))
            except KafkaError as error:
                failure.append(error)

        self._pending = Thread(target=run, name="librdkafka-commit", daemon=True)
        self._pending.start()
        self._pending.join(seconds)
        if failure:
            raise failure[0]
        if not outcome:
            msg = f"no answer in {seconds:g} s"
            raise KafkaTimeoutError(msg)
        return outcome[0]

    def _statistics(self, text: str) -> None:
        brokers = msgspec.json.decode(text, type=_Statistics).brokers
        self.responses.count = sum(broker.rx for broker in brokers.values())

    def _error(self, error: confluent_kafka.KafkaError) -> None:
        log.warning("reading failed; trying again", error=error.str())
