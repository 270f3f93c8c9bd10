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
    for j in range(z.shape[0]):
        q = min(max(z[j], -limit), limit)
        values[j] = q
        rates[j] = 0.0
        if present[j] > 0.0:
            step = max(rate, 1.0 / (activity[ACTIVITY_COUNT, j] + 1.0)) * gate
            rates[j] = gate if apart != 0 else step
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
    rates : float32[b, n], in
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
def fold_row_evenly(trace: F32, values: F32, rates: F32, i: int, rows: int) -> None:
    """Enter a block into one row of traces, where each tick has one rate: four ticks a pass.

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
    block : float32[2, b, n], in
        From `gather`.
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
