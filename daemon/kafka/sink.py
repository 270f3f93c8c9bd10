"""Messages to Kafka topics: an idempotent producer that waits out any outage.

The producer never gives a message up because of time: kafka-python 3.0.12 does not recover from
the first one that expires. In turn its memory has no bound, so the un-acknowledged messages are
counted here (`backlog`) and the engine stops reading at its limit. A message that no waiting can
help, because it is larger than the broker takes, is refused: logged, counted, left out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError

from daemon.config import KafkaSection
from daemon.errors import SinkError, UnreachableError
from daemon.kafka.bulk import COUNT_MAX, can_send_in_bulk, goes_in_bulk, send_in_bulk
from daemon.kafka.connection import Backoff, client_options, connect, cut_off, require_crc32c
from daemon.kafka.flight import Flight
from daemon.kafka.partitioner import KeyPartitioner
from daemon.kafka.policies import tell_unfit_policies
from daemon.kafka.read_back import ReadBack
from daemon.kafka.refused_batches import TOO_LARGE, UNSETTLED, outlive_refusals
from daemon.kafka.topics import TopicMissingError, ensure_topics, output_topic
from daemon.ports import Clock
from daemon.records import Channel, Message

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 3.0
METADATA_SECONDS = 5.0
CLOSE_SECONDS = 1.0
WAIT_SECONDS = 0.2
READ_BACK_SECONDS = 60.0
STALL_SECONDS = 20.0
FOREVER_MS = 2**31 - 1
# Below the broker's default limit of 1048588 bytes for a batch.
REQUEST_BYTES_MAX = 1_000_000
# What a record adds to its key, value and headers: lengths, time, and the batch's own header.
RECORD_OVERHEAD_BYTES = 256
TRUNCATED_HEADER = "truncated_from_bytes"


def producer_options(section: KafkaSection, application_id: str) -> dict[str, Any]:
    """Return the settings of every producer: nothing lost, nothing twice, in order.

    Parameters
    ----------
    section : KafkaSection
        How to reach the broker.
    application_id : str
        Name of the client.

    Returns
    -------
    dict
        Keyword arguments of KafkaProducer.
    """
    return client_options(section, application_id) | {
        "acks": -1,
        "enable_idempotence": True,
        "delivery_timeout_ms": FOREVER_MS,
        "max_block_ms": int(METADATA_SECONDS * 1000),
        "linger_ms": 5,
        "batch_size": 131_072,
        "max_request_size": REQUEST_BYTES_MAX,
        "compression_type": "lz4",
        "partitioner": KeyPartitioner(),
    }


class KafkaSink:
    """Publishes messages to `<application_id>.<channel>`; implements `daemon.ports.EventSink`.

    Parameters
    ----------
    section : KafkaSection
        Addresses and topic settings.
    application_id : str
        Prefix of the topics.
    clock : Clock
        Source of time for waits.
    channels : collection of Channel
        Channels that will be used: their topics are made sure of at the first message.

    Raises
    ------
    SourceError
        When the crc32c extension is missing or a secret's file cannot be read.
    """

    #: Whether reading back waits for transactions that are open.
    _reads_to_the_end = False

    def __init__(
        self,
        section: KafkaSection,
        application_id: str,
        clock: Clock,
        channels: Collection[Channel] = tuple(Channel),
    ) -> None:
        require_crc32c()
        self._section = section
        self._application_id = application_id
        self._clock = clock
        self._options = producer_options(section, application_id)
        self._topics = {channel: output_topic(application_id, channel) for channel in channels}
        self._policies_told = False
        self._backoff = Backoff(clock)
        self._producer: Any = None  # a KafkaProducer while connected
        self._waiting: deque[Message] = deque()
        self._flight = Flight()
        self._moved = 0, clock.monotonic()  # how many had landed, and since when no more
        self._in_bulk = False

    @property
    def backlog(self) -> int:
        """Messages queued and not yet acknowledged."""
        return len(self._waiting) + self._flight.sent - self._flight.landed

    @property
    def refused(self) -> Mapping[str, int]:
        """Messages left out because no waiting could help, by reason, since the start."""
        return self._flight.refused

    def send(self, messages: Iterable[Message]) -> None:
        """Queue messages; they leave in order per key, now or when the broker is back.

        Parameters
        ----------
        messages : iterable of Message
            What to publish.
        """
        self._waiting.extend(messages)
        if self._waiting:
            self._forward()

    def flush(self, timeout_seconds: float) -> bool:
        """Wait until everything queued is acknowledged.

        Parameters
        ----------
        timeout_seconds : float
            How long to wait.

        Returns
        -------
        bool
            False when time ran out.

        Raises
        ------
        SinkError
            When a message was given up on, or a topic is missing and may not be created. Everything
            not acknowledged by then is given up with it, and must be sent again.
        """
        deadline = self._clock.monotonic() + timeout_seconds
        self._look_for_topics()
        while True:
            self._raise_failures()
            if self._waiting:
                self._forward()
            left = deadline - self._clock.monotonic()
            if self.backlog and left > 0.0:
                self._wait(left)
                continue
            self._raise_failures()
            return self.backlog == 0

    def position(self) -> Mapping[str, int]:
        """Return the offsets behind the last acknowledged event of each partition.

        Returns
        -------
        mapping of str to int
            For those partitions that are known: where events went, and all after `published`.
        """
        return dict(self._flight.events_end)

    def published(self, since: Mapping[str, int] | None) -> Iterator[tuple[str, int, bytes]]:
        """Read the events that are on the topic, from a position to its present end.

        Parameters
        ----------
        since : mapping of str to int, or None
            Offset to begin at by partition, 0 for one that is not named; None reads none.

        Yields
        ------
        tuple of str, int and bytes
            Partition, offset and value.

        Raises
        ------
        SinkError
            When they cannot be read within a minute.
        """
        deadline = self._clock.monotonic() + READ_BACK_SECONDS
        with self._read_back(since, deadline) as back:
            try:
                yield from back.events(deadline, self._clock)
            except KafkaError as error:
                raise _unread(error) from error
            for name, end in back.ends.items():
                known = self._flight.events_end.get(name, 0)
                self._flight.events_end[name] = max(end, known)

    def discard(self) -> bool:
        """Return False: what was sent is seen as soon as it arrives."""
        return False

    def close(self) -> None:
        """Wait a bounded time for what is queued, then disconnect."""
        if self.backlog:
            try:
                self.flush(CLOSE_SECONDS)
            except SinkError as error:
                log.error("messages were not published", error=str(error))  # noqa: TRY400 - one line
        if self.backlog:
            log.warning("stopped with messages not published", messages=self.backlog)
        self._disconnect()

    def _read_back(self, since: Mapping[str, int] | None, deadline: float) -> ReadBack:
        topic = self._topics[Channel.EVENTS]
        while True:
            try:
                ensure_topics(self._section, self._application_id, [topic], CONNECT_SECONDS)
                return ReadBack(
                    self._section,
                    self._application_id,
                    topic.name,
                    since,
                    uncommitted=self._reads_to_the_end,
                )
            except (UnreachableError, KafkaError) as error:
                if self._clock.monotonic() > deadline:
                    raise _unread(error) from error
                self._clock.sleep(WAIT_SECONDS)
            except TopicMissingError as error:
                raise SinkError(str(error)) from error

    def _wait(self, left_seconds: float) -> None:
        if self._producer is None or self._waiting:
            self._clock.sleep(min(left_seconds, max(WAIT_SECONDS, self._backoff.remaining_seconds)))
            return
        with suppress(*UNSETTLED):
            self._producer.flush(timeout=min(left_seconds, WAIT_SECONDS))

    def _forward(self) -> None:
        """Hand queued messages to the producer, as far as it takes them."""
        if self._backoff.remaining_seconds > 0.0 or not self._connected():
            return
        while self._waiting:
            if self._forward_many():
                continue
            message = self._waiting[0]
            try:
                future = self._send(message)
            except TOO_LARGE as error:
                self._waiting.popleft()
                self._flight.refuse(message, error)
                continue
            except KafkaTimeoutError as error:
                seconds = self._backoff.failed()
                log.warning("topic not known yet; trying again", error=str(error), seconds=seconds)
                return
            self._waiting.popleft()
            self._flight.follow(message, self._topics[message.channel].name, future)
        self._backoff.succeeded()

    def _forward_many(self) -> bool:
        """Hand over at once what is first in the queue of one channel; False for one by one."""
        if not self._in_bulk or len(self._waiting) == 1:
            return False
        channel, alike = self._waiting[0].channel, []
        for message in islice(self._waiting, COUNT_MAX):
            if message.channel is not channel or not goes_in_bulk(message):
                break
            alike.append(message)
        topic = self._topics[channel].name
        if len(alike) < 2 or not send_in_bulk(self._producer, topic, alike, self._flight):
            return False
        for _ in alike:
            self._waiting.popleft()
        return True

    def _send(self, message: Message) -> Any:  # noqa: ANN401 - kafka-python is not typed
        headers, value = list(message.headers), message.value
        room = REQUEST_BYTES_MAX - RECORD_OVERHEAD_BYTES - len(message.key or b"")
        room -= sum(len(name.encode()) + len(text) for name, text in headers)
        if message.channel is Channel.DEAD_LETTER and len(value) > room > 0:
            # The reason in the headers must arrive even if the record itself is too large.
            headers.append((TRUNCATED_HEADER, str(len(value)).encode()))
            value = value[: room - len(TRUNCATED_HEADER) - 24]
        topic = self._topics[message.channel].name
        return self._producer.send(topic, value=value, key=message.key, headers=headers)

    def _raise_failures(self) -> None:
        if not self._flight.failures:
            return
        reasons = "; ".join(dict.fromkeys(self._flight.failures))
        # A producer that failed once is not trusted again: its sequence numbers may be spent.
        self._start_over()
        msg = f"messages could not be published: {reasons}"
        raise SinkError(msg)

    def _start_over(self) -> None:
        """Give up all that is queued or on its way; where events are stays known."""
        self._waiting.clear()
        self._disconnect()
        self._flight = self._flight.anew()

    def _connected(self) -> bool:
        if self._producer is not None:
            return True
        if not self._topics_are_there():
            return False
        if not self._policies_told:
            topics = list(self._topics.values())
            self._policies_told = tell_unfit_policies(self._section, self._application_id, topics)
        try:
            names = [each.name for each in self._topics.values()]
            self._producer = connect(KafkaProducer, self._options, CONNECT_SECONDS, names)
            outlive_refusals(self._producer)
            self._in_bulk = can_send_in_bulk(self._producer)
        except UnreachableError as error:
            self._unreachable(error)
            return False
        self._backoff.succeeded()
        return True

    def _look_for_topics(self) -> None:
        """Make sure of them again where nothing landed for long: a producer waits for ever."""
        (landed, since), now = self._moved, self._clock.monotonic()
        if not self.backlog or self._flight.landed != landed:
            self._moved = self._flight.landed, now
        elif self._producer is not None and now - since > STALL_SECONDS:
            self._moved = landed, now
            self._topics_are_there()

    def _topics_are_there(self) -> bool:
        try:
            topics = self._topics.values()
            ensure_topics(self._section, self._application_id, topics, CONNECT_SECONDS)
        except TopicMissingError as error:
            self._backoff.failed()
            self._flight.failures.append(str(error))
            return False
        except UnreachableError as error:
            self._unreachable(error)
            return False
        return True

    def _unreachable(self, error: UnreachableError) -> None:
        seconds = self._backoff.failed()
        log.warning("broker not reachable; trying again", error=str(error), seconds=seconds)

    def _disconnect(self) -> None:
        if self._producer is not None:
            producer, self._producer = self._producer, None
            cut_off(producer)


def _unread(error: Exception) -> SinkError:
    return SinkError(f"the events published before cannot be read: {error}")
