"""Edges: how far each relation is from holding at a tick, and what is usual for it.

An edge breaks when the difference of its two ends (the sum, for an opposed pair) leaves its usual
spread, even while both values stay in their ranges. Edges are judged in chunks: their ends are
gathered into rows side by side first, so that the arithmetic is done many at a time.
"""

from __future__ import annotations

import numpy as np

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64, U32
from hebbstream.kernels.evidence import largest
from hebbstream.kernels.layout import (
    DEGREE,
    EDGE_BREAK,
    FAST,
    FAST_TRACE,
    MUTED,
    NODE_BREAK,
    NODE_BREAK_NOW,
    PAIR_BOTH,
    PAIR_SOURCE,
    PAIR_TARGET,
    SPREAD,
    SPREAD_COUNT,
    WEIGHT,
)
from hebbstream.kernels.rules import FLUSH

CLIP_SIGMAS = 20.0
BREAK_MAX = 400.0
SPREAD_FLOOR = 0.01
SPREAD_CLIP = 16.0
SPREAD_COUNT_MAX = 1e6
#: A break that is over must not linger: what goes on now is smoothed so many times faster, and the
#: smoothed break counts at most so many times that.
NOW_PACE = 6.0
NOW_RATIO = 2.0


@kernel
def face_ends(
    cut: F32,
    present: F32,
    missing: float,
    ends: U32,
    first: int,
    last: int,
    pairs: F32,
) -> None:
    """Gather what the ends of some edges are at this tick.

    Parameters
    ----------
    cut, present : float32[n], in
        Standardised frame, from `cut_frame`, and where it has samples.
    missing : float64
        How many have none; 0: nothing need be looked up.
    ends : uint32[2, m], in
        Source and target of each edge.
    first, last : int
        Edges from the first up to, not including, the last.
    pairs : float32[3, c], out
        See layout; c is at least last - first.
    """
    count = last - first
    source, target = pairs[PAIR_SOURCE, :count], pairs[PAIR_TARGET, :count]
    both = pairs[PAIR_BOTH, :count]
    starts, goals = ends[0, first:last], ends[1, first:last]
    for e in range(count):
        source[e] = cut[starts[e]]
        target[e] = cut[goals[e]]
    if missing == 0.0:
        both[:] = np.float32(1.0)
    else:
        for e in range(count):
            both[e] = present[starts[e]] * present[goals[e]]


@kernel
def cut_frame(z: F32, present: F32, cut: F32) -> float:
    """Limit a frame to what the ends of edges are compared by.

    Parameters
    ----------
    z, present : float32[n], in
        Standardised frame and where it has samples.
    cut : float32[n], out
        z within CLIP_SIGMAS.

    Returns
    -------
    float64
        How many samples are missing.
    """
    limit, missing = np.float32(CLIP_SIGMAS), np.float32(0.0)
    for j in range(z.shape[0]):
        cut[j] = min(max(z[j], -limit), limit)
        missing += np.float32(1.0) - present[j]
    return float(missing)


@kernel
def judge_edges(
    edge_values: F32, first: int, last: int, rate: float, pairs: F32, apart: F32
) -> float:
    """Measure how far some edges are from holding.

    Parameters
    ----------
    edge_values : float32[23, m], in/out
        State of the edges; their smoothed break and fast trace move.
    first, last : int
        As for `face_ends`.
    rate : float64
        EW rate of what is smoothed.
    pairs : float32[3, c], in/out
        From `face_ends`; on return the source row holds the break at this tick, 0 where it is not
        judged, and the row of both is 1 where it is.
    apart : float32[m], out
        Squared difference of the ends of these edges, -1 where one is missing.

    Returns
    -------
    float64
        How many are judged: both ends are there, and the edge is not muted.
    """
    one, pace = np.float32(1.0), np.float32(rate)
    floor, most = np.float32(SPREAD_FLOOR), np.float32(BREAK_MAX)
    count = last - first
    source, target = pairs[PAIR_SOURCE, :count], pairs[PAIR_TARGET, :count]
    both = pairs[PAIR_BOTH, :count]
    weight, spread = edge_values[WEIGHT, first:last], edge_values[SPREAD, first:last]
    trace, smooth = edge_values[FAST_TRACE, first:last], edge_values[EDGE_BREAK, first:last]
    muted, squares = edge_values[MUTED, first:last], apart[first:last]
    judged = np.float32(0.0)
    for e in range(count):
        a, b, here = source[e], target[e], both[e]
        d = a - b if weight[e] >= 0.0 else a + b
        squares[e] = d * d if here > np.float32(0.0) else -one
        miss = min(d * d / (spread[e] + floor), most)
        fast = trace[e] + here * pace * (a * b - trace[e])
        trace[e] = fast if abs(fast) > np.float32(FLUSH) else np.float32(0.0)
        here *= one - muted[e]
        smooth[e] += here * pace * (miss - smooth[e])
        source[e] = here * miss
        both[e] = here
        judged += here
    return float(judged)


