"""Events that are on the topic though the state has not led to them: not to be sent again. Pure.

After a restart the records since the checkpoint are read again and lead to the same events, with
the same ids and bytes. Those that were published before the crash are taken out of the output.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from daemon.records import Channel, InputPartition, Message

#: Events remembered at most; the oldest go first, and would be repeated.
AHEAD_MAX = 100_000


class _Source(msgspec.Struct):
    topic: str
    partition: int


class _Head(msgspec.Struct):
    event_id: str
    source: _Source


_decoder = msgspec.json.Decoder(_Head)


def digest(value: bytes) -> str:
    """Name an event's bytes in 16 hexadecimal digits."""
    return hashlib.sha256(value).hexdigest()[:16]


class Ahead:
    """The events of one partition that are published already.

    Parameters
    ----------
    known : mapping of str to str
        Id to digest, from a checkpoint.

    Attributes
    ----------
    withheld : int
        Messages taken out so far.
    differing : int
        Those among them whose bytes were not those on the topic: another version or other data.
    """

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        self._known = dict(known or {})
        self.withheld = 0
        self.differing = 0

    @property
    def known(self) -> dict[str, str]:
        """Id to digest of the events that are still ahead, for a checkpoint; a copy."""
        return dict(self._known)

    def add(self, partition: InputPartition, value: bytes) -> bool:
        """Note an event read from the topic; returns whether it is of this partition."""
        try:
            head = _decoder.decode(value)
        except msgspec.DecodeError:
            return False
        if InputPartition(head.source.topic, head.source.partition) != partition:
            return False
        self._known[head.event_id] = digest(value)
        while len(self._known) > AHEAD_MAX:
            del self._known[next(iter(self._known))]
        return True

    def withhold(self, messages: Iterable[Message]) -> list[Message]:
        """Take out the events that are published already.

        Parameters
        ----------
        messages : iterable of Message
            What a batch led to, in order.

        Returns
        -------
        list of Message
            What to send.
        """
        if not self._known:
            return list(messages)
        return [message for message in messages if not self._is_known(message)]

    def _is_known(self, message: Message) -> bool:
        if message.channel is not Channel.EVENTS:
            return False
        known = self._known.pop(_decoder.decode(message.value).event_id, None)
        if known is None:
            return False
        self.withheld += 1
        self.differing += known != digest(message.value)
        return True


def earliest(positions: Iterable[Mapping[str, int]]) -> dict[str, int] | None:
    """Return the earliest of several positions on a topic; None when there is none.

    Parameters
    ----------
    positions : iterable of mapping of str to int
        The next offset, by partition of the topic; partitions that one of them lacks are left out.

    Returns
    -------
    dict or None
        The least next offset, by partition.
    """
    each = list(positions)
    if not each:
        return None
    names = set.intersection(*(set(position) for position in each))
    return {name: min(position[name] for position in each) for name in names}
