"""Naive twins of the kernels of evidence, written from the formulas."""

from __future__ import annotations

import math

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


def worst_series(
    z: F64, u: F64, judged: F64, habits: F64, limit: float, short: float, long: float, ratio: float
) -> tuple[F64, float]:
    """Each series' smoothed min(|z|, cap)^2 + min(|u|, cap)^2 over its usual; the largest."""
    habits = habits.copy()
    heights = [-1.0]
    for j in np.flatnonzero(judged):
        own = min(abs(z[j]), limit) ** 2 + min(abs(u[j]), limit) ** 2
        habits[:2, j], height = smooth_statistic(habits[:2, j], own, short, long, ratio)
        heights.append(height / habits[2, j])
    return habits, max(heights)


def learn_usual(height: float, usual: float, seen: float, rate: float, gate: float) -> float:
    """Q <- Q exp(20 a (1[above] - 0.001)), at least 0.5; a = warm rate as if 20 more were seen."""
    pace = 20 * max(rate, 1 / (seen + 20)) * gate
    return max(0.5, usual * math.exp(pace * (float(height > usual) - 0.001)))


def temper(exponent: float) -> float:
    """P up to 1; linear to 2 + log10 5 at P = 2; half the slope up to P = 5; beyond, P's own."""
    top = 2 + np.log10(5)
    return float(np.interp(exponent, [0, 1, 2, 5], [0, 1, top, top + 1.5])) + max(0.0, exponent - 5)


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
