"""From deviations to one statistic per tick, and to evidence per series.

Level and relation are both squared sigmas, so they are added, not voted; the sum is smoothed over a
short and a long horizon, which sees both sharp and faint faults.
"""

from __future__ import annotations

import math

import numpy as np

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64
from hebbstream.kernels.layout import (
    ELEVATED,
    LONG,
    S_LONG_RATE,
    S_SHORT_RATE,
    SHORT,
    USUAL,
)

FLUSH = 1e-30
#: A series' statistic stays below what is usual for it in all but this share of its ticks.
USUAL_SHARE = 1e-3
#: How fast the usual follows, in multiples of the rate; it starts here and is never lower.
USUAL_PACE = 20.0
USUAL_START = 4.0
USUAL_MIN = 0.5
#: What a series does for long counts at most this many times what it does now; and one tick, for
#: a spike lasts no time, at most so many squared sigmas.
LASTING_RATIO = 1.5
LASTING_CAP = 300.0
#: Of what lasts, the alert takes at most this many times what is now: it is for what begins.
ALERT_RATIO = 0.5
#: The usual is looked for in big steps first, as if this many ticks had been seen.
USUAL_COUNT = 20.0


@kernel
def calm_newcomers(z: F32, seen: F64, warmup: float, limit: float) -> None:
    """Cut what a series that is not judged yet says of its peers.

    The sigma of its first samples is a guess, and its wild z would be explained to its peers as
    theirs.

    Parameters
    ----------
    z : float32[n], in/out
        Standardised frame.
    seen : float64[n], in
        Samples of each series since it joined.
    warmup : float64
        Samples before a series is judged.
    limit : float64
        Sigmas a newcomer is cut to.
    """
    bound = np.float32(limit)
    for j in range(z.shape[0]):
        if seen[j] < warmup:
            z[j] = min(max(z[j], -bound), bound)


@kernel
def mean_squares(
    z: F32, surprise: F64, present: F32, seen: F64, cap: float, warmup: float
) -> float:
    """Fuse a frame: the mean square of level and of relation, over the series that are judged.

    Parameters
    ----------
    z : float32[n], in
        Standardised frame.
    surprise : float64[n], in
        u, the re-standardised residual.
    present : float32[n], in
        1 where there is a sample.
    seen : float64[n], in
        Samples of each series since it joined.
    cap : float64
        Sigmas beyond which a deviation counts no more.
    warmup : float64
        Samples before a series is judged.

    Returns
    -------
    float64
        The sum of both means; -1 when no series is judged.
    """
    total = 0.0
    judged = 0
    for j in range(z.shape[0]):
        if present[j] > 0.0 and seen[j] >= warmup:
            a = min(abs(float(z[j])), cap)
            b = min(abs(surprise[j]), cap)
            total += a * a + b * b
            judged += 1
    return total / judged if judged > 0 else -1.0


@kernel
def smooth_statistic(
    smooth: F64, statistic: float, short_rate: float, long_rate: float, long_ratio: float
) -> float:
    """Smooth the statistic over both horizons.

    Parameters
    ----------
    smooth : float64[3], in/out
        State, see layout.
    statistic : float64
        From `mean_squares`; -1 leaves the state as it is.
    short_rate, long_rate : float64
        EW rates.
    long_ratio : float64
        The long form counts at most this many times the short one: a large fault that is over must
        not outrank a small one that is going on.

    Returns
    -------
    float64
        Sum of both.
    """
    if statistic >= 0.0:
        smooth[SHORT] += short_rate * (statistic - smooth[SHORT])
        smooth[LONG] += long_rate * (statistic - smooth[LONG])
        if smooth[SHORT] < FLUSH:
            smooth[SHORT] = 0.0
        if smooth[LONG] < FLUSH:
            smooth[LONG] = 0.0
    return float(smooth[SHORT] + min(smooth[LONG], long_ratio * smooth[SHORT]))


