"""Associations: traces of every pair, the strongest of each series, and evidence that one breaks.

A trace is the decayed co-activity of two series (Hebb 1949); divided by their activities it is
their correlation. Frames are gathered in blocks, so that a row of traces is read once for many
ticks.
"""

from __future__ import annotations

import math

import numpy as np

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64, I32, I64, U8, U32
from hebbstream.kernels.layout import (
    ACTIVITY,
    ACTIVITY_COUNT,
    BLOCK_TICKS,
    ECHO,
    EDGE_BREAK,
    FAST,
    FAST_TRACE,
    LOW_TICKS,
    NODE_BREAK,
    PENDING,
    PREVIOUS,
    SPREAD,
    SPREAD_COUNT,
    TRACE,
    WEIGHT,
)
from hebbstream.kernels.rules import FLUSH

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
def gather(
    z: F32,
    present: F32,
    activity: F64,
    block: F32,
    status: F64,
    rate: float,
    gate: float,
    clip: float,
) -> None:
    """Add a frame to the block, and update each series' own activity.

    Parameters
    ----------
    z, present : float32[n], in
        Standardised frame and where it has samples.
    activity : float64[7, n], in/out
        State of the series.
    block : float32[2, 64, n], in/out
        Clipped frames, and the rate of each of their samples (0 where missing).
    status : float64[2], in/out
        Rows of the block in use.
    rate, gate : float64
        EW rate once warm, and the factor on it.
    clip : float64
        Sigmas a sample is cut to.
    """
    p = int(status[PENDING])
    limit = np.float32(clip)
    values, rates = block[0, p], block[1, p]
    for j in range(z.shape[0]):
        q = min(max(z[j], -limit), limit)
        values[j] = q
        rates[j] = 0.0
        if present[j] > 0.0:
            step = max(rate, 1.0 / (activity[ACTIVITY_COUNT, j] + 1.0)) * gate
            rates[j] = step
            activity[ACTIVITY, j] += step * (q * q - activity[ACTIVITY, j])
            activity[ECHO, j] += step * (q * activity[PREVIOUS, j] - activity[ECHO, j])
            activity[ACTIVITY_COUNT, j] += 1.0
        activity[PREVIOUS, j] = q
    status[PENDING] = p + 1.0


@kernel
def one_rate(rates: F32, rows: int) -> bool:
    """Tell whether every sample of each row of a block has the same rate.

    Parameters
    ----------
    rates : float32[64, n], in
        Rates of a block.
    rows : int
        Rows in use.

    Returns
    -------
    bool
        True when the faster form of `fold_block` may be used.
    """
    for t in range(rows):
        row = rates[t]
        first = row[0]
        for j in range(row.shape[0]):
            if row[j] != first:
                return False
    return True


@kernel
def fold_row(trace: F32, values: F32, rates: F32, i: int, rows: int) -> None:
    """Enter a block into one row of traces, where rates differ or samples are missing.

    Parameters
    ----------
    trace : float32[n - 1 - i], in/out
        Traces of series i with those after it.
    values, rates : float32[64, n], in
        The block.
    i : int
        Series index.
    rows : int
        Rows of the block in use.
    """
    for t in range(rows):
        own = rates[t, i]
        if own == 0.0:
            continue
        x = values[t, i]
        other, pace = values[t, i + 1 :], rates[t, i + 1 :]
        for j in range(trace.shape[0]):
            # The younger of the two sets the pace; a missing one stops it.
            step = max(own, pace[j]) if pace[j] > np.float32(0.0) else np.float32(0.0)
            trace[j] += step * (x * other[j] - trace[j])


