"""A topic from a position to its present end: what was written before, read once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from types import TracebackType
from typing import Any, Self

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError, LeaderNotAvailableError

from daemon.config import KafkaSection
from daemon.errors import StateStoreError, UnreachableError
from daemon.kafka.connection import connect, lone_options
from daemon.ports import Clock

CONNECT_SECONDS = 3.0
LOOKUP_SECONDS = 5.0
POLL_SECONDS = 0.2
COUNT_SECONDS = 60.0


class ReadBack:
    """Reads each partition of a topic from an offset to the end it has now.

    Parameters
    ----------
    section : KafkaSection
        How to reach the broker.
    application_id : str
        Name of the client.
    topic : str
        What to read; it must exist.
    since : mapping of str to int, or None
        Offset to begin at by partition number, 0 for one that is not named; None reads nothing.
    chosen : callable of int, optional
        Given how many partitions there are, names those to read; all when absent.
    uncommitted : bool, optional
        The end is behind transactions that are open: it is reached when they have ended.

    Attributes
    ----------
    ends : dict of str to int
        Offset behind the last record of each partition, as of now.
    count : int
        How many partitions the topic has now.

    Raises
    ------
    UnreachableError, KafkaError
        When no broker answers in time.
    """

    def __init__(
        self,
        section: KafkaSection,
        application_id: str,
        topic: str,
        since: Mapping[str, int] | None,
        chosen: Callable[[int], Collection[int]] | None = None,
        *,
        uncommitted: bool = False,
    ) -> None:
        options: dict[str, Any] = lone_options(section, application_id) | {
            "isolation_level": "read_committed",
        }
        self._consumer = connect(KafkaConsumer, options, CONNECT_SECONDS, [topic])
        try:
            numbers = _numbers_of(self._consumer, topic)
            self.count: int = len(numbers)
            wanted = numbers if chosen is None else numbers & set(chosen(self.count))
            self._partitions = [TopicPartition(topic, each) for each in sorted(wanted)]
            ends = (
                self._ends(options) if uncommitted else _ends_of(self._consumer, self._partitions)
            )
            self.ends: dict[str, int] = {str(each.partition): end for each, end in ends.items()}
            self._consumer.assign(self._partitions)
            self.seek(self.ends if since is None else since)
        except BaseException:
            self._consumer.close()
            raise

    def _ends(self, options: dict[str, Any]) -> Any:  # noqa: ANN401 - kafka-python is not typed
        every = options | {"isolation_level": "read_uncommitted"}
        topics = {each.topic for each in self._partitions}
        with closing(connect(KafkaConsumer, every, CONNECT_SECONDS, topics)) as consumer:
            return _ends_of(consumer, self._partitions)

    def seek(self, since: Mapping[str, int]) -> None:
        """Begin at other offsets: by partition number, 0 for one that is not named.

        One behind the end is of a topic of that name that is no more: from the beginning.
        """
        for each in self._partitions:
            name = str(each.partition)
            first = since.get(name, 0)
            self._consumer.seek(each, first if first <= self.ends[name] else 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._consumer.close()

    def records(self, deadline: float, clock: Clock) -> Iterator[Any]:
        """Yield every record up to the ends.

        Parameters
        ----------
        deadline : float
            When to give up, on the monotonic clock.
        clock : Clock
            For the deadline.

        Yields
        ------
        ConsumerRecord
            In order within each partition.

        Raises
        ------
        KafkaTimeoutError
            When the ends are not reached in time.
        """
        while not all(
            self._consumer.position(each) >= self.ends[str(each.partition)]
            for each in self._partitions
        ):
            if clock.monotonic() > deadline:
                msg = f"the end of {self._partitions[0].topic} was not reached in time"
                raise KafkaTimeoutError(msg)
            batches = self._consumer.poll(timeout_ms=int(POLL_SECONDS * 1000))
            for each, records in batches.items():
                for record in records:
                    if record.offset < self.ends[str(each.partition)]:
                        yield record

    def events(self, deadline: float, clock: Clock) -> Iterator[tuple[str, int, bytes]]:
        """Yield partition, offset and value of every record that has one, as `records` does."""
        for record in self.records(deadline, clock):
            if record.value is not None:
                yield str(record.partition), record.offset, record.value


def partition_count(section: KafkaSection, application_id: str, topic: str, clock: Clock) -> int:
    """Count the partitions that a topic has now.

    Parameters
    ----------
    section : KafkaSection
        How to reach the broker.
    application_id : str
        Name of the client.
    topic : str
        It exists.
    clock : Clock
        For the deadline.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    StateStoreError
        When the broker does not say so within a minute.
    """
    deadline = clock.monotonic() + COUNT_SECONDS
    while True:
        try:
            with ReadBack(section, application_id, topic, None) as back:
                return back.count
        except (KafkaError, UnreachableError) as error:
            if clock.monotonic() > deadline:
                msg = f"how many partitions {topic} has is not known: {error}"
                raise StateStoreError(msg) from error
            clock.sleep(POLL_SECONDS)


def _ends_of(consumer: Any, partitions: list[TopicPartition]) -> Any:  # noqa: ANN401 - as above
    return consumer.end_offsets(partitions, timeout_ms=int(LOOKUP_SECONDS * 1000))


def _numbers_of(consumer: Any, topic: str) -> set[int]:  # noqa: ANN401 - as above
    found: set[int] | None = consumer.partitions_for_topic(topic)
    if not found:
        msg = f"the partitions of {topic} are not known"
        raise LeaderNotAvailableError(msg)
    return found
