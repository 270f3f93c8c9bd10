"""Finds partitions that have records waiting and do not move. Pure: the time is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from daemon.records import InputPartition

#: A partition that has not moved for so long though records wait is stuck.
STUCK_SECONDS = 60.0


@dataclass(slots=True)
class _Seen:
    position: int
    lag: int
    since: float


class Watchdog:
    """Remembers when each partition last moved.

    Parameters
    ----------
    seconds : float
        Time without a move after which a partition with records waiting is stuck.
    """

    def __init__(self, seconds: float = STUCK_SECONDS) -> None:
        self._seconds = seconds
        self._seen: dict[InputPartition, _Seen] = {}

    def reset(self) -> None:
        """Begin anew: nothing can move now, or nothing is asked to."""
        self._seen.clear()

    def look(
        self, positions: Mapping[InputPartition, int], lag: Mapping[InputPartition, int], now: float
    ) -> dict[InputPartition, float]:
        """Compare with the last look.

        Parameters
        ----------
        positions : mapping of InputPartition to int
            The next record of each partition that is owned.
        lag : mapping of InputPartition to int
            Records behind it.
        now : float
            Monotonic seconds.

        Returns
        -------
        dict
            Partitions that are stuck, and for how many seconds.
        """
        seen = {}
        for partition, position in positions.items():
            before, waiting = self._seen.get(partition), lag.get(partition, 0)
            if before is None or position != before.position or waiting < max(before.lag, 1):
                # What moves the position without a record (an aborted transaction) shrinks the lag.
                seen[partition] = _Seen(position, waiting, now)
            else:
                seen[partition] = _Seen(position, waiting, before.since)
        self._seen = seen
        ages = {partition: now - each.since for partition, each in seen.items()}
        return {partition: age for partition, age in ages.items() if age >= self._seconds}
