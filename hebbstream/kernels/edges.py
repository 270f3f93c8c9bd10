"""Edges: how strong each relation is now, and for how long it has been weak or broken."""

from __future__ import annotations

import math

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64, I64, U32
from hebbstream.kernels.layout import (
    ACTIVITY,
    BROKEN_TICKS,
    EDGE_BREAK,
    EDGE_HEBB,
    LOW_TICKS,
    OWN,
    SUM_PRODUCT,
    SUM_ROWS,
    SUM_WEIGHT,
    TRACE,
    WEIGHT,
)
from hebbstream.kernels.slots import own_correlation
from hebbstream.kernels.traces import pair_index

WEIGHT_LIMIT = 0.9999
#: Smoothed break, in squared sigmas, from which a relation counts as broken.
BROKEN_FROM = 2.25
#: A weight that shrinks keeps this much, and with it its sign.
SIGN_MIN = 1e-4
#: Weighted ticks below which an edge rests on nothing.
SAMPLES_MIN = 4.0


@kernel
def settle_edge(
    edge_values: F32, edge_ticks: I64, e: int, r: float, still: int, limits: F64, elapsed: int
) -> bool:
    """Bring one edge's weight up to date; count how long it has been weak, and broken.

    Parameters
    ----------
    edge_values : float32[23, m], in/out
        State of the edges. A weight whose sign has turned is left for the graph to flip.
    edge_ticks : int64[3, m], in/out
        Ticks of birth, of weakness, of being broken.
    e : int
        The edge.
    r : float64
        Correlation of its ends now.
    still : int
        1 when an end moves too little to relate.
    limits : float64[5], in
        Correlation below which an edge is weak, ticks it may be, rule, L1, smallest weight.
    elapsed : int
        Ticks since the last check.

    Returns
    -------
    bool
        True when the edge has to be pruned or flipped.
    """
    turned = r * edge_values[WEIGHT, e] < 0.0
    shrink = limits[3]
    if limits[2] == EDGE_HEBB and not turned:
        if shrink > 0.0:
            edge_values[WEIGHT, e] = math.copysign(max(abs(r) - shrink, SIGN_MIN), r)
        else:
            edge_values[WEIGHT, e] = r
    if edge_values[EDGE_BREAK, e] >= BROKEN_FROM:
        edge_ticks[BROKEN_TICKS, e] += elapsed
    weak = abs(r) - shrink < limits[0] or still != 0
    weak |= not turned and abs(edge_values[WEIGHT, e]) < limits[4]
    edge_ticks[LOW_TICKS, e] = edge_ticks[LOW_TICKS, e] + elapsed if weak else 0
    return bool(turned or edge_ticks[LOW_TICKS, e] >= limits[1])


@kernel
def refresh_edges(
    traces: F32,
    activity: F64,
    ends: U32,
    edge_values: F32,
    edge_ticks: I64,
    limits: F64,
    elapsed: int,
) -> bool:
    """Take each edge's trace and weight from the pair's; count how long it has been weak.

    Parameters
    ----------
    traces : float32[n (n - 1) / 2], in
        Row by row above the diagonal.
    activity : float64[7, n], in
        State of the series.
    ends : uint32[2, m], in
        Source and target of each edge.
    edge_values : float32[23, m], in/out
        State of the edges.
    edge_ticks : int64[3, m], in/out
        See `settle_edge`.
    limits : float64[6], in
        See `settle_edge`; the last is the activity of a series that is still.
    elapsed : int
        Ticks since the last check.

    Returns
    -------
    bool
        True when an edge has to be pruned or flipped.
    """
    n = activity.shape[1]
    revise = False
    for e in range(ends.shape[1]):
        i, j = int(ends[0, e]), int(ends[1, e])
        trace = traces[pair_index(i, j, n)]
        power = math.sqrt(max(activity[ACTIVITY, i] * activity[ACTIVITY, j], 1e-24))
        r = min(max(trace / power, -WEIGHT_LIMIT), WEIGHT_LIMIT)
        edge_values[TRACE, e] = trace
        still = min(activity[ACTIVITY, i], activity[ACTIVITY, j]) <= limits[5]
        revise |= settle_edge(edge_values, edge_ticks, e, r, 1 if still else 0, limits, elapsed)
    return revise


@kernel
def refresh_own(
    activity: F64,
    ends: U32,
    edge_values: F32,
    edge_ticks: I64,
    limits: F64,
    rate: float,
    elapsed: int,
) -> bool:
    """Do as `refresh_edges` where each edge keeps its own sums.

    Parameters
    ----------
    activity : float64[7, n], in
        State of the series.
    ends : uint32[2, m], in
        Source and target of each edge.
    edge_values : float32[23, m], in/out
        State of the edges.
    edge_ticks : int64[3, m], in/out
        See `settle_edge`.
    limits : float64[6], in
        See `refresh_edges`.
    rate : float64
        EW rate; sums weigh at most its inverse.
    elapsed : int
        Ticks since the last check.

    Returns
    -------
    bool
        True when an edge has to be pruned or flipped.
    """
    revise = False
    own = edge_values[OWN : OWN + SUM_ROWS]
    for e in range(ends.shape[1]):
        i, j = int(ends[0, e]), int(ends[1, e])
        # What came from another form of the graph may weigh more than this memory can hold.
        surplus = own[SUM_WEIGHT, e] * rate
        if surplus > 1.0:
            for row in range(SUM_ROWS):
                own[row, e] /= surplus
        r = own_correlation(own, e)
        weight = own[SUM_WEIGHT, e]
        edge_values[TRACE, e] = own[SUM_PRODUCT, e] / weight if weight > 0.0 else 0.0
        # Nothing seen together for many memories is as good as nothing.
        still = weight < SAMPLES_MIN
        still |= min(activity[ACTIVITY, i], activity[ACTIVITY, j]) <= limits[5]
        revise |= settle_edge(edge_values, edge_ticks, e, r, 1 if still else 0, limits, elapsed)
    return revise
