"""Leads and lags: by how many ticks one end of a relation goes before the other.

A relation is judged by what its ends do at the same tick. Beside that each edge learns the mean
product of its ends some ticks apart, either way: the cross-correlation, whose peak is the lag. A
block of frames is enough to learn from now and then, so that an edge costs next to nothing a tick.
"""

from __future__ import annotations

import numpy as np

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64, U32
from hebbstream.kernels.layout import (
    BLOCK_TICKS,
    CELL_WHOLE,
    LAG_BLOCKS,
    LAG_WAIT,
    LAGGED,
    LAGS,
    PAIR_BLOCK_TICKS,
    PENDING,
)
from hebbstream.kernels.slots import turn_block

#: Of the blocks that enter the traces of all pairs, lags are learnt from one in so many.
LEARNT_ONE_IN = BLOCK_TICKS // PAIR_BLOCK_TICKS
#: Rows of a block from which it tells of lags.
LAG_ROWS_MIN = 8


@kernel
def learn_lags(
    ends: U32, edge_values: F32, turned: F32, cells: F32, pace: F32, rate: float, gate: float
) -> None:
    """Let each edge learn from a turned block how its ends move some ticks apart.

    Parameters
    ----------
    ends : uint32[2, m], in
        Source and target of each edge.
    edge_values : float32[23, m], in/out
        State of the edges; one with a sample missing in the block is left alone.
    turned, cells, pace : float32[2, n, b], float32[3, n], float32[64], in
        From `turn_block`.
    rate : float64
        EW rate of a tick; a block stands for BLOCK_TICKS of them.
    gate : float64
        Factor on it, in (0, 1].
    """
    width = turned.shape[2]
    least = min(rate * BLOCK_TICKS, 1.0)
    for lag in range(-LAGS, LAGS + 1):
        head, tail = max(lag, 0), max(-lag, 0)
        weight = np.float32(0.0)
        for t in range(head, width - tail):
            weight += pace[t] * pace[t - lag]
        if weight <= np.float32(0.0):
            return
        means = edge_values[LAGGED + LAGS + lag]
        for e in range(ends.shape[1]):
            i, j = ends[0, e], ends[1, e]
            if cells[CELL_WHOLE, i] == 0.0 or cells[CELL_WHOLE, j] == 0.0:
                continue
            a, b = turned[0, i, tail : width - head], turned[0, j, head : width - tail]
            product = np.float32(0.0)
            for t in range(a.shape[0]):
                product += a[t] * b[t]
            step = max(least, 1.0 / (edge_values[LAG_BLOCKS, e] + 1.0)) * gate
            means[e] += step * (product / weight - means[e])
    for e in range(ends.shape[1]):
        i, j = ends[0, e], ends[1, e]
        if cells[CELL_WHOLE, i] != 0.0 and cells[CELL_WHOLE, j] != 0.0:
            edge_values[LAG_BLOCKS, e] = min(edge_values[LAG_BLOCKS, e] + gate, 1.0 / least)


@kernel
def time_pairs(
    ends: U32,
    edge_values: F32,
    block: F32,
    status: F64,
    turned: F32,
    cells: F32,
    pace: F32,
    rate: float,
) -> None:
    """Let edges learn their lags from a block that is about to enter the traces, now and then.

    Parameters
    ----------
    ends : uint32[2, m], in
        Source and target of each edge.
    edge_values : float32[23, m], in/out
        State of the edges.
    block : float32[2, b, n], in
        From `gather`.
    status : float64[3], in/out
        Blocks since the last time; the rows in use stay as they are.
    turned, cells, pace : float32[2, n, b], float32[3, n], float32[64], out
        Scratch.
    rate : float64
        EW rate of a tick.
    """
    status[LAG_WAIT] += 1.0
    rows = int(status[PENDING])
    if status[LAG_WAIT] < LEARNT_ONE_IN or rows < LAG_ROWS_MIN or ends.shape[1] == 0:
        return
    status[LAG_WAIT] = 0.0
    turn_block(block, status, 0.0, turned, cells, pace)
    status[PENDING] = rows
    # The block holds rates, and a young series' is above that of all.
    gate = min(float(pace[rows - 1]) ** 2 / rate, 1.0)
    if gate > 0.0:
        learn_lags(ends, edge_values, turned, cells, pace, rate, gate)
