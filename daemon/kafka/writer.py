"""Records onto a topic at a chosen rate, for `hebbstream produce` and the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError

from daemon.config import KafkaSection
from daemon.errors import SinkError, UnreachableError
from daemon.kafka.connection import connect, cut_off, require_crc32c
from daemon.kafka.refused_batches import UNSETTLED
from daemon.kafka.sink import producer_options
from daemon.kafka.topics import Topic, TopicMissingError, ensure_topics
from daemon.ports import Clock

# A record may be as large as the topic allows; the broker has the last word.
REQUEST_BYTES_MAX = 64 * 2**20
NANOSECONDS_PER_MS = 1_000_000
CHECK_EVERY = 256
PACE_SECONDS = 0.05
FLUSH_SECONDS = 0.2
STALL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class OutputRecord:
    """One record to write; `timestamp` in Unix nanoseconds, -1 for the time of writing."""

    key: bytes | None
    value: bytes | None
    timestamp: int = -1


class TopicWriter:
    """Writes records to one topic, in order per key, with bounded memory.

    Parameters
    ----------
    section : KafkaSection
        Addresses, topic creation, bound of un-acknowledged records.
    application_id : str
        Name of the client.
    topic : str
        Where to write; made when missing and allowed.
    clock : Clock
        Source of time.
    rate : float, optional
        Records per second at most; as fast as possible when absent.
    timeout_seconds : float
        How long to wait for a broker at first.
    retention_days : int, optional
        How long records are kept when the topic is made; the broker's default when absent.
    beat : callable, optional
        Called again and again while `write` waits for the broker.

    Raises
    ------
    UnreachableError
        When no broker answers in time.
    SinkError
        When the topic is missing and may not be created.
    """

    def __init__(
        self,
        section: KafkaSection,
        application_id: str,
        topic: str,
        clock: Clock,
        *,
        rate: float | None = None,
        timeout_seconds: float = 10.0,
        retention_days: int | None = None,
        beat: Callable[[], object] = lambda: None,
    ) -> None:
        require_crc32c()
        self._topic = topic
        self._clock = clock
        self._rate = rate
        self._beat = beat
        self._unacked_max = section.unacked_max
        self._sent = 0
        self._landed = 0
        self._failures: list[str] = []
        try:
            ensure_topics(section, application_id, [Topic(topic, retention_days)], timeout_seconds)
        except TopicMissingError as error:
            raise SinkError(str(error)) from error
        options = producer_options(section, application_id)
        options |= {"max_request_size": REQUEST_BYTES_MAX}
        self._producer = connect(KafkaProducer, options, timeout_seconds, [topic])

    def write(
        self, records: Iterable[OutputRecord], progress: Callable[[int], None] | None = None
    ) -> int:
        """Write records and wait until all of them are acknowledged.

        Parameters
        ----------
        records : iterable of OutputRecord
            What to write.
        progress : callable, optional
            Told from time to time how many have been sent.

        Returns
        -------
        int
            How many were written.

        Raises
        ------
        SinkError
            When the broker refuses one.
        UnreachableError
            When nothing was acknowledged for a minute.
        """
        began, count = self._clock.monotonic(), 0
        for record in records:
            self._send(record)
            count += 1
            if count % CHECK_EVERY == 0:
                if progress is not None:
                    progress(count)
                self._wait_for_room()
            if self._rate is not None:
                ahead = count / self._rate - (self._clock.monotonic() - began)
                if ahead > PACE_SECONDS:
                    self._clock.sleep(ahead)
        self._drain(0)
        if progress is not None:
            progress(count)
        return count

    def close(self) -> None:
        """Disconnect; what is not acknowledged by now is given up."""
        cut_off(self._producer)

    def _send(self, record: OutputRecord) -> None:
        deadline = self._clock.monotonic() + STALL_SECONDS
        while not self._taken(record):
            self._beat()
            if self._clock.monotonic() > deadline:
                msg = f"topic {self._topic} is not known to the broker"
                raise UnreachableError(msg)

    def _taken(self, record: OutputRecord) -> bool:
        milliseconds = None if record.timestamp < 0 else record.timestamp // NANOSECONDS_PER_MS
        try:
            future = self._producer.send(
                self._topic, value=record.value, key=record.key, timestamp_ms=milliseconds
            )
        except KafkaTimeoutError:
            return False
        except KafkaError as error:
            msg = f"a record could not be written to {self._topic}: {error}"
            raise SinkError(msg) from error
        self._sent += 1
        future.add_callback(self._delivered)
        future.add_errback(self._failed)
        return True

    def _delivered(self, _metadata: Any) -> None:  # noqa: ANN401 - kafka-python is not typed
        self._landed += 1

    def _failed(self, error: Exception) -> None:
        self._failures.append(str(error))
        self._landed += 1

    def _wait_for_room(self) -> None:
        if self._sent - self._landed > self._unacked_max:
            self._drain(self._unacked_max // 2)
        self._raise_failures()

    def _drain(self, left: int) -> None:
        landed, since = self._landed, self._clock.monotonic()
        while self._sent - self._landed > left:
            self._beat()
            with suppress(*UNSETTLED):
                self._producer.flush(timeout=FLUSH_SECONDS)
            self._raise_failures()
            if self._landed != landed:
                landed, since = self._landed, self._clock.monotonic()
            elif self._clock.monotonic() - since > STALL_SECONDS:
                msg = f"the broker has acknowledged nothing for {STALL_SECONDS:.0f} s"
                raise UnreachableError(msg)

    def _raise_failures(self) -> None:
        if self._failures:
            msg = f"records could not be written to {self._topic}: {self._failures[0]}"
            raise SinkError(msg)
