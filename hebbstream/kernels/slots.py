"""Slots: pairs on trial in groups too large to trace every pair, and edges that trace themselves.

A pair's correlation comes from four decayed sums over the ticks where both its series are present,
so it starts from nothing at any tick, a gap changes no correlation, and |r| <= 1 always. Frames
enter block by block: two rows of a turned block give a pair's share of 64 ticks in one short loop.
"""

from __future__ import annotations

import math

import numpy as np

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64, I32, U32
from hebbstream.kernels.growth import insert_strongest, sigmas_of
from hebbstream.kernels.layout import (
    ACTIVITY,
    CELL_POWER,
    CELL_WEIGHT,
    CELL_WHOLE,
    PENDING,
    SLOT_AGE,
    SUM_PRODUCT,
    SUM_SOURCE,
    SUM_TARGET,
    SUM_WEIGHT,
)
from hebbstream.kernels.rules import FLUSH

WEIGHT_LIMIT = 0.9999
#: Series whose rows are turned together, so that they stay in the first cache.
TILE = 64
#: What stands for an edge in a list of the strongest; slots are listed by number, nothing as -1.
IS_EDGE = -2
#: A trial ends early when the correlation is this many standard errors below what may grow.
HOPELESS_SIGMAS = 2.0
#: Share of a trial that a pair has to stand before it may grow.
RIPE_SHARE = 0.5
#: Effective samples before a trial may end early.
HOPELESS_MIN = 12.0
#: Trials after which a pair that cannot be decided is given up.
TRIALS_MAX = 64.0


@kernel
def turn_block(block: F32, status: F64, rate: float, turned: F32, cells: F32, pace: F32) -> float:
    """Turn the gathered frames so that each series' samples stand in a row, and empty the block.

    Parameters
    ----------
    block : float32[2, 64, n], in
        Clipped frames, and the gate's factor at each of their samples (0 where missing).
    status : float64[3], in/out
        Rows of the block in use; 0 on return.
    rate : float64
        EW rate of the traces.
    turned : float32[2, n, 64], out
        Samples, and 1 where there is one, both by the root of their weight; 0 where unused.
    cells : float32[3, n], out
        Weighted squares and samples of each series; whether none is missing.
    pace : float32[64], out
        Scratch: root of each tick's weight.

    Returns
    -------
    float64
        Factor by which what was learnt before the block has decayed.
    """
    rows, n = int(status[PENDING]), block.shape[2]
    status[PENDING] = 0.0
    keep = 1.0
    pace[:] = 0.0
    for t in range(rows - 1, -1, -1):
        gate = 0.0
        given = block[1, t]
        for j in range(n):
            gate = max(gate, float(given[j]))
        pace[t] = math.sqrt(gate * keep)
        keep *= 1.0 - rate * gate
    for start in range(0, n, TILE):
        end = min(start + TILE, n)
        for j in range(start, end):
            turned[0, j] = 0.0
            turned[1, j] = 0.0
            cells[CELL_WHOLE, j] = 1.0
        for t in range(rows):
            root, values, given = pace[t], block[0, t], block[1, t]
            for j in range(start, end):
                if given[j] > np.float32(0.0):
                    turned[0, j, t] = root * values[j]
                    turned[1, j, t] = root
                else:
                    cells[CELL_WHOLE, j] = 0.0
    for j in range(n):
        row, there = turned[0, j], turned[1, j]
        power, weight = np.float32(0.0), np.float32(0.0)
        for t in range(row.shape[0]):
            power += row[t] * row[t]
            weight += there[t] * there[t]
        cells[CELL_POWER, j] = power
        cells[CELL_WEIGHT, j] = weight
    return keep


