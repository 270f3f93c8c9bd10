"""What became of the messages that one producer was given."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
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

        def failed(error: Exception) -> None:
            if isinstance(error, TOO_LARGE):
                self.refuse(message, error)
            else:
                self.failures.append(f"{topic}: {error}")
            self.landed += 1

        future.add_callback(self._event_landed if message.channel is Channel.EVENTS else self._land)
        future.add_errback(failed)

    def _land(self, _metadata: Any) -> None:  # noqa: ANN401 - as above
        self.landed += 1

    def _event_landed(self, metadata: Any) -> None:  # noqa: ANN401 - as above
        # Of a batch that was sent twice the broker may not say where it stands: -1.
        if metadata.offset >= 0:
            self.events_end[str(metadata.partition)] = metadata.offset + 1
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
