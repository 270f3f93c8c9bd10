"""What an incident is about: which series contributed how much, and which relations broke.

Pure functions of one tick's verdict and the evidence gathered so far.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from daemon.config import Direction, MetricRule
from daemon.events import EventEdge, EventSeries, Role, finite, rfc3339, rounded
from daemon.records import F64, I64, NANOSECONDS, Series
from hebbstream.results import Kind, RunResult

#: Half width of the band of expected values, in sigmas.
BAND_SIGMAS = 3.0
#: A culprit has more than this share of its relations broken, and at least so many.
CULPRIT_SHARE = 0.5
CULPRIT_EDGES = 2


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of single series of an incident, by key.

    Attributes
    ----------
    roles : mapping of str to Role
        Culprits and victims.
    since : mapping of str to int
        When a series first was above what is usual for it by itself, Unix nanoseconds.
    """

    roles: Mapping[str, Role] = field(default_factory=dict)
    since: Mapping[str, int] = field(default_factory=dict)

    def earliest(self, keys: Iterable[str]) -> str | None:
        """Write since when the first of some series stands out; None when none does."""
        times = [self.since[key] for key in keys if key in self.since]
        return rfc3339(min(times)) if times else None


#: Of series that are only named.
NOTHING = Standing()


@dataclass(slots=True)
class EvidenceSum:
    """Evidence of each series over the ticks of an incident; follows joins and leaves.

    Attributes
    ----------
    keys : tuple of str
        Series in column order.
    total : float64[n]
        Sum of their evidence.
    """

    keys: tuple[str, ...] = ()
    total: F64 = field(default_factory=lambda: np.zeros(0))

    def align(self, keys: tuple[str, ...]) -> None:
        """Follow a change of members; series that left take their evidence with them."""
        if keys == self.keys:
            return
        known = dict(zip(self.keys, self.total.tolist(), strict=True))
        self.total = np.array([known.get(key, 0.0) for key in keys], dtype=np.float64)
        self.keys = keys

    def add(self, evidence: F64) -> None:
        """Add one tick's evidence, float64[n]."""
        self.total += np.where(np.isfinite(evidence), evidence, 0.0)

    def shares(self) -> F64:
        """Share of each series in the sum, float64[n]; all zero when the sum is 0."""
        whole = float(self.total.sum())
        return self.total / whole if whole > 0 else np.zeros_like(self.total)


def expectation(result: RunResult, row: int, kind: Kind) -> F64:
    """Return what a kind of incident compares values with, float64[n]."""
    block = result.expected if kind is Kind.LEVEL else result.recalled
    values: F64 = block[row]
    return values


def describe_series(
    members: Sequence[Series],
    frame: F64,
    result: RunResult,
    row: int,
    kind: Kind,
    shares: F64,
    limit: int,
    standing: Standing = NOTHING,
) -> tuple[EventSeries, ...]:
    """List the series that contribute most.

    Parameters
    ----------
    members : sequence of Series, length n
        Series in column order.
    frame : float64[n]
        Their values at this tick.
    result : RunResult
        The block's verdicts.
    row : int
        This tick's row.
    kind : Kind
        Of the incident.
    shares : float64[n]
        Their shares in the incident so far.
    limit : int
        How many at most.
    standing : Standing, optional
        What else is known of them.

    Returns
    -------
    tuple of EventSeries
        Those that contribute anything, the most first; ties in order of key.
    """
    expected, sigma = expectation(result, row, kind), result.scale[row]
    contributing = [i for i in range(len(members)) if shares[i] > 0]
    contributing.sort(key=lambda i: (-shares[i], members[i].key))
    described = []
    for i in contributing[:limit]:
        band = BAND_SIGMAS * sigma[i]
        deviation = frame[i] - expected[i]
        direction = "above" if deviation > 0 else "below" if deviation < 0 else None
        described.append(
            EventSeries(
                name=members[i].name,
                labels=dict(members[i].labels),
                actual=finite(frame[i]),
                expected=finite(expected[i]),
                lower=finite(expected[i] - band),
                upper=finite(expected[i] + band),
                contribution=rounded(shares[i]),
                role=standing.roles.get(members[i].key),
                direction=direction,
                since=standing.earliest([members[i].key]),
            )
        )
    return tuple(described)


def describe_edges(
    members: Sequence[Series], broken: NDArray[np.void] | None, interval_ns: int, limit: int
) -> tuple[EventEdge, ...]:
    """List the relations that are broken, those that weakened first.

    Parameters
    ----------
    members : sequence of Series
        Series in column order.
    broken : array of BROKEN_DTYPE or None
        As the detector lists them.
    interval_ns : int
        Grid step, for lags and ages in seconds.
    limit : int
        How many at most.

    Returns
    -------
    tuple of EventEdge
        The relations, by the keys of their series.
    """
    if broken is None:
        return ()
    step = interval_ns / NANOSECONDS
    return tuple(
        EventEdge(
            source=members[int(edge["source"])].key,
            target=members[int(edge["target"])].key,
            lag_s=int(edge["lag"]) * step,
            weight_before=rounded(edge["weight_before"]),
            weight_now=rounded(edge["weight_now"]),
            residual_sigma=rounded(edge["residual_sigma"]),
            age_s=int(edge["age_ticks"]) * step,
        )
        for edge in broken[:limit]
    )