@kernel
def fold_pairs(ends: U32, sums: F32, turned: F32, cells: F32, keep: float) -> None:
    """Enter a turned block into the sums of pairs.

    Parameters
    ----------
    ends : uint32[2, m], in
        The pairs, source before target; others are free slots and are left alone.
    sums : float32[4, m], in/out
        Decayed sums, see layout.
    turned, cells : float32[2, n, 64], float32[3, n], in
        From `turn_block`.
    keep : float64
        Factor on the sums, from `turn_block`.
    """
    still = np.float32(keep)
    for e in range(ends.shape[1]):
        i, j = ends[0, e], ends[1, e]
        if i >= j:
            continue
        a, b = turned[0, i], turned[0, j]
        product = np.float32(0.0)
        for t in range(a.shape[0]):
            product += a[t] * b[t]
        source, target, weight = cells[CELL_POWER, i], cells[CELL_POWER, j], cells[CELL_WEIGHT, i]
        if cells[CELL_WHOLE, i] == 0.0 or cells[CELL_WHOLE, j] == 0.0:
            there, also = turned[1, i], turned[1, j]
            source, target, weight = np.float32(0.0), np.float32(0.0), np.float32(0.0)
            for t in range(a.shape[0]):
                both = there[t] * also[t]
                weight += both
                source += a[t] * a[t] if both > np.float32(0.0) else np.float32(0.0)
                target += b[t] * b[t] if both > np.float32(0.0) else np.float32(0.0)
        product += still * sums[SUM_PRODUCT, e]
        sums[SUM_PRODUCT, e] = product if abs(product) > np.float32(FLUSH) else np.float32(0.0)
        source += still * sums[SUM_SOURCE, e]
        sums[SUM_SOURCE, e] = source if source > np.float32(FLUSH) else np.float32(0.0)
        target += still * sums[SUM_TARGET, e]
        sums[SUM_TARGET, e] = target if target > np.float32(FLUSH) else np.float32(0.0)
        weight += still * sums[SUM_WEIGHT, e]
        sums[SUM_WEIGHT, e] = weight if weight > np.float32(FLUSH) else np.float32(0.0)


@kernel
def own_correlation(sums: F32, e: int) -> float:
    """Correlation of a pair from its own sums.

    Parameters
    ----------
    sums : float32[4, m], in
        Decayed sums, see layout.
    e : int
        The pair.

    Returns
    -------
    float64
        In +-0.9999; 0 where nothing has moved.
    """
    power = float(sums[SUM_SOURCE, e]) * float(sums[SUM_TARGET, e])
    if power <= 0.0:
        return 0.0
    return min(max(float(sums[SUM_PRODUCT, e]) / math.sqrt(power), -WEIGHT_LIMIT), WEIGHT_LIMIT)


@kernel
def own_count(weight: float, rate: float) -> float:
    """Effective samples behind decayed sums.

    Parameters
    ----------
    weight : float64
        Decayed sum of the ticks.
    rate : float64
        EW rate.

    Returns
    -------
    float64
        Square of the summed weights over the sum of their squares; (2 - rate) / rate in the end.
    """
    bounded = min(weight, 1.0 / rate)
    return bounded * (2.0 - rate) / (2.0 - rate * bounded)


@kernel
def list_edges(ends: U32, own: F32, index: I32, weight: F32) -> None:
    """List the strongest edges of each series.

    Parameters
    ----------
    ends : uint32[2, m], in
        Source and target of each edge.
    own : float32[4, m], in
        Their sums.
    index : int32[n, p], out
        IS_EDGE, or -1 where there are fewer.
    weight : float32[n, p], out
        Their absolute correlations, the strongest first.
    """
    index[:] = -1
    weight[:] = 0.0
    last = index.shape[1] - 1
    for e in range(ends.shape[1]):
        r = abs(own_correlation(own, e))
        for end in range(2):
            j = ends[end, e]
            if r > weight[j, last]:
                insert_strongest(index[j], weight[j], IS_EDGE, r)


