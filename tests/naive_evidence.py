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


def sudden_statistic(smooth: F64, ratio: float) -> float:
    """Sum of both forms, the long one at most half the short one, or less where that is asked."""
    return float(smooth[0] + min(smooth[1], min(ratio, 0.5) * smooth[0]))


def largest(values: F64) -> float:
    """Return the largest, at least -1."""
    return float(max([-1.0, *values]))


def lasting(habit: F64) -> float:
    """Return the long form, at most 1.5 times the short one."""
    return float(min(habit[1], 1.5 * habit[0]))


def worst_series(
    z: F64, u: F64, judged: F64, habits: F64, limit: float, short: float, long: float
) -> tuple[F64, float]:
    """Each series' min(|z|, cap)^2 + min(|u|, cap)^2 <= 300, lasting, over its usual; the largest.

    Habits, row 3: ticks in a row above the usual.
    """
    habits = habits.copy()
    heights = [-1.0]
    for j in np.flatnonzero(judged):
        own = min(min(abs(z[j]), limit) ** 2 + min(abs(u[j]), limit) ** 2, 300)
        habits[:2, j], _ = smooth_statistic(habits[:2, j], own, short, long, 1)
        heights.append(lasting(habits[:, j]) / habits[2, j])
        habits[3, j] = habits[3, j] + 1 if heights[-1] > 1 else 0
    return habits, max(heights)


def exponential(x: float) -> float:
    """e^x."""
    return math.exp(x)


def follow_usual(usual: float, height: float, pace: float) -> float:
    """Q <- Q exp(pace (1[above] - 0.001)), at least 0.5."""
    return max(0.5, usual * math.exp(pace * (float(height > usual) - 0.001)))


def learn_usual(height: float, usual: float, seen: float, rate: float, gate: float) -> float:
    """Q follows at 20 a, a = warm rate as if 20 more were seen."""
    return follow_usual(usual, height, 20 * max(rate, 1 / (seen + 20)) * gate)


def innovation(innovations: F64, j: int) -> float:
    """u_t - a u_t-1, with a the product of both over the square, in [0, 0.98]."""
    echoed, power, _, _, before, now = innovations[:6, j]
    return float(now - np.clip(echoed / (power + 0.01), 0, 0.98) * before)


def innovate(
    u: F64, judged: F64, innovations: F64, limit: float
) -> tuple[F64, tuple[float, float]]:
    """Move the last two u on; mean square of the innovations over their sigmas, of the judged.

    And the largest of EW(1/30), at most 1.5 EW(1/8), of their squares up to 25, over the usual.
    """
    after = innovations.copy()
    after[4], after[5] = innovations[5], np.clip(u, -limit, limit)
    named = np.flatnonzero(judged).tolist()
    if not named or len(u) == 1:
        return after, (-1.0, -1.0)
    squares = np.array(
        [min(abs(innovation(after, j)) / (np.sqrt(after[2, j]) + 0.01), limit) ** 2 for j in named]
    )
    for row, ticks in ((6, 30), (7, 8)):
        after[row, named] += (np.minimum(squares, 25) - after[row, named]) / ticks
    lasting = np.minimum(after[6, named], 1.5 * after[7, named])
    return after, (float(squares.mean()), float((lasting / after[8, named]).max()))


def learn_innovations(present: F64, innovations: F64, rate: float, gate: float) -> F64:
    """EW of u_t u_t-1 and u_t-1^2, u cut at 4, of the innovation^2, at 4 sigmas; the usual."""
    after = innovations.copy()
    for j in np.flatnonzero(present).tolist():
        own = innovations[:, j]
        limit = 4 * (np.sqrt(own[2]) + 0.01)
        new = np.clip(innovation(innovations, j), -limit, limit)
        before, now = np.clip(own[4:6], -4, 4)
        towards = np.array([now * before, before**2, new**2])
        step = max(rate, 1 / (own[3] + 20)) * gate
        after[:3, j] += step * (towards - own[:3])
        after[3, j] += 1
        after[8, j] = follow_usual(own[8], own[6], 2 * step)
    return after


def stand(z: F64, judged: F64, lean: F64, habits: F64) -> tuple[F64, F64]:
    """EW(1/30) and EW(1/8) of z less lean, cut at 5; the first in 0 to 1.5 of the second."""
    after, named = habits.copy(), judged > 0
    for row, ticks in ((4, 30), (5, 8)):
        after[row, named] += (np.clip((z - lean)[named], -5, 5) - habits[row, named]) / ticks
    long, now = after[4, named], after[5, named]
    after[4, named] = np.clip(long, np.minimum(1.5 * now, 0), np.maximum(1.5 * now, 0))
    return after, np.where(named, after[4], 0.0)


def shift_together(
    z: F64, judged: F64, ends: list[tuple[int, int]], weights: F64, lean: F64, habits: F64
) -> tuple[F64, F64, float]:
    """Squared mean of where a series and those related to it stand; the largest over its usual."""
    after, stance = stand(z, judged, lean, habits)
    together, shift = np.full(len(z), -1.0), -1.0
    for j in np.flatnonzero(judged):
        related = [
            (b if a == j else a, 1 if weight >= 0 else -1)
            for (a, b), weight in zip(ends, weights, strict=True)
            if j in (a, b)
        ]
        if related:
            parts = [stance[j], *(sign * stance[other] for other, sign in related)]
            together[j] = float(np.mean(parts)) ** 2
            shift = max(shift, together[j] / habits[6, j])
    return after, together, shift


def learn_stands(together: F64, usual: F64, seen: F64, rate: float, gate: float) -> F64:
    """Move what is usual for the squared mean as that of a series' statistic."""
    learnt = [learn_usual(*own, rate, gate) for own in zip(together, usual, seen, strict=True)]
    return np.where(together >= 0, learnt, usual)


def temper(exponent: float, burst: float, slope: float) -> float:
    """P up to 1; linear to 2 + log10 burst at P = 2; a lesser slope from there to 4.5; slope 1."""
    top = 2 + np.log10(burst)
    end = 2 + (4.5 - top) / slope
    return float(np.interp(exponent, [0, 1, 2, end, end + 100], [0, 1, top, 4.5, 104.5]))


def verdict(
    alert: float, relation: float, series: float, new: float, moves: float, shift: float
) -> tuple[float, int]:
    """Each channel less its share, the group's mixed with what is new; the loudest, tempered."""
    group = max(0.0, alert + np.log10(0.45))
    if new >= 0 and group > 0:
        group = 0.5 * group + 0.5 * new
    alone = temper(max(0.0, series + np.log10(0.2)), 5, 0.5)
    shifted = temper(max(0.0, shift + np.log10(0.05)), 2.5, 0.5)
    level = max(temper(group, 2.25, 0.28), alone, shifted)
    related = temper(max(0.0, relation + np.log10(0.2), moves + np.log10(0.1)), 2.5, 0.5)
    return max(level, related), int(related > level)


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
