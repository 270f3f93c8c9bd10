"""The views: frozen values that the engine's thread makes and every other thread may keep.

Times are Unix nanoseconds where they come from frames, Unix seconds where they come from the wall
clock (`as_of`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from daemon.events import Event
from daemon.records import F64, I64, InputPartition, Series

F32 = NDArray[np.float32]
I8 = NDArray[np.int8]


class GroupIdentity(Struct, frozen=True):
    """Which group: its name alone is not enough, since several partitions may hold one each.

    Attributes
    ----------
    id : str
        16 hexadecimal digits made of partition and name; the same in every process.
    name : str
        Any text at all.
    labels : dict of str to str
        The values of the configured `group_by` labels.
    partition : InputPartition
        Where its records come from.
    """

    id: str
    name: str
    labels: dict[str, str]
    partition: InputPartition


class ScoreHistory(Struct, frozen=True):
    """The last scores of a group, the oldest first; arrays are read-only.

    Attributes
    ----------
    ticks : int64[H]
        Grid steps.
    score, p_value : float32[H]
        Verdicts.
    kind : int8[H]
        Values of `hebbstream.results.Kind`.
    """

    ticks: I64
    score: F32
    p_value: F32
    kind: I8


class GroupView(Struct, frozen=True):
    """How a group stood after its last frame.

    Attributes
    ----------
    members : tuple of Series
        In column order.
    frames : int
        Frames its detector has seen.
    missing_ratio : float
        Share of series without a sample in the last frame; 1.0 when the group is silent.
    frame_time, watermark : int
        Of the last frame, and what closed it.
    kind, learning : str
        As in events.
    pace : float
        How many times faster than its memory what is normal is learnt, because the group drifts.
    """

    identity: GroupIdentity
    members: tuple[Series, ...]
    components: int
    edges: int
    frames: int
    missing_ratio: float
    frame_time: int
    watermark: int
    score: float
    p_value: float
    kind: str
    learning: str
    pace: float
    history: ScoreHistory


class GraphView(Struct, frozen=True):
    """A copy of what a group has learnt, as of a moment.

    Attributes
    ----------
    as_of : float
        When it was copied, Unix seconds.
    series : tuple of str
        Keys in column order; the indices of the arrays refer to them.
    edges : array of EDGE_DTYPE, the strongest first
    components : float32[k, n]
        Unit rows.
    energies : float64[k]
        Share of the energy in each component.
    """

    as_of: float
    series: tuple[str, ...]
    edges: NDArray[np.void]
    components: F32
    energies: F64


class IncidentState(StrEnum):
    """Where an incident is in its life.

    `left` means that this process follows the group no more: its partition has moved, or the group
    has vanished. What becomes of the incident is on the events topic only.
    """

    OPEN = "open"
    RESOLVED = "resolved"
    LEFT = "left"


class EventEntry(Struct, frozen=True):
    """One line of an incident's history."""

    event_id: str
    state: str
    ts_event: str
    score: float
    peak_score: float
    severity: str


class IncidentView(Struct, frozen=True):
    """An incident with its explanation.

    Attributes
    ----------
    sequence : int
        Counts incidents as this process learns of them; never reused.
    identity : GroupIdentity
        Whose it is.
    opened : str
        Event time of the first event, RFC 3339.
    latest, worst : Event
        The last event, and the one with the highest score.
    history : tuple of EventEntry
        Its last events in order.
    event_count : int
        How many there were.
    """

    sequence: int
    identity: GroupIdentity
    state: IncidentState
    opened: str
    latest: Event
    worst: Event
    history: tuple[EventEntry, ...]
    event_count: int


class JournalItem(Struct, frozen=True):
    """Birth, death or sign flip of an edge, or birth or death of a component (`component` >= 0)."""

    sequence: int
    identity: GroupIdentity
    time: int
    change: str
    source: str
    target: str
    lag_ticks: int
    weight: float
    component: int


class PartitionView(Struct, frozen=True):
    """How far an input partition has come; before its first record offset -1 and watermark 0."""

    partition: InputPartition
    groups: int
    next_offset: int
    watermark: int
    pending_samples: int


@dataclass(frozen=True, slots=True)
class View:
    """Everything that is shown, as of one moment; safe to read from any thread, for ever.

    Attributes
    ----------
    as_of : float
        Unix seconds of the last refresh.
    version : int
        Grows whenever anything but `as_of` and `partitions` changes.
    groups, graphs : mapping by group id
        Those that have had a frame since this process has them.
    identities : mapping by group id
        Of every group, those too that were restored and wait for their next frame.
    incidents : mapping by incident id
        Those that have ended first, then the open ones; each in order of their last change of
        state.
    journal : tuple of JournalItem
        The oldest first.
    settled : bool
        False while it is not decided which partitions are this process's, or their state is not
        restored yet: what is not here may be on its way.
    """

    as_of: float = 0.0
    version: int = 0
    groups: Mapping[str, GroupView] = field(default_factory=dict)
    graphs: Mapping[str, GraphView] = field(default_factory=dict)
    identities: Mapping[str, GroupIdentity] = field(default_factory=dict)
    incidents: Mapping[str, IncidentView] = field(default_factory=dict)
    journal: tuple[JournalItem, ...] = ()
    partitions: tuple[PartitionView, ...] = ()
    settled: bool = False


def group_id(partition: InputPartition, name: str) -> str:
    """Make the id of a group: 16 hexadecimal digits of a SHA-256 over partition and name."""
    text = f"{partition.topic}\n{partition.partition}\n{name}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