@kernel
def fold_row_evenly(trace: F32, values: F32, rates: F32, i: int, rows: int) -> None:
    """Enter a block into one row of traces, where each tick has one rate: four ticks a pass.

    Parameters
    ----------
    trace : float32[n - 1 - i], in/out
        Traces of series i with those after it.
    values, rates : float32[64, n], in
        The block.
    i : int
        Series index.
    rows : int
        Rows of the block in use.
    """
    one = np.float32(1.0)
    t = 0
    while t + 4 <= rows:
        keep3 = one - rates[t + 3, 0]
        keep2 = keep3 * (one - rates[t + 2, 0])
        keep1 = keep2 * (one - rates[t + 1, 0])
        keep0 = keep1 * (one - rates[t, 0])
        a0 = keep1 * rates[t, 0] * values[t, i]
        a1 = keep2 * rates[t + 1, 0] * values[t + 1, i]
        a2 = keep3 * rates[t + 2, 0] * values[t + 2, i]
        a3 = rates[t + 3, 0] * values[t + 3, i]
        v0, v1 = values[t, i + 1 :], values[t + 1, i + 1 :]
        v2, v3 = values[t + 2, i + 1 :], values[t + 3, i + 1 :]
        for j in range(trace.shape[0]):
            trace[j] = keep0 * trace[j] + a0 * v0[j] + a1 * v1[j] + a2 * v2[j] + a3 * v3[j]
        t += 4
    while t < rows:
        keep = one - rates[t, 0]
        a = rates[t, 0] * values[t, i]
        v = values[t, i + 1 :]
        for j in range(trace.shape[0]):
            trace[j] = keep * trace[j] + a * v[j]
        t += 1


@kernel
def fold_block(traces: F32, block: F32, status: F64) -> None:
    """Enter the gathered frames into the traces of all pairs, and empty the block.

    Parameters
    ----------
    traces : float32[n (n - 1) / 2], in/out
        Row by row above the diagonal.
    block : float32[2, 64, n], in
        From `gather`.
    status : float64[2], in/out
        Rows of the block in use; 0 on return.
    """
    rows = int(status[PENDING])
    status[PENDING] = 0.0
    values, rates = block[0], block[1]
    n = values.shape[1]
    if rows == 0 or n < 2:
        return
    even = one_rate(rates, rows)
    start = 0
    for i in range(n - 1):
        trace = traces[start : start + n - 1 - i]
        if even:
            fold_row_evenly(trace, values, rates, i, rows)
        else:
            fold_row(trace, values, rates, i, rows)
        for j in range(trace.shape[0]):
            if abs(trace[j]) < np.float32(FLUSH):
                trace[j] = 0.0
        start += n - 1 - i


@kernel
def pair_index(i: int, j: int, n: int) -> int:
    """Place of a pair i < j in the traces.

    Parameters
    ----------
    i, j : int
        Series indices, i < j.
    n : int
        Series.

    Returns
    -------
    int
        Index into the traces.
    """
    return i * n - i * (i + 1) // 2 + j - i - 1


@kernel
def insert_strongest(index: I32, weight: F32, other: int, strength: float) -> None:
    """Put a candidate in its place in a descending list, if it belongs there.

    Parameters
    ----------
    index : int32[s], in/out
        Series, the strongest first.
    weight : float32[s], in/out
        Their strengths.
    other : int
        The candidate.
    strength : float64
        Its strength.
    """
    p = weight.shape[0] - 1
    if strength <= weight[p]:
        return
    while p > 0 and weight[p - 1] < strength:
        weight[p] = weight[p - 1]
        index[p] = index[p - 1]
        p -= 1
    weight[p] = strength
    index[p] = other


