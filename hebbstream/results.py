"""What a detector returns: one tick's verdict, a block's verdicts, edges, and the journal."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I8 = NDArray[np.int8]

#: An association as `Detector.edges` lists it: series indices (source < target at lag 0), by how
#: many ticks the source leads, weight (the correlation r of the two series at the same tick), trace
#: c, ticks since it was grown, and how many of them the relation was broken.
EDGE_DTYPE = np.dtype(
    [
        ("source", "u4"),
        ("target", "u4"),
        ("lag", "i4"),
        ("weight", "f4"),
        ("trace", "f4"),
        ("age_ticks", "i8"),
        ("broken_ticks", "i8"),
    ]
)

#: An edge whose relation is broken at a tick: weight it was learnt with, weight over the last
#: ticks (`memory_ticks` of the break channel), and the residual of the relation in its own sigmas.
BROKEN_DTYPE = np.dtype(
    [
        ("source", "u4"), ("target", "u4"), ("lag", "i4"),
        ("weight_before", "f4"), ("weight_now", "f4"), ("residual_sigma", "f4"),
        ("age_ticks", "i8"),
    ]
)  # fmt: skip


class Kind(IntEnum):
    """Which channel speaks loudest at a tick."""

    LEVEL = 0
    RELATION = 1


class Learning(IntEnum):
    """What learning did at a tick."""

    WARMUP = 0
    NORMAL = 1
    QUARANTINED = 2
    HELD = 3
    ADOPTED = 4
    RESTORED = 5


class Change(StrEnum):
    """What happened to an edge or a component."""

    GROWN = "grown"
    PRUNED = "pruned"
    FLIPPED = "flipped"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """Birth, death or sign flip of an edge, or birth or death of a component.

    For a component `source` and `target` are empty, `component` is its index; for an edge they
    name its series and `component` is -1.
    """

    tick: int
    row: int
    change: Change
    source: str = ""
    target: str = ""
    lag: int = 0
    weight: float = 0.0
    component: int = -1


@dataclass(frozen=True, slots=True)
class TickResult:
    """One frame's verdict; arrays are the caller's to keep.

    Attributes
    ----------
    tick : int
        Frames seen before this one.
    statistic : float
        Fused evidence, smoothed; for ranking ticks.
    score : float
        1.0 is the alert line; 0 in warm-up.
    p_value : float
        Calibrated tail probability, corrected for the number of channels; 1 in warm-up.
    channel : Kind
        The channel with the smaller p-value.
    learning : Learning
        What learning did.
    components, edges : int
        How many there are after the tick.
    evidence : float64[n]
        Unnormalised evidence per series, 0 where the sample is missing.
    contribution : float64[n]
        Evidence divided by its sum; all zero when the sum is 0.
    expected : float64[n]
        What the series' own history (level, clock) expects, in its unit; NaN before its first
        sample.
    recalled : float64[n]
        What the series' peers expect (leave-one-out recall from the subspace), in its unit.
    scale : float64[n]
        One sigma of the series about `expected`, in its unit.
    broken : array of BROKEN_DTYPE
        Relations that are broken: those that weakened or turned first, then by residual_sigma;
        empty unless score >= detail_from.
    elevated : int64[n]
        Ticks in a row, this one included, that each series has been above what is usual for it by
        itself; 0 where it is not, and unless score >= detail_from.
    journal : tuple of JournalEntry
        Births and deaths at this tick.
    """

    tick: int
    statistic: float
    score: float
    p_value: float
    channel: Kind
    learning: Learning
    components: int
    edges: int
    evidence: F64
    contribution: F64
    expected: F64
    recalled: F64
    scale: F64
    broken: NDArray[np.void]
    elevated: I64
    journal: tuple[JournalEntry, ...]


@dataclass(slots=True)  # a frozen one takes as long to make as a small group's tick
class RunResult:
    """A block's verdicts: the fields of TickResult as arrays over T frames.

    `channel` and `learning` hold the integer values of Kind and Learning. `broken` maps a row of
    the block to its broken edges, for rows whose score is at least `detail_from`; `degrees` maps
    the same rows to the count of all edges of each series, int64[n], and `elevated` to the ticks
    in a row, this one included, that each series has been above what is usual for it by itself
    (0: it is not), int64[n]. `related` maps each row that was asked for to all edges after it, as
    `Detector.edges` lists them. `journal` is in row order.
    """

    first_tick: int
    statistic: F64
    score: F64
    p_value: F64
    channel: I8
    learning: I8
    components: I64
    edges: I64
    evidence: F64
    expected: F64
    recalled: F64
    scale: F64
    broken: dict[int, NDArray[np.void]] = field(default_factory=dict)
    journal: tuple[JournalEntry, ...] = ()
    related: dict[int, NDArray[np.void]] = field(default_factory=dict)
    degrees: dict[int, I64] = field(default_factory=dict)
    elevated: dict[int, I64] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.score)

    @property
    def contribution(self) -> F64:
        """Evidence as shares of each frame's sum, float64[T, n]; zero where the sum is 0."""
        total = self.evidence.sum(axis=1, keepdims=True)
        shares = np.zeros_like(self.evidence)
        np.divide(self.evidence, total, out=shares, where=total > 0)
        return shares
