"""State of the associations: traces of all pairs, the edges grown from them, growth and pruning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hebbstream.arrays import F32, F64, I32, I64, U8, U32
from hebbstream.association_params import AssociationsParams
from hebbstream.kernels.growth import pair_sigmas
from hebbstream.kernels.layout import (
    ACTIVITY,
    ACTIVITY_COUNT,
    ACTIVITY_ROWS,
    BIRTH,
    BLOCK_TICKS,
    DEGREE,
    EDGE_BREAK,
    EDGE_ROWS,
    EDGE_TICK_ROWS,
    FAST,
    FAST_TRACE,
    GRAPH_STATUS_ROWS,
    LOW_TICKS,
    NODE_BREAK,
    PENDING,
    SPREAD,
    SPREAD_COUNT,
    TRACE,
    WEIGHT,
)
from hebbstream.kernels.traces import fold_block, pair_index
from hebbstream.results import BROKEN_DTYPE, EDGE_DTYPE, Change
from hebbstream.significance import discoveries

WEIGHT_LIMIT = 0.9999
#: Smoothed break, in squared sigmas, from which a relation is listed as broken.
BROKEN_FROM = 2.25
#: While none is that far, those are listed that have this share of the largest break, from here.
BROKEN_SHARE = 0.75
BROKEN_EARLY = 1.4
#: A broken relation has weakened below this share of its weight; turned, it is below 0.
WEAKENED_BELOW = 0.9

Entry = tuple[Change, int, int, float]


def pair_count(n: int, params: AssociationsParams) -> int:
    """Pairs traced among n series; 0 when the group is too large or too small for relations."""
    return n * (n - 1) // 2 if 2 <= n <= params.exhaustive_max else 0


def pair_places(first: NDArray[np.intp], second: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """Places of pairs first < second in the traces; the kernel `pair_index` for arrays."""
    return first * n - first * (first + 1) // 2 + second - first - 1


@dataclass(slots=True)
class Graph:
    """Associations of n series.

    Attributes
    ----------
    params : AssociationsParams
        Growth, pruning and limits.
    traces : float32[n (n - 1) / 2]
        Decayed co-activity, row by row above the diagonal; empty when there are too many series.
    linked : uint8[n (n - 1) / 2]
        1 where a pair has an edge.
    activity : float64[7, n]
        Per series, see layout.
    block : float32[2, 64, n]
        Frames that are not in the traces yet; no columns without traces.
    ends : uint32[2, m]
        Source and target, source < target.
    values : float32[6, m]
        Per edge, see layout.
    ticks : int64[2, m]
        Birth, ticks below weight_prune.
    status : float64[2]
        Rows of the block in use, ticks that had an edge.
    """

    params: AssociationsParams
    traces: F32
    linked: U8
    activity: F64
    block: F32
    ends: U32
    values: F32
    ticks: I64
    status: F64 = field(default_factory=lambda: np.zeros(GRAPH_STATUS_ROWS))

    @classmethod
    def empty(cls, n: int, params: AssociationsParams) -> Self:
        """Make the state of n series that have seen nothing."""
        pairs = pair_count(n, params)
        return cls(
            params,
            np.zeros(pairs, np.float32),
            np.zeros(pairs, np.uint8),
            np.zeros((ACTIVITY_ROWS, n)),
            np.zeros((2, BLOCK_TICKS, n if pairs else 0), np.float32),
            np.zeros((2, 0), np.uint32),
            np.zeros((EDGE_ROWS, 0), np.float32),
            np.zeros((EDGE_TICK_ROWS, 0), np.int64),
        )

    @property
    def series_count(self) -> int:
        """Series in the graph."""
        return int(self.activity.shape[1])

    @property
    def edge_count(self) -> int:
        """Edges in the graph."""
        return int(self.ends.shape[1])

    def grow(self, count: int) -> list[Entry]:
        """Append `count` series; above exhaustive_max all edges end, which is returned."""
        n = self.series_count
        if not pair_count(n, self.params) or not pair_count(n + count, self.params):
            entries = self._remove(np.arange(self.edge_count))
            self._restart(n + count)
            return entries
        fold_block(self.traces, self.block, self.status)
        upper, wider = np.triu_indices(n, 1), np.triu_indices(n + count, 1)
        for name in ("traces", "linked"):
            flat = getattr(self, name)
            square = np.zeros((n + count, n + count), flat.dtype)
            square[upper] = flat
            setattr(self, name, square[wider])
        self.activity = np.pad(self.activity, ((0, 0), (0, count)))
        self.block = np.pad(self.block, ((0, 0), (0, 0), (0, count)))
        self._count_degrees()
        return []

    def drop(self, index: int) -> list[Entry]:
        """Forget the series at `index`, and its edges; returns what was pruned."""
        n = self.series_count
        entries = self._remove(np.flatnonzero((self.ends == index).any(axis=0)))
        if not pair_count(n, self.params) or not pair_count(n - 1, self.params):
            self._restart(n - 1)
            return entries
        fold_block(self.traces, self.block, self.status)
        upper = np.triu_indices(n, 1)
        kept = (upper[0] != index) & (upper[1] != index)
        self.traces, self.linked = self.traces[kept], self.linked[kept]
        self.activity = np.delete(self.activity, index, axis=1)
        self.block = np.delete(self.block, index, axis=2)
        self.ends = (self.ends - (self.ends > index)).astype(np.uint32)
        self._count_degrees()
        return entries

    def check(self) -> None:
        """Make sure that every edge and every place in use exists.

        Raises
        ------
        ValueError
            When an edge, the block or a count is impossible.
        """
        n, pending = self.series_count, float(self.status[PENDING])
        source, target = self.ends.astype(np.intp)
        sound = (
            bool((source < target).all() and (target < n).all())
            and (len(self.traces) > 0 or not self.edge_count)
            and np.count_nonzero(self.linked) == self.edge_count
            and bool((self.linked[pair_places(source, target, n)] == 1).all())
            and np.array_equal(self.activity[DEGREE], np.bincount(self.ends.ravel(), minlength=n))
        )
        if not sound:
            msg = "the edges do not fit the series"
            raise ValueError(msg)
        if not (pending.is_integer() and 0 <= pending < BLOCK_TICKS):
            msg = f"the block of the traces has no row {pending:g}"
            raise ValueError(msg)
        if (self.activity[[ACTIVITY, FAST, NODE_BREAK, ACTIVITY_COUNT]] < 0).any() or (
            self.values[[SPREAD, SPREAD_COUNT, EDGE_BREAK]] < 0
        ).any():
            msg = "a square or a count of the graph is negative"
            raise ValueError(msg)

    def _restart(self, n: int) -> None:
        fresh = Graph.empty(n, self.params)
        for name in ("traces", "linked", "activity", "block", "ends", "values", "ticks", "status"):
            setattr(self, name, getattr(fresh, name))

    def edges(self, tick: int) -> NDArray[np.void]:
        """List the edges as EDGE_DTYPE, the strongest first."""
        listed = np.zeros(self.edge_count, EDGE_DTYPE)
        listed["source"], listed["target"] = self.ends
        listed["weight"] = self.values[WEIGHT]
        listed["trace"] = self.values[TRACE]
        listed["age_ticks"] = tick - self.ticks[BIRTH]
        return listed[np.argsort(-np.abs(listed["weight"]), kind="stable")]

    def degrees(self) -> I64:
        """Count the edges of each series, int64[n]."""
        counts: I64 = np.bincount(self.ends.ravel(), minlength=self.activity.shape[1])
        return counts

    def broken(self, tick: int) -> NDArray[np.void]:
        """List the edges whose relation does not hold, as BROKEN_DTYPE, those that weakened first.

        Those that weakened or turned come first: two ends may also part by level alone, or by the
        break of a third, while they still move together.
        """
        breaks = self.values[EDGE_BREAK]
        # A break that has just begun is far below its height; name its worst edges all the same.
        least = max(BROKEN_EARLY, BROKEN_SHARE * float(breaks.max(initial=0.0)))
        broken = np.flatnonzero(breaks >= min(BROKEN_FROM, least))
        source, target = self.ends[:, broken]
        power = np.sqrt(
            np.maximum(self.activity[FAST, source] * self.activity[FAST, target], 1e-24)
        )
        listed = np.zeros(len(broken), BROKEN_DTYPE)
        listed["source"], listed["target"] = source, target
        listed["weight_before"] = self.values[WEIGHT, broken]
        now = self.values[FAST_TRACE, broken] / power
        listed["weight_now"] = np.clip(now, -WEIGHT_LIMIT, WEIGHT_LIMIT)
        listed["residual_sigma"] = np.sqrt(self.values[EDGE_BREAK, broken])
        listed["age_ticks"] = tick - self.ticks[BIRTH, broken]
        before = listed["weight_before"]
        holds = listed["weight_now"] * np.sign(before) >= WEAKENED_BELOW * np.abs(before)
        return listed[np.lexsort((-listed["residual_sigma"], holds))]

    def revise(self, index: I32, strength: F32, rate: float, tick: int) -> list[Entry]:
        """Flip, prune and grow edges after a check.

        Parameters
        ----------
        index, strength : int32[n, s], float32[n, s]
            Strongest partners of each series, from the kernel `strongest_pairs`.
        rate : float
            EW rate of the traces.
        tick : int
            Now.

        Returns
        -------
        list of (change, source, target, weight)
            What happened, in order.
        """
        entries = self._flip()
        entries += self._prune()
        entries += self._grow(index, strength, rate, tick)
        self._count_degrees()
        return entries

    def _correlation(self, i: int, j: int) -> float:
        power = float(np.sqrt(max(self.activity[ACTIVITY, i] * self.activity[ACTIVITY, j], 1e-24)))
        trace = float(self.traces[pair_index(i, j, self.series_count)])
        return min(max(trace / power, -WEIGHT_LIMIT), WEIGHT_LIMIT)

    def _flip(self) -> list[Entry]:
        """Give edges whose correlation has turned its new sign, once it is not weak."""
        entries: list[Entry] = []
        turned = np.flatnonzero(self.values[TRACE] * self.values[WEIGHT] < 0)
        for e in turned:
            i, j = int(self.ends[0, e]), int(self.ends[1, e])
            weight = self._correlation(i, j)
            if abs(weight) >= self.params.weight_prune:
                self.values[:, e] = self._newborn(i, j, weight)
                entries.append((Change.FLIPPED, i, j, weight))
        return entries

    def _prune(self) -> list[Entry]:
        """Remove edges that were weak for long enough."""
        return self._remove(np.flatnonzero(self.ticks[LOW_TICKS] >= self.params.prune_after_ticks))

    def _remove(self, gone: NDArray[np.intp]) -> list[Entry]:
        entries: list[Entry] = []
        for e in gone:
            i, j = int(self.ends[0, e]), int(self.ends[1, e])
            self.linked[pair_index(i, j, self.series_count)] = 0
            entries.append((Change.PRUNED, i, j, float(self.values[WEIGHT, e])))
        # The kernels take rows in one piece; numpy hands some of these out in columns.
        self.ends = np.ascontiguousarray(np.delete(self.ends, gone, axis=1))
        self.values = np.ascontiguousarray(np.delete(self.values, gone, axis=1))
        self.ticks = np.ascontiguousarray(np.delete(self.ticks, gone, axis=1))
        return entries

    def _candidates(self, index: I32, strength: F32, rate: float) -> list[tuple[float, int, int]]:
        """Significant pairs without an edge, the strongest first."""
        n = self.series_count
        own, place = np.nonzero(index >= 0)
        partner = index[own, place]
        first, second = np.minimum(own, partner), np.maximum(own, partner)
        _, once = np.unique(first * n + second, return_index=True)
        once = once[self.linked[pair_places(first[once], second[once], n)] == 0]
        pairs = np.array([first[once], second[once]], np.uint32)
        weights = strength[own, place][once]
        sigmas = np.zeros(len(once))
        pair_sigmas(self.activity, pairs, weights, rate, sigmas)
        active = int(np.count_nonzero(self.activity[ACTIVITY] > self.params.variance_min))
        found = discoveries(
            sigmas, tests=active * (active - 1) // 2, rate=self.params.false_discovery_rate
        )
        found &= sigmas > self.params.significance_sigmas
        listed = zip(weights[found].tolist(), *pairs[:, found].tolist(), strict=True)
        return sorted(listed, key=lambda pair: (-pair[0], pair[1], pair[2]))

    def _grow(self, index: I32, strength: F32, rate: float, tick: int) -> list[Entry]:
        """Turn candidates into edges; at a limit the weakest gives way to a stronger one."""
        entries: list[Entry] = []
        born: list[tuple[int, int]] = []
        self._count_degrees()
        degree = self.activity[DEGREE]
        for weight, i, j in self._candidates(index, strength, rate):
            if self._is_full(i, j, len(born)):
                self._add(born, tick)
                born = []
                rivals = self._rivals(i, j)
                if any(rival is None or rival[0] >= weight for rival in rivals):
                    continue
                gone = np.unique([rival[1] for rival in rivals if rival is not None])
                entries += self._remove(gone.astype(np.intp))
                self._count_degrees()
            degree[[i, j]] += 1
            born.append((i, j))
            entries.append((Change.GROWN, i, j, self._correlation(i, j)))
        self._add(born, tick)
        return entries

    def _is_full(self, i: int, j: int, born: int) -> bool:
        """Tell whether an edge i-j would pass a limit, with `born` edges not yet added."""
        return (
            self.edge_count + born >= self.params.edges_max
            or max(self.activity[DEGREE, i], self.activity[DEGREE, j])
            >= self.params.edges_per_series_max
        )

    def _rivals(self, i: int, j: int) -> list[tuple[float, int] | None]:
        """For each limit an edge i-j would pass, the weakest edge: (strength, index), or None."""
        scopes: list[NDArray[np.bool_]] = [
            (self.ends == end).any(axis=0)
            for end in (i, j)
            if self.activity[DEGREE, end] >= self.params.edges_per_series_max
        ]
        if self.edge_count >= self.params.edges_max:
            scopes.append(np.ones(self.edge_count, bool))
        return [self._weakest(scope) for scope in scopes]

    def _weakest(self, scope: NDArray[np.bool_]) -> tuple[float, int] | None:
        inside = np.flatnonzero(scope)
        if not len(inside):
            return None
        strengths = np.abs(self.values[WEIGHT, inside])
        e = int(np.argmin(strengths))
        return float(strengths[e]), int(inside[e])

    def _newborn(self, i: int, j: int, weight: float) -> F32:
        """Values of an edge that is born, or born again with the other sign."""
        own = self.activity[[ACTIVITY, FAST]][:, [i, j]]
        trace = float(self.traces[pair_index(i, j, self.series_count)])
        values = np.zeros(EDGE_ROWS, np.float32)
        values[WEIGHT] = weight
        values[TRACE] = trace
        values[SPREAD] = max(own[0].sum() - 2 * abs(trace), 0.0)
        values[SPREAD_COUNT] = self.activity[ACTIVITY_COUNT, [i, j]].min()
        values[EDGE_BREAK] = 1.0
        values[FAST_TRACE] = weight * np.sqrt(own[1].prod())
        return values

    def _add(self, born: list[tuple[int, int]], tick: int) -> None:
        """Append edges for pairs."""
        if not born:
            return
        ticks = np.zeros((EDGE_TICK_ROWS, len(born)), np.int64)
        ticks[BIRTH] = tick
        values = [self._newborn(i, j, self._correlation(i, j)) for i, j in born]
        ends = np.array(born, np.uint32).T
        self.ends = np.ascontiguousarray(np.hstack([self.ends, ends]))
        self.values = np.ascontiguousarray(np.hstack([self.values, np.array(values).T]))
        self.ticks = np.ascontiguousarray(np.hstack([self.ticks, ticks]))
        for i, j in born:
            self.linked[pair_index(i, j, self.series_count)] = 1

    def _count_degrees(self) -> None:
        n = self.series_count
        self.activity[DEGREE] = np.bincount(self.ends.ravel(), minlength=n)[:n]
        # A series without edges starts with the break of a relation that holds.
        self.activity[NODE_BREAK, self.activity[DEGREE] == 0] = 1.0
