"""Which pairs may become edges: the strongest of each series, and how sure their correlation is.

Fisher's z with the effective count of an exponential window, reduced for series that remember their
last tick (Bartlett 1935).
"""

from __future__ import annotations

import math

import numpy as np

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64, I32, U8, U32
from hebbstream.kernels.layout import ACTIVITY, ACTIVITY_COUNT, ECHO
from hebbstream.kernels.traces import pair_index

WEIGHT_LIMIT = 0.9999
#: Fewer effective samples than this say nothing.
EFFECTIVE_MIN = 4.0


@kernel
def insert_strongest(index: I32, weight: F32, other: int, strength: float) -> None:
    """Put a candidate in its place in a descending list; it is stronger than the last one.

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
    n, last = activity.shape[1], index.shape[1] - 1
    inverse, row = strength[0], strength[1]
    for i in range(n):
        a = activity[ACTIVITY, i]
        inverse[i] = 1.0 / math.sqrt(a) if a > activity_min else 0.0
    index[:] = -1
    weight[:] = 0.0
    start = 0
    limit = np.float32(grow)
    for i in range(n - 1):
        trace = traces[start : start + n - 1 - i]
        start += n - 1 - i
        if inverse[i] == 0.0:
            continue
        partner = inverse[i + 1 :]
        # Counted, for a maximum would go pair by pair.
        listed = np.float32(0.0)
        for j in range(trace.shape[0]):
            r = abs(trace[j]) * inverse[i] * partner[j]
            row[j] = r
            listed += np.float32(1.0) if r >= limit else np.float32(0.0)
        if listed == np.float32(0.0):
            continue
        for j in range(trace.shape[0]):
            r = min(row[j], np.float32(WEIGHT_LIMIT))
            if r < limit:
                continue
            other = i + 1 + j
            if r > weight[i, last]:
                insert_strongest(index[i], weight[i], other, r)
            if r > weight[other, last]:
                insert_strongest(index[other], weight[other], i, r)


@kernel
def sigmas_of(activity: F64, i: int, j: int, weight: float, count: float) -> float:
    """Fisher's z over its standard error, with samples that remember each other counted for less.

    Parameters
    ----------
    activity : float64[7, n], in
        State of the series.
    i, j : int
        The pair.
    weight : float64
        Absolute correlation, below 1.
    count : float64
        Samples it rests on.

    Returns
    -------
    float64
        Sigmas; 0 with too few effective samples.
    """
    # Bartlett: two series that both remember their last tick hold fewer independent samples.
    echo = 0.0
    if activity[ACTIVITY, i] > 0.0 and activity[ACTIVITY, j] > 0.0:
        echo = (activity[ECHO, i] / activity[ACTIVITY, i]) * (
            activity[ECHO, j] / activity[ACTIVITY, j]
        )
    echo = min(max(echo, 0.0), 0.999)
    effective = count * (1.0 - echo) / (1.0 + echo)
    if effective <= EFFECTIVE_MIN:
        return 0.0
    return math.atanh(weight) * math.sqrt(effective - 3.0)


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
    return sigmas_of(activity, i, j, weight, min(count, (2.0 - rate) / rate))


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
def pair_sigmas(activity: F64, pairs: U32, weight: F32, rate: float, sigmas: F64) -> None:
    """Significance of many correlations.

    Parameters
    ----------
    activity : float64[7, n], in
        State of the series.
    pairs : uint32[2, c], in
        The pairs.
    weight : float32[c], in
        Their absolute correlations, below 1.
    rate : float64
        EW rate of the traces.
    sigmas : float64[c], out
        From `fisher_sigmas`.
    """
    for p in range(pairs.shape[1]):
        i, j = int(pairs[0, p]), int(pairs[1, p])
        sigmas[p] = fisher_sigmas(activity, i, j, weight[p], rate)
