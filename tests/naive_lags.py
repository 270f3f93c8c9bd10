"""Twins of the kernels of leads and lags, written from the formulas."""

from __future__ import annotations

import naive_graph
from hebbstream.arrays import F64, U32
from hebbstream.kernels import layout as at


def learn_lags(ends: U32, values: F64, samples: F64, there: F64, rate: float, gate: float) -> F64:
    """c_l += s (sum of w_t x(t - l) y(t) over the sum of w_t - c_l), s = max(64 rate, 1 / (k + 1)).

    Only where no sample of the two is missing; `there` is the root of each tick's weight.
    """
    v = values.copy()
    pace = there.max(axis=0)
    for e, (i, j) in enumerate(ends.T.tolist()):
        if not ((there[i] > 0) == (pace > 0)).all() or not ((there[j] > 0) == (pace > 0)).all():
            continue
        blocks = values[at.LAG_BLOCKS, e]
        least = min(64 * rate, 1.0)
        step = max(least, 1 / (blocks + 1)) * gate
        for lag in range(-at.LAGS, at.LAGS + 1):
            pairs = [(t - lag, t) for t in range(len(pace)) if 0 <= t - lag < len(pace)]
            weight = sum(pace[s] * pace[t] for s, t in pairs)
            mean = sum(samples[i, s] * samples[j, t] for s, t in pairs) / weight
            row = at.LAGGED + at.LAGS + lag
            v[row, e] += step * (mean - v[row, e])
        v[at.LAG_BLOCKS, e] = min(blocks + gate, 1 / least)
    return v


def time_pairs(
    ends: U32, values: F64, block: F64, rows: int, waited: float, rate: float
) -> tuple[F64, float]:
    """`learn_lags` from every fourth block of eight rows or more; and the blocks waited since."""
    if waited + 1 < 4 or rows < 8 or not ends.size:
        return values.copy(), waited + 1
    samples, there, _ = naive_graph.turn_block(block[0, :rows], block[1, :rows], 0.0)
    gate = min(block[1, rows - 1].max() / rate, 1.0)
    if gate == 0:
        return values.copy(), 0.0
    return learn_lags(ends, values, samples, there, rate, gate), 0.0
