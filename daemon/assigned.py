"""What the engine knows of a partition it owns, and the bounds it keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from daemon.checkpoints import Kept, order_of
from daemon.pipeline import PartitionPipeline
from daemon.records import InputPartition

DRAIN_SECONDS = 8.0


@dataclass(slots=True)
class Assigned:
    """A partition this process owns now."""

    kept: Kept
    last_record: float
    last_heartbeat: float = float("-inf")
    committed: int = -1
    stuck: bool = False
    groups_seen: set[str] = field(default_factory=set)

    @property
    def pipeline(self) -> PartitionPipeline:
        """What it has learnt."""
        return self.kept.pipeline

    @property
    def moved(self) -> bool:
        """Whether it is further than its last checkpoint."""
        return self.pipeline.next_offset >= 0 and order_of(self.pipeline) != self.kept.saved


def positions_of(partitions: Mapping[InputPartition, Assigned]) -> dict[InputPartition, int]:
    """Return the next offsets of those partitions that have begun."""
    return {
        partition: owned.pipeline.next_offset
        for partition, owned in partitions.items()
        if owned.pipeline.next_offset >= 0
    }


class Refresh(Protocol):
    """Told on the engine's thread of every pipeline that is held."""

    def __call__(
        self, pipelines: Sequence[PartitionPipeline], now: float, *, settled: bool
    ) -> None:
        """Take note; `now` is Unix seconds, and `settled` False while partitions are shared out."""


def publish_nothing(pipelines: Sequence[PartitionPipeline], now: float, *, settled: bool) -> None:
    """Do nothing: nobody reads."""
    del pipelines, now, settled


@dataclass(slots=True)
class Owing:
    """For how long the output has owed acknowledgements: since the first flush in vain."""

    _since: float | None = None

    def note(self, now: float, *, flushed: bool) -> bool:
        """Note how a flush ended, and return that."""
        if flushed:
            self._since = None
        elif self._since is None:
            self._since = now
        return flushed

    def seconds(self, now: float) -> float:
        """Return the time since then, 0 while nothing is owed."""
        return 0.0 if self._since is None else now - self._since


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """Bounds the engine keeps.

    Attributes
    ----------
    unacked_max : int
        Messages sent and not acknowledged at which reading pauses.
    idle_timeout : float or None
        Seconds without records after which a partition's open frames are closed.
    drain_seconds : callable
        Time left for an orderly stop, in seconds.
    copy_seconds : float
        Time of a turn for the copy of a checkpoint; below 0 it is one group a turn.
    """

    unacked_max: int = 20_000
    idle_timeout: float | None = None
    drain_seconds: Callable[[], float] = lambda: DRAIN_SECONDS
    copy_seconds: float = 0.005
