"""Twins of the kernels in `breaks`, written from the formulas, without a thought for speed."""

from __future__ import annotations

import numpy as np

from hebbstream.arrays import F64, U32
from hebbstream.kernels import layout as at


def cut_frame(z: F64, present: F64) -> tuple[F64, float]:
    """Cut a frame at 20 sigmas, and count its missing samples."""
    return np.clip(z, -20, 20), len(present) - present.sum()


def face_ends(cut: F64, present: F64, ends: U32, first: int, last: int) -> F64:
    """Both ends of each edge, and whether both are there."""
    i, j = ends[:, first:last]
    return np.stack([cut[i], cut[j], present[i] * present[j]])


def judge_edges(
    values: F64, first: int, last: int, rate: float, pairs: F64
) -> tuple[F64, F64, float]:
    """M = min((z_i -+ z_j)^2 / (spread + 0.01), 400) where both are there and nobody muted it."""
    values, breaks = values.copy(), pairs.copy()
    for k, (a, b, there) in enumerate(pairs.T):
        e = first + k
        if there:
            values[at.FAST_TRACE, e] += rate * (a * b - values[at.FAST_TRACE, e])
        breaks[:, k] = 0, b, 0
        if there and not values[at.MUTED, e]:
            d = a - b if values[at.WEIGHT, e] >= 0 else a + b
            m = min(d * d / (values[at.SPREAD, e] + 0.01), 400)
            values[at.EDGE_BREAK, e] += rate * (m - values[at.EDGE_BREAK, e])
            breaks[:, k] = m, b, 1
    return values, breaks, float(breaks[2].sum())


def sum_breaks(
    ends: U32, first: int, last: int, pairs: F64, node: F64, count: F64
) -> tuple[F64, F64]:
    """Every break counts at both of its ends; an edge that is not judged counts at none."""
    node, count = node.copy(), count.copy()
    for (i, j), (m, _, there) in zip(ends[:, first:last].T, pairs.T, strict=True):
        for end in (i, j):
            node[end] += m
            count[end] -= 1 - there
    return node, count


def break_evidence(
    z: F64, present: F64, ends: U32, values: F64, activity: F64, rate: float
) -> tuple[F64, F64, F64, float]:
    """M = min((z_i -+ z_j)^2 / (spread + 0.01), 400); node mean; the largest smoothed node."""
    q, e, a = np.clip(z, -20, 20), values.copy(), activity.copy()
    a[at.FAST] += present * rate * (q * q - a[at.FAST])
    listed: list[list[float]] = [[] for _ in q]
    for k, (i, j) in enumerate(ends.T):
        if present[i] and present[j]:
            d = q[i] - (1 if e[at.WEIGHT, k] >= 0 else -1) * q[j]
            m = min(d * d / (e[at.SPREAD, k] + 0.01), 400)
            if e[at.MUTED, k] == 1:
                e[at.FAST_TRACE, k] += rate * (q[i] * q[j] - e[at.FAST_TRACE, k])
                continue
            e[at.EDGE_BREAK, k] += rate * (m - e[at.EDGE_BREAK, k])
            e[at.FAST_TRACE, k] += rate * (q[i] * q[j] - e[at.FAST_TRACE, k])
            listed[i].append(m)
            listed[j].append(m)
    node = np.array([np.mean(m) if m else 0.0 for m in listed])
    seen = np.array([bool(m) for m in listed])
    a[at.NODE_BREAK_NOW, seen] += 6 * rate * (node - a[at.NODE_BREAK_NOW])[seen]
    lasting = a[at.NODE_BREAK] + rate * (node - a[at.NODE_BREAK])
    a[at.NODE_BREAK, seen] = np.minimum(lasting, 2 * a[at.NODE_BREAK_NOW])[seen]
    return node, e, a, float(a[at.NODE_BREAK, seen].max()) if seen.any() else -1.0


def measure_apart(z: F64, present: F64, ends: U32, values: F64) -> F64:
    """Squared difference of the ends (sum, where opposed), -1 where one is missing."""
    i, j = ends
    sign = np.where(values[at.WEIGHT] >= 0, 1, -1)
    q = np.clip(z, -20, 20)
    return np.where(present[i] * present[j] > 0, (q[i] - sign * q[j]) ** 2, -1.0)


def learn_spread(apart: F64, values: F64, rate: float, gate: float) -> F64:
    """Spread = EW of the squared difference, winsorised at 4 sigmas."""
    e = values.copy()
    for k in np.flatnonzero(apart >= 0):
        spread, count = e[at.SPREAD, k], e[at.SPREAD_COUNT, k]
        square = min(apart[k], 16 * (spread + 0.01))
        e[at.SPREAD, k] += max(rate, 1 / (count + 1)) * gate * (square - spread)
        e[at.SPREAD_COUNT, k] += 1
    return e