@kernel
def sum_breaks(
    ends: U32, first: int, last: int, pairs: F32, judged: float, node: F64, node_count: F64
) -> None:
    """Add the breaks of some edges to those of their ends.

    Parameters
    ----------
    ends : uint32[2, m], in
        Source and target of each edge.
    first, last : int
        As for `face_ends`.
    pairs : float32[3, c], in
        From `judge_edges`.
    judged : float64
        How many of them are judged.
    node : float64[n], in/out
        Sum of the breaks of each series' edges.
    node_count : float64[n], in/out
        Edges of each series; those that are not judged are taken off.
    """
    source, target = ends[0, first:last], ends[1, first:last]
    breaks, both = pairs[PAIR_SOURCE], pairs[PAIR_BOTH]
    for e in range(last - first):
        more = breaks[e]
        node[source[e]] += more
        node[target[e]] += more
    if judged == last - first:
        return
    for e in range(last - first):
        if both[e] == 0.0:
            node_count[source[e]] -= 1.0
            node_count[target[e]] -= 1.0


@kernel
def break_evidence(
    z: F32,
    present: F32,
    ends: U32,
    edge_values: F32,
    activity: F64,
    node: F64,
    node_count: F64,
    pairs: F32,
    cut: F32,
    apart: F32,
    rate: float,
) -> float:
    """Measure how far each relation is from holding, per edge and per series.

    Parameters
    ----------
    z, present : float32[n], in
        Standardised frame and where it has samples.
    ends : uint32[2, m], in
        Source and target of each edge.
    edge_values : float32[23, m], in/out
        State of the edges; their smoothed break and fast trace move.
    activity : float64[8, n], in/out
        State of the series; their smoothed break and fast activity move.
    node : float64[n], out
        Mean break of each series' edges at this tick, 0 where it has none to judge.
    node_count : float64[n], out
        Scratch.
    pairs : float32[3, c], out
        Scratch of a chunk of edges.
    cut : float32[n], out
        Scratch.
    apart : float32[m], out
        From `judge_edges`.
    rate : float64
        EW rate of what is smoothed.

    Returns
    -------
    float64
        The largest smoothed break of a series judged now; -1 when none is.
    """
    n, count, chunk = z.shape[0], ends.shape[1], pairs.shape[1]
    missing = cut_frame(z, present, cut)
    fast = activity[FAST]
    for j in range(n):
        node[j] = 0.0
        node_count[j] = activity[DEGREE, j]
        fast[j] += rate * present[j] * (float(cut[j]) * cut[j] - fast[j])
    for first in range(0, count, chunk):
        last = min(first + chunk, count)
        face_ends(cut, present, missing, ends, first, last, pairs)
        many = judge_edges(edge_values, first, last, rate, pairs, apart)
        sum_breaks(ends, first, last, pairs, many, node, node_count)
    pace = min(NOW_PACE * rate, 1.0)
    nows, lasts = activity[NODE_BREAK_NOW], activity[NODE_BREAK]
    for j in range(n):
        now, last, judged = nows[j], lasts[j], node_count[j]
        known = judged > 0.0
        mean = node[j] / max(judged, 1.0)
        after = now + pace * (mean - now)
        lasting = min(last + rate * (mean - last), NOW_RATIO * after)
        node[j] = mean
        nows[j] = after if known else now
        lasts[j] = lasting if known else last
        node_count[j] = lasting if known else -1.0
    return largest(node_count)


@kernel
def measure_apart(
    z: F32, present: F32, ends: U32, edge_values: F32, pairs: F32, cut: F32, apart: F32
) -> None:
    """Measure how far the ends of edges are apart in a frame that they are not judged by.

    Parameters
    ----------
    z, present : float32[n], in
        Standardised frame and where it has samples.
    ends : uint32[2, m], in
        Source and target of each edge.
    edge_values : float32[23, m], in
        State of the edges.
    pairs : float32[3, c], out
        Scratch of a chunk of edges.
    cut : float32[n], out
        Scratch.
    apart : float32[m], out
        As from `judge_edges`.
    """
    missing, chunk = cut_frame(z, present, cut), pairs.shape[1]
    for first in range(0, ends.shape[1], chunk):
        last = min(first + chunk, ends.shape[1])
        face_ends(cut, present, missing, ends, first, last, pairs)
        source, target, both = pairs[PAIR_SOURCE], pairs[PAIR_TARGET], pairs[PAIR_BOTH]
        weight, squares = edge_values[WEIGHT, first:last], apart[first:last]
        for e in range(last - first):
            d = source[e] - target[e] if weight[e] >= 0.0 else source[e] + target[e]
            squares[e] = d * d if both[e] > np.float32(0.0) else np.float32(-1.0)


@kernel
def learn_spread(apart: F32, edge_values: F32, rate: float, gate: float) -> None:
    """Move the usual difference between the ends of each edge towards a frame, winsorised.

    Parameters
    ----------
    apart : float32[m], in
        From `break_evidence` or `measure_apart`.
    edge_values : float32[23, m], in/out
        State of the edges.
    rate, gate : float64
        EW rate once warm, and the factor on it.
    """
    zero, one = np.float32(0.0), np.float32(1.0)
    pace, factor, most = np.float32(rate), np.float32(gate), np.float32(SPREAD_COUNT_MAX)
    floor, clip = np.float32(SPREAD_FLOOR), np.float32(SPREAD_CLIP)
    spread, counts = edge_values[SPREAD], edge_values[SPREAD_COUNT]
    for e in range(apart.shape[0]):
        usual, count = spread[e], counts[e]
        here = one if apart[e] >= zero else zero
        square = min(apart[e], clip * (usual + floor))
        step = here * max(pace, one / (count + one)) * factor
        spread[e] = usual + step * (square - usual)
        counts[e] = min(count + here, most)
