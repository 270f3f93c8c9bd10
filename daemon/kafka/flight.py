"""What became of the messages that one producer was given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

import structlog

from daemon.kafka.refused_batches import TOO_LARGE
from daemon.records import Channel, Message

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Flight:
    """Messages of one producer: its callbacks, on its own thread, count what has landed.

    Attributes
    ----------
    sent, landed : int
        Messages it was given, and those of which the end is known.
    failures : list of str
        Why messages were given up.
    events_end : dict of str to int
        Offset behind the last acknowledged event, by partition.
    refused : Counter
        Messages left out because no waiting could help, by reason.
    """

    sent: int = 0
    landed: int = 0
    failures: list[str] = field(default_factory=list)
    events_end: dict[str, int] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)

    def anew(self) -> Self:
        """Return that of the next producer; where events are stays known."""
        return type(self)(events_end=self.events_end, refused=self.refused)

    def follow(self, message: Message, topic: str, future: Any) -> None:  # noqa: ANN401 - kafka-python is not typed
        """Count a message that the producer has taken, and what becomes of it.

        Parameters
        ----------
        message : Message
            What was sent.
        topic : str
            Where to.
        future : Future
            The client's, of that message.
        """
        self.sent += 1

        def landed(metadata: Any) -> None:  # noqa: ANN401 - as above
            self.land(message.channel, metadata.partition, metadata.offset)

        future.add_callback(landed)
        future.add_errback(partial(self.fail, message, topic))

    def land(self, channel: Channel, partition: int, offset: int, count: int = 1) -> None:
        """Note that messages have arrived.

        Parameters
        ----------
        channel : Channel
            Theirs.
        partition, offset : int
            Where the last of them is. Of a batch that was sent twice the broker may not say where
            it stands: -1.
        count : int, optional
            How many.
        """
        if channel is Channel.EVENTS and offset >= 0:
            self.events_end[str(partition)] = offset + 1
        self.landed += count

    def fail(self, message: Message, topic: str, error: Exception) -> None:
        """Note that a message has not arrived, and will not."""
        if isinstance(error, TOO_LARGE):
            self.refuse(message, error)
        else:
            self.failures.append(f"{topic}: {error}")
        self.landed += 1

    def refuse(self, message: Message, error: Exception) -> None:
        """Leave a message out that no waiting can help."""
        self.refused["too_large"] += 1
        log.error(
            "message refused",
            reason="too_large",
            channel=message.channel.value,
            key=repr(message.key),
            value_bytes=len(message.value),
            error=str(error),
        )


class Run:
    """Messages of one channel that stand one behind the other in a batch, followed as one.

    Parameters
    ----------
    flight : Flight
        What counts them.
    messages : sequence of Message
        All of them.
    """

    __slots__ = ("_flight", "_messages", "_parts")

    def __init__(self, flight: Flight, messages: Sequence[Message]) -> None:
        self._flight, self._messages = flight, messages
        self._parts: dict[Any, list[tuple[int, int]]] = {}  # of a batch that was split
        flight.sent += len(messages)

    def places(self, future: Any, first: int) -> list[Place]:  # noqa: ANN401 - as above
        """Follow what becomes of the batch, and return what stands for each message's future.

        Parameters
        ----------
        future : FutureProduceResult
            Of the batch.
        first : int
            Index of the first message in it.
        """
        count = len(self._messages)
        self._follow(future, [(first + n, n) for n in range(count)])
        return [Place(self, n) for n in range(count)]

    def move(self, n: int, future: Any, index: int) -> None:  # noqa: ANN401 - as above
        """Follow message `n` to another batch: the client has split the one before, which ends."""
        part = self._parts.get(future)
        if part is None:
            part = self._parts[future] = []
            self._follow(future, part)
        part.append((index, n))

    def _follow(self, future: Any, part: list[tuple[int, int]]) -> None:  # noqa: ANN401 - as above
        topic = future.topic_partition
        future._add_cb_eb(partial(self._done, topic, part), partial(self._failed, topic, part))  # noqa: SLF001 - no public way

    def _done(self, place: Any, part: list[tuple[int, int]], result: Any) -> None:  # noqa: ANN401 - as above
        offset, _, error_of = result
        if error_of is None:
            last, n = part[-1]
            end = offset + last if offset >= 0 else -1
            self._flight.land(self._messages[n].channel, place.partition, end, len(part))
            return
        for index, n in part:
            self._flight.fail(self._messages[n], place.topic, error_of(index))

    def _failed(self, place: Any, part: list[tuple[int, int]], error: Exception) -> None:  # noqa: ANN401 - as above
        for _, n in part:
            self._flight.fail(self._messages[n], place.topic, error)


class Place:
    """Stands for the future of one message of a run where the client wants one for each."""

    __slots__ = ("_n", "_run")

    def __init__(self, run: Run, n: int) -> None:
        self._run, self._n = run, n

    def rebind(self, future: Any, index: int) -> None:  # noqa: ANN401 - as above
        """Belong to another batch, as the client has it of its own futures."""
        self._run.move(self._n, future, index)
