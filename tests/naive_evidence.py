"""Naive twins of the kernels of evidence, written from the formulas."""

from __future__ import annotations

import numpy as np

from hebbstream.arrays import F64


def calm_newcomers(z: F64, seen: F64, warmup: float, limit: float) -> F64:
    """Cut z to +-limit where fewer samples than the warm-up were seen."""
    return np.where(seen < warmup, np.clip(z, -limit, limit), z)


def mean_squares(z: F64, u: F64, judged: F64, limit: float) -> float:
    """Mean of min(|z|, cap)^2 plus mean of min(|u|, cap)^2 over the judged."""
    if not judged.any():
        return -1.0
    cut = [np.clip(v[judged > 0], -limit, limit) for v in (z, u)]
    return float(sum((v**2).mean() for v in cut))


def smooth_statistic(
    smooth: F64, statistic: float, short: float, long: float, ratio: float
) -> tuple[F64, float]:
    """EW at both horizons; their sum, the long one limited to a multiple of the short one."""
    both = smooth[:2] + np.array([short, long]) * (statistic - smooth[:2])
    return both, float(both[0] + min(both[1], ratio * both[0]))


def excess(sigmas: F64, cap: float) -> F64:
    """(min(|x|, cap) - 1)^1.5 where that is positive, else 0."""
    over: F64 = np.maximum(np.minimum(abs(sigmas), cap) - 1, 0)
    return over**1.5


def rank_series(
    z: F64, u: F64, broken: F64, lasting: F64, judged: F64, cap: float, relation: float
) -> F64:
    """Excess of z, of u, of sqrt b, and, weighted, of sqrt B."""
    own = excess(z, cap) + excess(u, cap) + excess(np.sqrt(broken), cap)
    return np.where(judged > 0, own + relation * excess(np.sqrt(lasting), cap), 0.0)
