"""Partitions on their way into a checkpoint: copied in slices, between the hot path's work."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from daemon.cut import Cut
from daemon.ports import Clock
from daemon.records import InputPartition
from daemon.roster import Rosters
from daemon.snapshots import Origin

T = TypeVar("T")

#: A checkpoint takes the partitions in so many steps at most.
STEPS = 4


@dataclass(frozen=True, slots=True)
class Copy:
    """One partition: its state, who writes it, how far it is, and what helps to write it."""

    cut: Cut
    origin: Origin
    order: tuple[int, int]
    rosters: Rosters

    @property
    def partition(self) -> InputPartition:
        """Whose."""
        return self.cut.head.partition


class Steps(Generic[T]):
    """What belongs to the partitions of a checkpoint, dealt into a few steps of equal size."""

    def __init__(self) -> None:
        self._waiting: dict[InputPartition, T] = {}
        self._size = 1

    def __len__(self) -> int:
        return len(self._waiting)

    def deal(self, belongings: Mapping[InputPartition, T]) -> None:
        """Begin anew with these partitions, in their order."""
        self._waiting = dict(belongings)
        self._size = -(-len(self._waiting) // STEPS)

    def take(self) -> list[T]:
        """Return what the next step has to do with."""
        return [self._waiting.pop(each) for each in list(self._waiting)[: self._size]]

    def forget(self, partitions: Iterable[InputPartition]) -> None:
        """Leave partitions out that are another's, or saved anew."""
        for each in partitions:
            self._waiting.pop(each, None)


class Copying:
    """The copies that are not complete, in order."""

    def __init__(self) -> None:
        self._copies: deque[Copy] = deque()

    def __len__(self) -> int:
        return len(self._copies)

    def add(self, copies: Iterable[Copy]) -> None:
        """Take on more."""
        self._copies.extend(copies)

    def advance(self, seconds: float, clock: Clock) -> Iterator[Copy]:
        """Copy for so long, at least one group; below 0 seconds exactly one.

        Yields
        ------
        Copy
            Each that is complete.
        """
        started = clock.monotonic()
        while self._copies:
            cut = self._copies[0].cut
            cut.take_one()
            if cut.complete:
                yield self._copies.popleft()
            if clock.monotonic() - started > seconds:
                return

    def forget(self, partitions: Iterable[InputPartition]) -> None:
        """Give up the copies of partitions that are another's, or saved anew."""
        gone = set(partitions)
        for copy in self._copies:
            if copy.partition in gone:
                copy.cut.give_up()
        self._copies = deque(copy for copy in self._copies if copy.partition not in gone)
