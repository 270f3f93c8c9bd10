"""Partitions on their way into a checkpoint: copied in slices, between the hot path's work."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from daemon.cut import Cut
from daemon.ports import Clock
from daemon.records import InputPartition
from daemon.roster import Rosters
from daemon.snapshots import Origin


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
