"""Traces: the decayed co-activity of every pair of series (Hebb 1949), gathered in blocks.

Divided by the activities of its two series a trace is their correlation. Frames enter block by
block, so that a row of traces is read once for many ticks and stays in the first cache.
"""

from __future__ import annotations

import numpy as np

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64
from hebbstream.kernels.layout import ACTIVITY, ACTIVITY_COUNT, ECHO, PENDING, PREVIOUS
from hebbstream.kernels.rules import FLUSH


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
    apart: int,
) -> None:
    """Add a frame to the block, and update each series' own activity.

    Parameters
    ----------
    z, present : float32[n], in
        Standardised frame and where it has samples.
    activity : float64[7, n], in/out
        State of the series.
    block : float32[2, b, n], in/out
        Clipped frames, and the rate of each of their samples (0 where missing).
    status : float64[3], in/out
        Rows of the block in use.
    rate, gate : float64
        EW rate once warm, and the factor on it.
    clip : float64
        Sigmas a sample is cut to.
    apart : int
        1 where each pair keeps its own count: the block then holds the gate in place of rates.
    """
    p = int(status[PENDING])
    limit = np.float32(clip)
    values, rates = block[0, p], block[1, p]
    own, echo = activity[ACTIVITY], activity[ECHO]
    before, counts = activity[PREVIOUS], activity[ACTIVITY_COUNT]
    for j in range(z.shape[0]):
        q = min(max(z[j], -limit), limit)
        values[j] = q
        # A step of 0 in place of a branch: several series are then taken at once.
        step = max(rate, 1.0 / (counts[j] + 1.0)) * gate * present[j]
        rates[j] = gate * present[j] if apart != 0 else step
        own[j] += step * (q * q - own[j])
        echo[j] += step * (q * before[j] - echo[j])
        counts[j] += present[j]
        before[j] = q
    status[PENDING] = p + 1.0


@kernel
def one_rate(rates: F32, rows: int) -> bool:
    """Tell whether every sample of each row of a block has the same rate.

    Parameters
    ----------
    rates : float32[b, n], in
        Rates of a block.
    rows : int
        Rows in use.

    Returns
    -------
    bool
        True when the faster form of `fold_block` may be used.
    """
    others = 0
    for t in range(rows):
        row, first = rates[t], rates[t, 0]
        for j in range(row.shape[0]):
            others += 1 if row[j] != first else 0
    return others == 0


@kernel
def fold_row(trace: F32, values: F32, rates: F32, i: int, rows: int) -> None:
    """Enter a block into one row of traces, where rates differ or samples are missing.

    Parameters
    ----------
    trace : float32[n - 1 - i], in/out
        Traces of series i with those after it.
    values, rates : float32[b, n], in
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
def weigh_rows(rates: F32, rows: int) -> float:
    """Turn the rates of a block in which each tick has one into what each tick counts at its end.

    Parameters
    ----------
    rates : float32[b, n], in/out
        Rates of a block; on return the first column holds the weights.
    rows : int
        Rows in use.

    Returns
    -------
    float64
        What is kept of what was there before the block.
    """
    keep = np.float32(1.0)
    for t in range(rows - 1, -1, -1):
        rate = rates[t, 0]
        rates[t, 0] = keep * rate
        keep *= np.float32(1.0) - rate
    return float(keep)


@kernel
def fold_row_evenly(trace: F32, values: F32, weights: F32, i: int, rows: int, keep: float) -> None:
    """Enter a block into one row of traces, where each tick has one rate: eight ticks a pass.

    Parameters
    ----------
    trace : float32[n - 1 - i], in/out
        Traces of series i with those after it.
    values, weights : float32[b, n], in
        The block; the weights of its ticks in the first column, from `weigh_rows`.
    i : int
        Series index.
    rows : int
        Rows of the block in use.
    keep : float64
        From `weigh_rows`.
    """
    kept = np.float32(keep)
    t = 0
    while t + 8 <= rows:
        a0, a1 = weights[t, 0] * values[t, i], weights[t + 1, 0] * values[t + 1, i]
        a2, a3 = weights[t + 2, 0] * values[t + 2, i], weights[t + 3, 0] * values[t + 3, i]
        a4, a5 = weights[t + 4, 0] * values[t + 4, i], weights[t + 5, 0] * values[t + 5, i]
        a6, a7 = weights[t + 6, 0] * values[t + 6, i], weights[t + 7, 0] * values[t + 7, i]
        v0, v1 = values[t, i + 1 :], values[t + 1, i + 1 :]
        v2, v3 = values[t + 2, i + 1 :], values[t + 3, i + 1 :]
        v4, v5 = values[t + 4, i + 1 :], values[t + 5, i + 1 :]
        v6, v7 = values[t + 6, i + 1 :], values[t + 7, i + 1 :]
        for j in range(trace.shape[0]):
            early = a0 * v0[j] + a1 * v1[j] + a2 * v2[j] + a3 * v3[j]
            late = a4 * v4[j] + a5 * v5[j] + a6 * v6[j] + a7 * v7[j]
            trace[j] = kept * trace[j] + early + late
        kept = np.float32(1.0)
        t += 8
    while t < rows:
        a, v = weights[t, 0] * values[t, i], values[t, i + 1 :]
        for j in range(trace.shape[0]):
            trace[j] = kept * trace[j] + a * v[j]
        kept = np.float32(1.0)
        t += 1


@kernel
def fold_block(traces: F32, block: F32, status: F64) -> None:
    """Enter the gathered frames into the traces of all pairs, and empty the block.

    Parameters
    ----------
    traces : float32[n (n - 1) / 2], in/out
        Row by row above the diagonal.
    block : float32[2, b, n], in/out
        From `gather`; of no use on return.
    status : float64[3], in/out
        Rows of the block in use; 0 on return.
    """
    rows = int(status[PENDING])
    status[PENDING] = 0.0
    values, rates = block[0], block[1]
    n = values.shape[1]
    if rows == 0 or n < 2:
        return
    even = one_rate(rates, rows)
    keep = weigh_rows(rates, rows) if even else 1.0
    start = 0
    for i in range(n - 1):
        trace = traces[start : start + n - 1 - i]
        if even:
            fold_row_evenly(trace, values, rates, i, rows, keep)
        else:
            fold_row(trace, values, rates, i, rows)
        for j in range(trace.shape[0]):
            x = trace[j]
            trace[j] = x if abs(x) >= np.float32(FLUSH) else np.float32(0.0)
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