@kernel
def sudden_statistic(smooth: F64, long_ratio: float) -> float:
    """Statistic of the alert: a fault alarms as it comes, and ranks for as long as it lasts.

    Parameters
    ----------
    smooth : float64[5], in
        State, see layout.
    long_ratio : float64
        As for `smooth_statistic`; at most `ALERT_RATIO` counts.

    Returns
    -------
    float64
        Sum of both forms, the long one limited.
    """
    limit = min(long_ratio, ALERT_RATIO) * smooth[SHORT]
    return float(smooth[SHORT] + min(smooth[LONG], limit))


@kernel
def largest(values: F64) -> float:
    """Find the largest of some values, by four that run side by side: each step waits for its last.

    Parameters
    ----------
    values : float64[n], in
        None of them NaN.

    Returns
    -------
    float64
        The largest; at least -1.
    """
    a, b, c, d = -1.0, -1.0, -1.0, -1.0
    fours = values.shape[0] // 4
    for q in range(fours):
        a = max(a, values[4 * q])
        b = max(b, values[4 * q + 1])
        c = max(c, values[4 * q + 2])
        d = max(d, values[4 * q + 3])
    for j in range(4 * fours, values.shape[0]):
        a = max(a, values[j])
    return max(a, b, c, d)


@kernel
def worst_series(
    z: F32,
    surprise: F64,
    present: F32,
    seen: F64,
    habits: F64,
    cap: float,
    warmup: float,
    settings: F64,
    heights: F64,
) -> float:
    """Find the series that is furthest from what is usual for it; a group dilutes it.

    It is told by what lasts: the noisiest of many series is far out at any tick, but not for long.

    Parameters
    ----------
    z : float32[n], in
        Standardised frame.
    surprise : float64[n], in
        u, the re-standardised residual.
    present : float32[n], in
        1 where there is a sample.
    seen : float64[n], in
        Samples of each series since it joined.
    habits : float64[7, n], in/out
        State, see layout; the smoothed statistics and the ticks above the usual move.
    cap : float64
        Sigmas beyond which a deviation counts no more.
    warmup : float64
        Samples before a series is judged.
    settings : float64[SETTING_ROWS], in
        See layout; how fast both forms follow.
    heights : float64[n], out
        Scratch.

    Returns
    -------
    float64
        Largest smoothed statistic of a series judged now, in multiples of its usual one; -1 when
        none is, or there is only one series.
    """
    n = z.shape[0]
    short_rate, long_rate = settings[S_SHORT_RATE], settings[S_LONG_RATE]
    if n < 2:
        return -1.0
    shorts, fars, ticks = habits[SHORT], habits[LONG], habits[ELEVATED]
    for j in range(n):
        # Selected instead of branched to: several series are then taken at once.
        short, far, above = shorts[j], fars[j], ticks[j]
        judged = (present[j] > 0.0) & (seen[j] >= warmup)
        a, b = min(abs(float(z[j])), cap), min(abs(surprise[j]), cap)
        statistic = min(a * a + b * b, LASTING_CAP)
        near = short + short_rate * (statistic - short)
        long = far + long_rate * (statistic - far)
        height = min(long, LASTING_RATIO * near) / habits[USUAL, j]
        near = near if near > FLUSH else 0.0
        long = long if long > FLUSH else 0.0
        count = above + 1.0 if height > 1.0 else 0.0
        shorts[j] = near if judged else short
        fars[j] = long if judged else far
        ticks[j] = count if judged else above
        # A maximum kept along the way would have to go series by series.
        heights[j] = height if judged else -1.0
    return largest(heights)


@kernel
def exponential(x: float) -> float:
    """Raise e to a small power, without a call and a branch: several series are taken at once.

    Parameters
    ----------
    x : float64
        Between -1 and 1 or not far beyond.

    Returns
    -------
    float64
        e^x: eight terms of the series at x / 8, three times squared; exact to twelve digits.
    """
    x *= 0.125
    e = 1.0 / 120.0 + x * (1.0 / 720.0 + x * (1.0 / 5040.0 + x * (1.0 / 40320.0)))
    e = 1.0 + x * (1.0 + x * (0.5 + x * (1.0 / 6.0 + x * (1.0 / 24.0 + x * e))))
    e *= e
    e *= e
    return e * e