def roles_of(members: Sequence[Series], broken: NDArray[np.void], degrees: I64) -> dict[str, Role]:
    """Tell culprits from victims by which relations broke together.

    Parameters
    ----------
    members : sequence of Series, length n
        Series in column order.
    broken : array of BROKEN_DTYPE
        As the detector lists them.
    degrees : int64[n]
        Count of all relations of each series.

    Returns
    -------
    dict of str to Role
        By key. Culprit: most of its relations broke, and more than one. Victim: those of its
        relations that broke, and are fewer than that, all lead to culprits.
    """
    source, target = broken["source"].astype(np.int64), broken["target"].astype(np.int64)
    counts = np.bincount(np.concatenate((source, target)), minlength=len(members))
    culprit = (counts >= CULPRIT_EDGES) & (counts > CULPRIT_SHARE * degrees)
    to_culprit = np.zeros(len(members), dtype=np.int64)
    np.add.at(to_culprit, source, culprit[target])
    np.add.at(to_culprit, target, culprit[source])
    victim = ~culprit & (counts > 0) & (to_culprit == counts)
    roles = {members[i].key: Role.CULPRIT for i in np.flatnonzero(culprit).tolist()}
    return roles | {members[i].key: Role.VICTIM for i in np.flatnonzero(victim).tolist()}


def describe_lost_edges(
    members: Sequence[Series],
    edges: NDArray[np.void] | None,
    frame: F64,
    silent: AbstractSet[str],
    interval_ns: int,
    limit: int,
) -> tuple[EventEdge, ...]:
    """List the relations of series that stopped to those that go on, the strongest first.

    Parameters
    ----------
    members : sequence of Series, length n
        Series in column order.
    edges : array of EDGE_DTYPE or None
        As the detector lists them.
    frame : float64[n]
        Values at this tick.
    silent : set of str
        Keys of the series that stopped.
    interval_ns : int
        Grid step, for lags and ages in seconds.
    limit : int
        How many at most.

    Returns
    -------
    tuple of EventEdge
        Nothing is known of their weight now: it is 0, as is their residual.
    """
    if edges is None or not len(edges):
        return ()
    stopped = np.array([series.key in silent for series in members], dtype=np.bool_)
    here = ~np.isnan(frame)
    source, target = edges["source"], edges["target"]
    lost = (stopped[source] & here[target]) | (stopped[target] & here[source])
    step = interval_ns / NANOSECONDS
    return tuple(
        EventEdge(
            source=members[int(edge["source"])].key,
            target=members[int(edge["target"])].key,
            lag_s=int(edge["lag"]) * step,
            weight_before=rounded(edge["weight"]),
            weight_now=0.0,
            residual_sigma=0.0,
            age_s=int(edge["age_ticks"]) * step,
        )
        for edge in edges[lost][:limit]
    )


class Policy:
    """Which deviations are worth an incident, metric by metric.

    Parameters
    ----------
    metrics : sequence of MetricRule
        Rules, by index.
    top_series : int
        How many of the series that contribute most at a tick are looked at.
    """

    def __init__(self, metrics: Sequence[MetricRule], top_series: int) -> None:
        self._rules = metrics
        self._top = top_series
        self._open = all(
            rule.direction is Direction.BOTH
            and rule.deviation_min == 0
            and rule.deviation_ratio_min == 0
            for rule in metrics
        )

    def accepts(self, members: Sequence[Series], frame: F64, result: RunResult, row: int) -> bool:
        """Tell whether a tick may count towards an incident.

        Parameters
        ----------
        members : sequence of Series, length n
            Series in column order.
        frame : float64[n]
            Their values.
        result : RunResult
            The block's verdicts.
        row : int
            This tick's row.

        Returns
        -------
        bool
            True for a relation tick; for a level tick, when one of the series that contribute
            most deviates as its metric's rule asks.
        """
        if self._open or int(result.channel[row]) != Kind.LEVEL:
            return True
        evidence = result.evidence[row]
        leading = np.argsort(-evidence, kind="stable")[: self._top]
        deviation = frame - result.expected[row]
        return any(
            evidence[i] > 0
            and self._passes(members[i].rule, deviation[i], float(result.expected[row, i]))
            for i in leading
        )

    def _passes(self, rule_index: int, deviation: float, expected: float) -> bool:
        if rule_index < 0:
            return True
        rule = self._rules[rule_index]
        sides = {
            Direction.ABOVE: deviation > 0,
            Direction.BELOW: deviation < 0,
            Direction.BOTH: True,
        }
        least = max(rule.deviation_min, rule.deviation_ratio_min * abs(expected))
        return sides[rule.direction] and (least == 0 or abs(deviation) >= least)