@kernel
def strongest_pairs(
    traces: F32,
    activity: F64,
    strength: F32,
    index: I32,
    weight: F32,
    activity_min: float,
    grow: float,
) -> None:
    """List the strongest partners of each series among all pairs.

    Parameters
    ----------
    traces : float32[n (n - 1) / 2], in
        Row by row above the diagonal.
    activity : float64[7, n], in
        State of the series.
    strength : float32[2, n], out
        Scratch.
    index : int32[n, s], out
        Partners of each series, the strongest first; -1 where there are fewer.
    weight : float32[n, s], out
        Their absolute correlations.
    activity_min : float64
        Activity below which a series is too still to relate.
    grow : float64
        Correlation from which a pair is listed.
    """
    n = activity.shape[1]
    inverse, row = strength[0], strength[1]
    for i in range(n):
        a = activity[ACTIVITY, i]
        inverse[i] = 1.0 / math.sqrt(a) if a > activity_min else 0.0
        for p in range(index.shape[1]):
            index[i, p] = -1
            weight[i, p] = 0.0
    start = 0
    limit = np.float32(grow)
    for i in range(n - 1):
        trace = traces[start : start + n - 1 - i]
        start += n - 1 - i
        if inverse[i] == 0.0:
            continue
        partner = inverse[i + 1 :]
        best = np.float32(0.0)
        for j in range(trace.shape[0]):
            row[j] = abs(trace[j]) * inverse[i] * partner[j]
            best = max(best, row[j])
        if best < limit:
            continue
        for j in range(trace.shape[0]):
            if row[j] >= limit:
                r = min(row[j], np.float32(WEIGHT_LIMIT))
                insert_strongest(index[i], weight[i], i + 1 + j, r)
                insert_strongest(index[i + 1 + j], weight[i + 1 + j], i, r)


@kernel
def fisher_sigmas(activity: F64, i: int, j: int, weight: float, rate: float) -> float:
    """Significance of a correlation: Fisher's z over its standard error, with effective samples.

    Parameters
    ----------
    activity : float64[7, n], in
        State of the series.
    i, j : int
        The pair.
    weight : float64
        Absolute correlation, below 1.
    rate : float64
        EW rate of the traces.

    Returns
    -------
    float64
        Sigmas; 0 with too few effective samples.
    """
    count = min(activity[ACTIVITY_COUNT, i], activity[ACTIVITY_COUNT, j])
    count = min(count, (2.0 - rate) / rate)
    # Bartlett: two series that both remember their last tick hold fewer independent samples.
    echo = 0.0
    if activity[ACTIVITY, i] > 0.0 and activity[ACTIVITY, j] > 0.0:
        echo = (activity[ECHO, i] / activity[ACTIVITY, i]) * (
            activity[ECHO, j] / activity[ACTIVITY, j]
        )
    echo = min(max(echo, 0.0), 0.999)
    count *= (1.0 - echo) / (1.0 + echo)
    if count <= 4.0:
        return 0.0
    return math.atanh(weight) * math.sqrt(count - 3.0)


@kernel
def some_may_grow(
    index: I32, weight: F32, linked: U8, activity: F64, rate: float, sigmas: float
) -> bool:
    """Tell whether a listed pair without an edge is significant.

    Parameters
    ----------
    index : int32[n, s], in
        From `strongest_pairs`.
    weight : float32[n, s], in
        From `strongest_pairs`.
    linked : uint8[n (n - 1) / 2], in
        1 where a pair has an edge.
    activity : float64[7, n], in
        State of the series.
    rate : float64
        EW rate of the traces.
    sigmas : float64
        Fisher's z needed.

    Returns
    -------
    bool
        True when the graph has to be revised.
    """
    n = index.shape[0]
    for i in range(n):
        for p in range(index.shape[1]):
            j = index[i, p]
            if j < 0:
                break
            if linked[pair_index(min(i, j), max(i, j), n)] == 0 and (
                fisher_sigmas(activity, i, j, weight[i, p], rate) > sigmas
            ):
                return True
    return False


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


@kernel
def block_is_full(status: F64) -> bool:
    """Tell whether the block has no room for another frame.

    Parameters
    ----------
    status : float64[2], in
        Rows of the block in use.

    Returns
    -------
    bool
        True when `fold_block` is due.
    """
    return bool(status[PENDING] >= BLOCK_TICKS)