@kernel
def follow_usual(usual: float, height: float, pace: float) -> float:
    """Move what a height usually stays below: a high quantile of it.

    Robbins and Monro (1951), "A stochastic approximation method", on a logarithmic scale.

    Parameters
    ----------
    usual, height : float64
        What it stays below so far, and how high it is now.
    pace : float64
        Step of the logarithm.

    Returns
    -------
    float64
        What it stays below in all but `USUAL_SHARE` of its ticks; at least `USUAL_MIN`.
    """
    step = pace * ((1.0 if height > usual else 0.0) - USUAL_SHARE)
    return max(USUAL_MIN, usual * exponential(step))


@kernel
def learn_usual(
    present: F32,
    seen: F64,
    habits: F64,
    warmup: float,
    rate: float,
    gate: float,
) -> None:
    """Move what is usual for each series towards a high quantile of its statistic.

    Parameters
    ----------
    present : float32[n], in
        1 where there is a sample.
    seen : float64[n], in
        Samples of each series since it joined.
    habits : float64[7, n], in/out
        State, see layout.
    warmup : float64
        Samples before a series is judged.
    rate, gate : float64
        EW rate once warm, and the factor on it.
    """
    usuals = habits[USUAL]
    for j in range(present.shape[0]):
        statistic, usual = min(habits[LONG, j], LASTING_RATIO * habits[SHORT, j]), usuals[j]
        pace = USUAL_PACE * max(rate, 1.0 / (seen[j] + USUAL_COUNT)) * gate
        followed = follow_usual(usual, statistic, pace)
        usuals[j] = followed if (present[j] > 0.0) & (seen[j] >= warmup) else usual


@kernel
def excess(sigmas: float, cap: float) -> float:
    """Weigh a deviation: nothing within one sigma, where everybody is, and more the further out.

    Parameters
    ----------
    sigmas : float64
        At least 0.
    cap : float64
        Sigmas beyond which a deviation counts no more.

    Returns
    -------
    float64
        (min(sigmas, cap) - 1)^1.5, 0 within one sigma.
    """
    over = max(min(sigmas, cap) - 1.0, 0.0)
    return over * math.sqrt(np.float32(over))


@kernel
def rank_series(
    z: F32,
    surprise: F64,
    broken: F64,
    lasting: F64,
    present: F32,
    seen: F64,
    warmup: float,
    cap: float,
    relation: float,
    evidence: F64,
) -> None:
    """Evidence of each series: how far it is off by itself, from its peers, and in its relations.

    Parameters
    ----------
    z : float32[n], in
        Standardised frame.
    surprise, broken, lasting : float64[n], in
        u, the mean break of a series' edges at this tick, and the same smoothed.
    present : float32[n], in
        1 where there is a sample.
    seen : float64[n], in
        Samples of each series since it joined.
    warmup : float64
        Samples before a series is judged.
    cap : float64
        Sigmas beyond which a deviation counts no more.
    relation : float64
        Weight of the smoothed break; above 0 while the relations speak loudest.
    evidence : float64[n], out
        Unnormalised; 0 where missing or not judged.
    """
    for j in range(z.shape[0]):
        total = excess(abs(float(z[j])), cap) + excess(abs(surprise[j]), cap)
        total += excess(math.sqrt(np.float32(broken[j])), cap)
        evidence[j] = total if (present[j] > 0.0) & (seen[j] >= warmup) else 0.0
    if relation == 0.0:
        return
    for j in range(z.shape[0]):
        more = relation * excess(math.sqrt(np.float32(lasting[j])), cap)
        evidence[j] += more if (present[j] > 0.0) & (seen[j] >= warmup) else 0.0
