"""Series that stopped together, as records: the incidents `daemon.silence` follows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

import msgspec

from daemon.events import EventEdge
from daemon.records import Series


class SilenceKind(StrEnum):
    """Whether others of the group went on when the incident opened."""

    SILENCE = "silence"
    GROUP = "group"


@dataclass(slots=True)
class Silence:
    """Series that stopped together.

    Attributes
    ----------
    incident_id : str
        Its id.
    kind : SilenceKind
        As it was at the opening.
    first_tick, last_tick : int
        Ticks of the first and the last missing sample known of.
    opened_frame, resolved_frame : int
        Frame count at the last opening, and at the resolve; -1 while it is open.
    named : dict
        Every series that stopped, by key.
    weights : dict
        How overdue each was when it was found out, by key.
    silent : set of str
        Those that have not reported since.
    peak : float
        How overdue any of them has been, 1.0 at the line.
    edges : tuple of EventEdge
        Relations to series that went on.
    sequence, updates : int
        Events published; updates among them that count for the limit.
    """

    incident_id: str
    kind: SilenceKind
    first_tick: int
    last_tick: int
    opened_frame: int
    resolved_frame: int = -1
    named: dict[str, Series] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    peak: float = 0.0
    edges: tuple[EventEdge, ...] = ()
    sequence: int = 0
    updates: int = 0

    def shares(self) -> dict[str, float]:
        """Share of each series that stopped in what is overdue, by key."""
        whole = sum(self.weights.values())
        return {key: weight / whole for key, weight in self.weights.items()}

    def dump(self) -> dict[str, Any]:
        """Return it as JSON values, for `load`."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain | {"silent": sorted(self.silent)}

    @classmethod
    def load(cls, plain: Mapping[str, Any]) -> Self:
        """Make it from what `dump` returned; msgspec.ValidationError when it is something else."""
        return msgspec.convert(plain, cls)


@dataclass(slots=True)
class Waiting:
    """Series that stopped and are in no incident yet.

    Attributes
    ----------
    kind : SilenceKind
        Of the last that stopped.
    since : int
        Tick at which those stopped that are not in `starts`, as states of earlier versions have it.
    p_line : float
        Probability of a pause at the line.
    named : dict
        Each of them, by key.
    weights : dict
        How overdue each was when it was found out, by key.
    starts : dict
        Tick at which each stopped, by key.
    edges : tuple of EventEdge
        Relations to series that went on.
    """

    kind: SilenceKind = SilenceKind.SILENCE
    since: int = 0
    p_line: float = 1.0
    named: dict[str, Series] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)
    edges: tuple[EventEdge, ...] = ()

    @property
    def first_tick(self) -> int:
        """Tick at which the first of them stopped."""
        return min((self.starts.get(key, self.since) for key in self.named), default=self.since)

    def drop(self, key: str) -> None:
        """Forget a series that is back, with its relations; nothing is left of the last one."""
        if self.named.pop(key, None) is None:
            return
        self.weights.pop(key, None)
        self.starts.pop(key, None)
        self.edges = tuple(
            edge for edge in self.edges if edge.source in self.named or edge.target in self.named
        )

    def dump(self) -> dict[str, Any]:
        """Return it as JSON values, for `load`."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    @classmethod
    def load(cls, plain: Mapping[str, Any]) -> Self:
        """Make it from what `dump` returned; msgspec.ValidationError when it is something else."""
        return msgspec.convert(plain, cls)
