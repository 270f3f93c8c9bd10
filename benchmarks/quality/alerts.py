"""What an operator gets: incidents from p-values, and what they cost and catch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.quality.ranking import Labels, segments
from hebbstream.arrays import F64

#: The life cycle of `incidents` in the service's default configuration.
RECOVERY, RECOVER_AFTER, MERGE_GAP = 0.75, 10, 30
#: An incident may open this many ticks before a labelled segment and still catch it.
SLACK = 10
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Incident:
    """Ticks from opening to resolve, both inclusive."""

    opened: int
    closed: int


def score_at(p_value: F64, budget: float, interval: float) -> F64:
    """Score of a detector whose budget is `budget` incidents a day, from its p-values."""
    line = np.log10(DAY / interval / budget)
    return np.asarray(-np.log10(np.maximum(p_value, 1e-300)) / line)


def incidents(score: F64) -> list[Incident]:
    """Incidents of a score whose alert line is 1, by the service's default life cycle."""
    found: list[Incident] = []
    calm = score < RECOVERY
    alarming = np.flatnonzero(score >= 1.0)
    at = 0
    while at < len(alarming):
        opened = int(alarming[at])
        closed = _resolve(calm, opened)
        if found and opened - found[-1].closed <= MERGE_GAP:
            opened = found.pop().opened
        found.append(Incident(opened, closed))
        at = int(np.searchsorted(alarming, closed, side="right"))
    return found


def _resolve(calm: np.ndarray, opened: int) -> int:
    """Tick at which an incident has been calm for long enough, or the last one."""
    quiet = 0
    for tick in range(opened + 1, len(calm)):
        quiet = quiet + 1 if calm[tick] else 0
        if quiet == RECOVER_AFTER:
            return tick
    return len(calm) - 1


@dataclass(frozen=True, slots=True)
class Economy:
    """What incidents gave over a labelled stretch.

    Attributes
    ----------
    caught, faults : int
        Segments in which, or up to `SLACK` ticks before which, an incident opened; all of them.
    false : int
        Incidents that caught nothing.
    days : float
        Days of ticks that are not anomalous.
    delays : tuple of int
        Ticks from each caught segment's start to its first incident.
    open_share : float
        Share of the ticks that are not anomalous spent in an incident.
    """

    caught: int
    faults: int
    false: int
    days: float
    delays: tuple[int, ...]
    open_share: float


def economy(label: Labels, found: list[Incident], interval: float) -> Economy:
    """Hold incidents against labels."""
    used, delays = set(), []
    runs = segments(label)
    for first, last in runs:
        over = [i for i, x in enumerate(found) if first - SLACK <= x.opened <= last]
        used.update(over)
        if over:
            delays.append(max(0, found[over[0]].opened - first))
    inside = np.zeros(len(label), bool)
    for incident in found:
        inside[incident.opened : incident.closed + 1] = True
    normal = ~label
    return Economy(
        caught=len(delays),
        faults=len(runs),
        false=len(found) - len(used),
        days=float(normal.sum()) * interval / DAY,
        delays=tuple(delays),
        open_share=float(inside[normal].mean()) if normal.any() else float("nan"),
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """Incidents a day over the asked budget, with a 95 % interval."""

    ratio: float
    low: float
    high: float


def kept_rate(counts: list[int], days: list[float], budget: float, draws: int = 2000) -> Kept:
    """Rate of incidents on normal ticks over the budget, pooled over series.

    The interval is that of a bootstrap that draws whole series, since the incidents of one series
    are not independent.

    Parameters
    ----------
    counts : list of int
        False incidents of each series.
    days : list of float
        Days of normal ticks of each series.
    budget : float
        Incidents a day that were asked for.
    draws : int
        Bootstrap draws.

    Returns
    -------
    Kept
        1 is a budget that is kept.
    """
    number, length = np.array(counts, np.float64), np.array(days)
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(number), size=(draws, len(number)))
    rates = number[drawn].sum(axis=1) / length[drawn].sum(axis=1) / budget
    low, high = np.quantile(rates, [0.025, 0.975])
    return Kept(float(number.sum() / length.sum() / budget), float(low), float(high))
