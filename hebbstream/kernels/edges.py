"""Edges: how far each relation is from holding, what is usual for it, and how strong it is now.

An edge breaks when the difference of its two ends (the sum, for an opposed pair) leaves its usual
spread, even while both values stay in their ranges.
"""

from __future__ import annotations

import math

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64, I64, U32
from hebbstream.kernels.layout import (
    ACTIVITY,
    EDGE_BREAK,
    FAST,
    FAST_TRACE,
    LOW_TICKS,
    NODE_BREAK,
    SPREAD,
    SPREAD_COUNT,
    TRACE,
    WEIGHT,
)
from hebbstream.kernels.rules import FLUSH
from hebbstream.kernels.traces import pair_index

CLIP_SIGMAS = 20.0
BREAK_MAX = 400.0
SPREAD_FLOOR = 0.01
SPREAD_CLIP = 16.0
WEIGHT_LIMIT = 0.9999


@kernel
def break_evidence(
    z: F32,
    present: F32,
    ends: U32,
    edge_values: F32,
    activity: F64,
    node: F64,
    node_count: F64,
    rate: float,
) -> float:
    """Measure how far each relation is from holding, per edge and per series.

    Parameters
    ----------
    z, present : float32[n], in
        Standardised frame and where it has samples.
    ends : uint32[2, m], in
        Source and target of each edge.
    edge_values : float32[6, m], in/out
        State of the edges; their smoothed break and fast trace move.
    activity : float64[7, n], in/out
        State of the series; their smoothed break and fast activity move.
    node : float64[n], out
        Mean break of each series' edges at this tick, 0 where it has none to judge.
    node_count : float64[n], out
        Edges judged, of each series.
    rate : float64
        EW rate of what is smoothed.

    Returns
    -------
    float64
        The largest smoothed break of a series judged now; -1 when none is.
    """
    n = z.shape[0]
    for j in range(n):
        node[j] = 0.0
        node_count[j] = 0.0
        if present[j] > 0.0:
            a = min(max(float(z[j]), -CLIP_SIGMAS), CLIP_SIGMAS)
            activity[FAST, j] += rate * (a * a - activity[FAST, j])
    for e in range(ends.shape[1]):
        i, j = ends[0, e], ends[1, e]
        if present[i] == 0.0 or present[j] == 0.0:
            continue
        a = min(max(float(z[i]), -CLIP_SIGMAS), CLIP_SIGMAS)
        b = min(max(float(z[j]), -CLIP_SIGMAS), CLIP_SIGMAS)
        d = a - b if edge_values[WEIGHT, e] >= 0.0 else a + b
        m = min(d * d / (edge_values[SPREAD, e] + SPREAD_FLOOR), BREAK_MAX)
        edge_values[EDGE_BREAK, e] += rate * (m - edge_values[EDGE_BREAK, e])
        fast = edge_values[FAST_TRACE, e] + rate * (a * b - edge_values[FAST_TRACE, e])
        edge_values[FAST_TRACE, e] = fast if abs(fast) > FLUSH else 0.0
        node[i] += m
        node[j] += m
        node_count[i] += 1.0
        node_count[j] += 1.0
    worst = -1.0
    for j in range(n):
        if node_count[j] > 0.0:
            node[j] /= node_count[j]
            activity[NODE_BREAK, j] += rate * (node[j] - activity[NODE_BREAK, j])
            worst = max(worst, activity[NODE_BREAK, j])
    return worst


@kernel
def learn_spread(
    z: F32, present: F32, ends: U32, edge_values: F32, rate: float, gate: float
) -> None:
    """Move the usual difference between the ends of each edge towards a frame, winsorised.

    Parameters
    ----------
    z, present : float32[n], in
        Standardised frame and where it has samples.
    ends : uint32[2, m], in
        Source and target of each edge.
    edge_values : float32[6, m], in/out
        State of the edges.
    rate, gate : float64
        EW rate once warm, and the factor on it.
    """
    for e in range(ends.shape[1]):
        i, j = ends[0, e], ends[1, e]
        if present[i] == 0.0 or present[j] == 0.0:
            continue
        a = min(max(float(z[i]), -CLIP_SIGMAS), CLIP_SIGMAS)
        b = min(max(float(z[j]), -CLIP_SIGMAS), CLIP_SIGMAS)
        d = a - b if edge_values[WEIGHT, e] >= 0.0 else a + b
        spread, count = edge_values[SPREAD, e], edge_values[SPREAD_COUNT, e]
        square = min(d * d, SPREAD_CLIP * (spread + SPREAD_FLOOR))
        edge_values[SPREAD, e] = spread + max(rate, 1.0 / (count + 1.0)) * gate * (square - spread)
        edge_values[SPREAD_COUNT, e] = min(count + 1.0, 1e6)


@kernel
def refresh_edges(
    traces: F32,
    activity: F64,
    ends: U32,
    edge_values: F32,
    edge_ticks: I64,
    prune: float,
    prune_after: float,
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
    edge_values : float32[6, m], in/out
        State of the edges. A weight whose sign has turned is left for the graph to flip.
    edge_ticks : int64[2, m], in/out
        Ticks of birth, ticks below `prune`.
    prune : float64
        Correlation below which an edge is weak.
    prune_after : float64
        Ticks it may be weak.
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
        if abs(r) < prune:
            edge_ticks[LOW_TICKS, e] += elapsed
            revise = revise or edge_ticks[LOW_TICKS, e] >= prune_after
        else:
            edge_ticks[LOW_TICKS, e] = 0
        if r * edge_values[WEIGHT, e] < 0.0:
            revise = True
        else:
            edge_values[WEIGHT, e] = r
    return revise
