"""State of the associations: what is traced of the pairs, and the edges grown from them.

A small group traces every pair. A larger one tries a few pairs at a time in slots, and each edge
traces itself; a group that grows past the limit, or shrinks below it, keeps its edges.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hebbstream.arrays import F32, F64, I64, U8, U32, U64
from hebbstream.association_params import AssociationsParams
from hebbstream.kernels.layout import (
    ACTIVITY,
    ACTIVITY_COUNT,
    ACTIVITY_ROWS,
    BIRTH,
    DEGREE,
    EDGE_BREAK,
    EDGE_ROWS,
    EDGE_TICK_ROWS,
    FAST,
    FAST_TRACE,
    GRAPH_STATUS_ROWS,
    LAG_BLOCKS,
    NODE_BREAK,
    NODE_BREAK_NOW,
    OWN,
    PENDING,
    SLOT_ROWS,
    SPREAD,
    SPREAD_COUNT,
    SUM_PRODUCT,
    SUM_ROWS,
    SUM_SOURCE,
    SUM_WEIGHT,
    TRACE,
    WEIGHT,
)
from hebbstream.kernels.traces import fold_block
from hebbstream.pairs import (
    SEED,
    WEIGHT_LIMIT,
    empty_block,
    own_correlations,
    pair_count,
    pair_places,
    slot_count,
)
from hebbstream.results import Change
from hebbstream.wider import wider

#: Samples a series is taken to have seen when every pair is traced anew.
RELEARN_SAMPLES = 256.0

Entry = tuple[Change, int, int, float]


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
    activity : float64[8, n]
        Per series, see layout.
    block : float32[2, b, n]
        Frames that are not in the traces yet, b at most; see `pairs.empty_block`.
    ends : uint32[2, m]
        Source and target, source < target.
    values : float32[23, m]
        Per edge, see layout.
    ticks : int64[3, m]
        Birth, ticks of weakness, ticks of being broken.
    slot_ends : uint32[2, s]
        Pairs on trial in a large group; both ends 0 in a free slot.
    slots : float32[5, s]
        Their sums and ticks on trial.
    status : float64[3]
        Rows of the block in use, ticks that had an edge, blocks since lags were learnt.
    seed : uint64[1]
        Generator of the pairs to try.
    """

    params: AssociationsParams
    traces: F32
    linked: U8
    activity: F64
    block: F32
    ends: U32
    values: F32
    ticks: I64
    slot_ends: U32
    slots: F32
    status: F64 = field(default_factory=lambda: np.zeros(GRAPH_STATUS_ROWS))
    seed: U64 = field(default_factory=lambda: np.array([SEED], np.uint64))

    @classmethod
    def empty(cls, n: int, params: AssociationsParams) -> Self:
        """Make the state of n series that have seen nothing."""
        pairs, slots = pair_count(n, params), slot_count(n, params)
        return cls(
            params,
            np.zeros(pairs, np.float32),
            np.zeros(pairs, np.uint8),
            np.zeros((ACTIVITY_ROWS, n)),
            empty_block(n, params),
            np.zeros((2, 0), np.uint32),
            np.zeros((EDGE_ROWS, 0), np.float32),
            np.zeros((EDGE_TICK_ROWS, 0), np.int64),
            np.zeros((2, slots), np.uint32),
            np.zeros((SLOT_ROWS, slots), np.float32),
        )

    @property
    def series_count(self) -> int:
        """Series in the graph."""
        return int(self.activity.shape[1])

    @property
    def edge_count(self) -> int:
        """Edges in the graph."""
        return int(self.ends.shape[1])

    @property
    def own(self) -> F32:
        """Decayed sums of each edge, float32[4, m]; a view."""
        return self.values[OWN : OWN + SUM_ROWS]

    def grow(self, count: int) -> list[Entry]:
        """Append `count` series; returns the edges that ended, of a group without slots."""
        n, wide = self.series_count, self.series_count + count
        pairs, slots = pair_count(wide, self.params), slot_count(wide, self.params)
        if not (len(self.traces) or self.slot_ends.shape[1]) or not (pairs or slots):
            entries = self.remove(np.arange(self.edge_count))
            self._restart(wide)
            return entries
        if pairs:
            self._widen(n, wide)
        elif len(self.traces):
            self._leave_pairs(n)
            self.block = empty_block(wide, self.params)
        spare = slots - self.slot_ends.shape[1]
        self.slot_ends, self.slots = wider(self.slot_ends, spare), wider(self.slots, spare)
        self.activity = wider(self.activity, count)
        self.block = wider(self.block, wide - self.block.shape[2])
        self.count_degrees()
        return []

    def _widen(self, n: int, wide: int) -> None:
        """Make room for the pairs of more series."""
        fold_block(self.traces, self.block, self.status)
        upper, wider = np.triu_indices(n, 1), np.triu_indices(wide, 1)
        for name in ("traces", "linked"):
            flat = getattr(self, name)
            square = np.zeros((wide, wide), flat.dtype)
            square[upper] = flat
            setattr(self, name, square[wider])

    def _leave_pairs(self, n: int) -> None:
        """Give each edge sums of its own and forget the other pairs."""
        fold_block(self.traces, self.block, self.status)
        source, target = self.ends.astype(np.intp)
        weight = self.activity[ACTIVITY_COUNT][self.ends].min(axis=0)
        self.own[SUM_PRODUCT] = self.traces[pair_places(source, target, n)] * weight
        self.own[SUM_SOURCE:SUM_WEIGHT] = self.activity[ACTIVITY][self.ends] * weight
        self.own[SUM_WEIGHT] = weight
        self.traces, self.linked = np.zeros(0, np.float32), np.zeros(0, np.uint8)

    def _enter_pairs(self, n: int) -> None:
        """Trace every pair, from what the edges know."""
        self.status[PENDING] = 0.0
        fresh = Graph.empty(n, self.params)
        for name in ("traces", "linked", "block", "slot_ends", "slots"):
            setattr(self, name, getattr(fresh, name))
        source, target = self.ends.astype(np.intp)
        places = pair_places(source, target, n)
        self.linked[places] = 1
        self.traces[places] = self.own[SUM_PRODUCT] / np.maximum(self.own[SUM_WEIGHT], 1e-9)
        count = self.activity[ACTIVITY_COUNT]
        np.minimum(count, RELEARN_SAMPLES, out=count)

    def drop(self, index: int) -> list[Entry]:
        """Forget the series at `index`, and its edges; returns what was pruned."""
        n = self.series_count
        pairs, slots = pair_count(n - 1, self.params), slot_count(n - 1, self.params)
        entries = self.remove(np.flatnonzero((self.ends == index).any(axis=0)))
        if not (len(self.traces) or self.slot_ends.shape[1]) or not (pairs or slots):
            self._restart(n - 1)
            return entries
        self.ends = (self.ends - (self.ends > index)).astype(np.uint32)
        if len(self.traces):
            fold_block(self.traces, self.block, self.status)
            upper = np.triu_indices(n, 1)
            kept = (upper[0] != index) & (upper[1] != index)
            self.traces, self.linked = self.traces[kept], self.linked[kept]
        else:
            self._drop_slots(index, slots)
        self.activity = np.delete(self.activity, index, axis=1)
        self.block = np.delete(self.block, index, axis=2)
        if pairs and not len(self.traces):
            self._enter_pairs(n - 1)
        self.count_degrees()
        return entries

    def _drop_slots(self, index: int, left: int) -> None:
        """Free the slots of a series that leaves, and give up as many slots as were its share."""
        self.slot_ends[:, (self.slot_ends == index).any(axis=0)] = 0
        busy = self.slot_ends[0] < self.slot_ends[1]
        # Free ones first; of the others those that stand last.
        gone = np.lexsort((-np.arange(len(busy)), busy))[: len(busy) - left]
        ends = np.delete(self.slot_ends, gone, axis=1)
        self.slot_ends = np.ascontiguousarray(ends - (ends > index)).astype(np.uint32)
        self.slots = np.ascontiguousarray(np.delete(self.slots, gone, axis=1))

    def check(self) -> None:
        """Make sure that every edge and every place in use exists.

        Raises
        ------
        ValueError
            When an edge, the block or a count is impossible.
        """
        n, pending = self.series_count, float(self.status[PENDING])
        source, target = self.ends.astype(np.intp)
        tried, free = self.slot_ends, (self.slot_ends == 0).all(axis=0)
        apart = not len(self.traces)
        sound = (
            bool((source < target).all() and (target < n).all())
            and (self.block.shape[2] == n or not self.edge_count)
            and (apart or np.count_nonzero(self.linked) == self.edge_count)
            and (apart or bool((self.linked[pair_places(source, target, n)] == 1).all()))
            and np.array_equal(self.activity[DEGREE], np.bincount(self.ends.ravel(), minlength=n))
            and bool((free | ((tried[0] < tried[1]) & (tried[1] < n))).all())
            and bool(self.seed[0] != 0)
        )
        if not sound:
            msg = "the edges do not fit the series"
            raise ValueError(msg)
        if not (pending.is_integer() and 0 <= pending < self.block.shape[1] + apart):
            msg = f"the block of the traces has no row {pending:g}"
            raise ValueError(msg)
        squares = (
            self.activity[[ACTIVITY, FAST, NODE_BREAK, NODE_BREAK_NOW, ACTIVITY_COUNT]],
            self.values[[SPREAD, SPREAD_COUNT, EDGE_BREAK, LAG_BLOCKS]],
            self.own[SUM_SOURCE:],
            self.slots[SUM_SOURCE:],
        )
        if any((array < 0).any() for array in squares):
            msg = "a square or a count of the graph is negative"
            raise ValueError(msg)

    def _restart(self, n: int) -> None:
        fresh = Graph.empty(n, self.params)
        for name in fresh.__slots__:
            setattr(self, name, getattr(fresh, name))

    def degrees(self) -> I64:
        """Count the edges of each series, int64[n]."""
        counts: I64 = np.bincount(self.ends.ravel(), minlength=self.activity.shape[1])
        return counts

    def correlations(self, edges: NDArray[np.intp]) -> F64:
        """Correlation of the ends of some edges now, float64[c]."""
        if not len(self.traces):
            return own_correlations(self.own[:, edges])
        return self.pair_correlations(self.ends[:, edges])

    def pair_correlations(self, pairs: U32) -> F64:
        """Correlations of pairs where every pair is traced, float64[c]."""
        traces = self.pair_traces(pairs)
        power = np.maximum(self.activity[ACTIVITY][pairs].prod(axis=0), 1e-24)
        return np.asarray(np.clip(traces / np.sqrt(power), -WEIGHT_LIMIT, WEIGHT_LIMIT))

    def pair_traces(self, pairs: U32) -> F64:
        """Traces of pairs where every pair is traced, float64[c]."""
        source, target = pairs.astype(np.intp)
        return self.traces[pair_places(source, target, self.series_count)].astype(np.float64)

    def remove(self, gone: NDArray[np.intp]) -> list[Entry]:
        """End edges; returns what was pruned."""
        entries = [
            (Change.PRUNED, int(i), int(j), float(weight))
            for i, j, weight in zip(*self.ends[:, gone], self.values[WEIGHT, gone], strict=True)
        ]
        if not len(gone):
            return entries
        if len(self.traces):
            source, target = self.ends[:, gone].astype(np.intp)
            self.linked[pair_places(source, target, self.series_count)] = 0
        # The kernels take rows in one piece; numpy hands some of these out in columns.
        self.ends = np.ascontiguousarray(np.delete(self.ends, gone, axis=1))
        self.values = np.ascontiguousarray(np.delete(self.values, gone, axis=1))
        self.ticks = np.ascontiguousarray(np.delete(self.ticks, gone, axis=1))
        return entries

    def newborn(self, pairs: U32, own: F32 | None) -> F32:
        """Values of edges that are born, or born again with the other sign.

        Parameters
        ----------
        pairs : uint32[2, c]
            Their ends.
        own : float32[4, c], optional
            Their own sums, where not every pair is traced.

        Returns
        -------
        float32[23, c]
            See layout.
        """
        values = np.zeros((EDGE_ROWS, pairs.shape[1]), np.float32)
        if own is None:
            weight, trace = self.pair_correlations(pairs), self.pair_traces(pairs)
            power = self.activity[ACTIVITY][pairs].sum(axis=0)
            count = self.activity[ACTIVITY_COUNT][pairs].min(axis=0)
        else:
            count = own[SUM_WEIGHT].astype(np.float64)
            weight, trace = own_correlations(own), own[SUM_PRODUCT] / count
            power = own[SUM_SOURCE:SUM_WEIGHT].sum(axis=0) / count
            values[OWN : OWN + SUM_ROWS] = own
        values[WEIGHT] = weight
        values[TRACE] = trace
        values[SPREAD] = np.maximum(power - 2 * np.abs(trace), 0.0)
        values[SPREAD_COUNT] = count
        values[EDGE_BREAK] = 1.0
        values[FAST_TRACE] = weight * np.sqrt(self.activity[FAST][pairs].prod(axis=0))
        return values

    def add(self, pairs: U32, values: F32, tick: int) -> None:
        """Append edges that are born at `tick`, with their values."""
        if not pairs.shape[1]:
            return
        ticks = np.zeros((EDGE_TICK_ROWS, pairs.shape[1]), np.int64)
        ticks[BIRTH] = tick
        self.ends = np.ascontiguousarray(np.hstack([self.ends, pairs]))
        self.values = np.ascontiguousarray(np.hstack([self.values, values]))
        self.ticks = np.ascontiguousarray(np.hstack([self.ticks, ticks]))
        if len(self.traces):
            source, target = pairs.astype(np.intp)
            self.linked[pair_places(source, target, self.series_count)] = 1

    def count_degrees(self) -> None:
        """Bring each series' number of edges up to date."""
        self.activity[DEGREE] = self.degrees()
        # A series without edges starts with the break of a relation that holds.
        alone = self.activity[DEGREE] == 0
        self.activity[NODE_BREAK, alone] = 1.0
        self.activity[NODE_BREAK_NOW, alone] = 1.0
