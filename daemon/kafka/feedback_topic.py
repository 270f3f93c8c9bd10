"""The feedback topic, read by a thread of its own for as long as the service runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any, Self

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from daemon.config import KafkaSection
from daemon.config.broker import feedback_topic
from daemon.errors import UnreachableError
from daemon.kafka.connection import Backoff, connect, lone_options
from daemon.kafka.topics import Topic, TopicMissingError, ensure_topics
from daemon.log import get_logger
from daemon.overheard import Beginning, Overheard, Remark, Wish
from daemon.ports import Clock
from daemon.records import Message
from daemon.telemetry import Telemetry

log = get_logger(__name__)

RETENTION_DAYS = 30
CONNECT_SECONDS = 3.0
LOOKUP_SECONDS = 5.0
#: How long one poll waits for a record, and at most a stop for the thread.
POLL_SECONDS = 1.0
RECORDS_MAX = 100
#: A broker holds an empty fetch for so long: an idle topic costs next to nothing.
FETCH_WAIT_MS = 1000


class FeedbackTopic:
    """Reads the feedback topic; a context, within which it works.

    Parameters
    ----------
    section : KafkaSection
        How to reach the broker; nothing is done unless `feedback_topic` is true.
    application_id : str
        Name of the client, and of the topic.
    clock : Clock
        For the wait before another try.
    telemetry : Telemetry
        Told of what could not be heeded.
    send : callable or None
        Publishes dead letters.

    Attributes
    ----------
    overheard : Overheard or None
        What is read, for the engine to hear; None when nothing is.
    """

    def __init__(
        self,
        section: KafkaSection,
        application_id: str,
        clock: Clock,
        telemetry: Telemetry,
        send: Callable[[Sequence[Message]], object] | None,
    ) -> None:
        self._section = section
        self._application_id = application_id
        self._topic = feedback_topic(application_id)
        self._telemetry = telemetry
        self._overheard = Overheard(self._topic, telemetry, send)
        self.overheard = self._overheard if section.feedback_topic else None
        self._backoff = Backoff(clock)
        self._granted = 0
        self._positions: dict[TopicPartition, int] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feedback-topic", daemon=True)

    def __enter__(self) -> Self:
        if self._section.feedback_topic:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop reading; what was read and not heard is read again by whoever comes next."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(POLL_SECONDS + CONNECT_SECONDS)

    def _run(self) -> None:
        """Read until it is time to stop, whatever happens: nobody would miss this thread."""
        while not self._stopped.is_set():
            try:
                with closing(self._opened()) as consumer:
                    self._listen(consumer)
            except (KafkaError, OSError, TopicMissingError, UnreachableError) as error:
                log.warning("feedback topic not read; trying again", error=str(error))
                self._stopped.wait(self._backoff.failed())
            except Exception as error:  # what nobody foresaw
                log.exception("reading feedback failed; trying again", error=repr(error))
                self._telemetry.background_failed("feedback_topic")
                self._stopped.wait(self._backoff.failed())

    def _opened(self) -> Any:  # noqa: ANN401 - kafka-python is not typed
        topics = [Topic(self._topic, RETENTION_DAYS)]
        ensure_topics(self._section, self._application_id, topics, CONNECT_SECONDS)
        # A place that is gone is an error, for whoever listens must be told where it goes on.
        alone = lone_options(self._section, self._application_id, reset="none")
        options: dict[str, Any] = alone | {
            "isolation_level": "read_committed",
            "max_poll_records": RECORDS_MAX,
            "fetch_max_wait_ms": FETCH_WAIT_MS,
        }
        consumer = connect(KafkaConsumer, options, CONNECT_SECONDS, [self._topic])
        try:
            self._go_on(consumer)
        except BaseException:
            consumer.close()
            raise
        return consumer

    def _go_on(self, consumer: Any) -> None:  # noqa: ANN401 - as above
        """Read every partition from where it was."""
        places = self._places(consumer)
        if not places:
            msg = f"topic {self._topic} has no partitions"
            raise TopicMissingError(msg)
        consumer.assign(places)
        self._seek(consumer, places, Wish(self._granted, {}, whole=False))

    def _places(self, consumer: Any) -> list[TopicPartition]:  # noqa: ANN401 - as above
        """List the topic's partitions as far as they are known."""
        numbers = sorted(consumer.partitions_for_topic(self._topic) or ())
        return [TopicPartition(self._topic, number) for number in numbers]

    def _listen(self, consumer: Any) -> None:  # noqa: ANN401 - as above
        """Pass on what is said, until the topic has other partitions or it is time to stop."""
        self._backoff.succeeded()
        places = list(self._positions)
        while not self._stopped.is_set() and self._places(consumer) == places:
            wish = self._overheard.wish()
            if wish is not None:
                self._seek(consumer, places, wish)
                self._overheard.granted(wish)
                self._granted = wish.number
            for place, records in consumer.poll(timeout_ms=int(POLL_SECONDS * 1000)).items():
                for record in records:
                    name = str(record.partition)
                    self._pass(Remark(name, record.offset, record.key, record.value))
                self._positions[place] = consumer.position(place)

    def _seek(self, consumer: Any, places: list[TopicPartition], wish: Wish) -> None:  # noqa: ANN401 - as above
        """Read from where it is wanted, else go on; and say so.

        Where a place does not reach as far as was read or heard of it, the topic was made anew:
        it is read from its beginning.
        """
        limit = int(LOOKUP_SECONDS * 1000)
        firsts = consumer.beginning_offsets(places, timeout_ms=limit)
        ends = consumer.end_offsets(places, timeout_ms=limit)
        read, self._positions = self._positions, {}
        for place in places:
            name, first, end = str(place.partition), firsts[place], ends[place]
            position = _within(read.get(place, first), first, end)
            wanted = first if wish.whole else _within(wish.offsets.get(name, position), first, end)
            offset = min(wanted, position)
            consumer.seek(place, offset)
            self._positions[place] = offset
            self._pass(Beginning(name, offset, end, wish.number))

    def _pass(self, read: Remark | Beginning) -> None:
        """Hand on what was read; while the engine is busy this thread waits."""
        while not self._overheard.put(read, POLL_SECONDS) and not self._stopped.is_set():
            pass


def _within(offset: int, first: int, end: int) -> int:
    """Return an offset, or the first one where there is no such."""
    return offset if first <= offset <= end else first