@kernel
def list_ripe(
    slot_ends: U32,
    slots: F32,
    activity: F64,
    index: I32,
    weight: F32,
    judged: F64,
    rate: float,
) -> bool:
    """List the pairs on trial that may grow and would be among the strongest of an end.

    Parameters
    ----------
    slot_ends : uint32[2, s], in
        Pairs on trial.
    slots : float32[5, s], in
        Their sums.
    activity : float64[7, n], in
        State of the series.
    index : int32[n, p], in/out
        From `list_edges`; numbers of slots are added.
    weight : float32[n, p], in/out
        Absolute correlations, the strongest first.
    judged : float64[4], in
        Activity of a series that is still, correlation and sigmas from which a pair may grow,
        ticks of a trial.
    rate : float64
        EW rate.

    Returns
    -------
    bool
        True when a pair on trial is listed.
    """
    least, grow, needed, ripe = judged[0], judged[1], judged[2], judged[3] * RIPE_SHARE
    last = index.shape[1] - 1
    listed = False
    for s in range(slot_ends.shape[1]):
        i, j = slot_ends[0, s], slot_ends[1, s]
        if i >= j or slots[SLOT_AGE, s] < ripe:
            continue
        r = abs(own_correlation(slots, s))
        if r < grow or r <= min(weight[i, last], weight[j, last]):
            continue
        count = own_count(slots[SUM_WEIGHT, s], rate)
        sigmas = sigmas_of(activity, int(i), int(j), r, count)
        if sigmas <= needed or min(activity[ACTIVITY, i], activity[ACTIVITY, j]) <= least:
            continue
        listed = True
        for end in range(2):
            j = slot_ends[end, s]
            if r > weight[j, last]:
                insert_strongest(index[j], weight[j], s, r)
    return listed


@kernel
def end_trials(
    slot_ends: U32,
    slots: F32,
    activity: F64,
    weight: F32,
    judged: F64,
    rate: float,
    elapsed: int,
) -> int:
    """Free the slots whose pair cannot become an edge.

    Parameters
    ----------
    slot_ends : uint32[2, s], in/out
        Pairs on trial; a freed slot has both ends 0.
    slots : float32[5, s], in/out
        Their sums, and ticks on trial.
    activity : float64[7, n], in
        State of the series.
    weight : float32[n, p], in
        From `list_ripe`.
    judged : float64[4], in
        See `list_ripe`.
    rate : float64
        EW rate.
    elapsed : int
        Ticks since the last check.

    Returns
    -------
    int
        Slots that are free.
    """
    least, grow, needed, trial = judged[0], judged[1], judged[2], judged[3]
    last = weight.shape[1] - 1
    # Below this Fisher's z no correlation can grow.
    bound = math.atanh(grow)
    free = 0
    for s in range(slot_ends.shape[1]):
        i, j = slot_ends[0, s], slot_ends[1, s]
        if i >= j:
            free += 1
            continue
        slots[SLOT_AGE, s] += elapsed
        r = abs(own_correlation(slots, s))
        count = own_count(slots[SUM_WEIGHT, s], rate)
        sigmas = sigmas_of(activity, int(i), int(j), r, count)
        # sigmas = atanh(r) / error, so this is atanh(r) + 2 error < atanh(grow).
        ended = (
            count >= HOPELESS_MIN
            and r < grow
            and sigmas > 0.0
            and math.atanh(r) * (1.0 + HOPELESS_SIGMAS / sigmas) < bound
        )
        ended |= slots[SLOT_AGE, s] >= trial and r < grow
        ended |= slots[SLOT_AGE, s] >= trial * TRIALS_MAX
        ended |= min(activity[ACTIVITY, i], activity[ACTIVITY, j]) <= least
        # Compared as it was listed, in float32: what is last in a list is not below itself.
        outside = np.float32(r) < min(weight[i, last], weight[j, last])
        ended |= sigmas > needed and r >= grow and outside
        if ended:
            slot_ends[0, s] = 0
            slot_ends[1, s] = 0
            free += 1
    return free


@kernel
def slot_sigmas(activity: F64, pairs: U32, sums: F32, rate: float, sigmas: F64) -> None:
    """Significance of many correlations from their own sums.

    Parameters
    ----------
    activity : float64[7, n], in
        State of the series.
    pairs : uint32[2, c], in
        The pairs.
    sums : float32[4, c], in
        Their sums.
    rate : float64
        EW rate.
    sigmas : float64[c], out
        From `sigmas_of`.
    """
    for p in range(pairs.shape[1]):
        r = abs(own_correlation(sums, p))
        count = own_count(sums[SUM_WEIGHT, p], rate)
        sigmas[p] = sigmas_of(activity, int(pairs[0, p]), int(pairs[1, p]), r, count)
