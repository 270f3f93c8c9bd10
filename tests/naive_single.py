"""Twins of the kernels of a lone series, written from the formulas: nothing changed in place."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

import naive
from hebbstream.arrays import F64
from hebbstream.kernels import layout as at


def look(x: float, basis: F64, lanes: F64, sole: F64, rates: F64, floor: float) -> tuple[F64, F64]:
    """Lanes and their z: x, x - course, x - EW(x), ln(EW(contrast^2) + 1e-4) - course; five views.

    Returns the lanes' values and what is known of the series afterwards.
    """
    short, medium, long, rough_rate = rates
    moments, coefficients = lanes[:6], lanes[10:]
    known, first = len(coefficients) > 0, sole[at.SOLE_SEEN] == 0
    course = basis @ coefficients if known else moments[at.MEAN]
    after = sole.copy()
    followed = x if first else sole[at.FOLLOWED]
    after[at.FOLLOWED] = followed + rough_rate * (x - followed)
    values = np.array([x, x - course[0], x - after[at.FOLLOWED], 0.0])
    z = naive.standardise(values, np.zeros(4), moments, floor)[0]
    square = naive.clip(z[2], 10) ** 2
    after[at.ROUGHNESS] += rough_rate * (square - sole[at.ROUGHNESS])
    rough = math.log(after[at.ROUGHNESS] + 1e-4)
    values[3] = rough - (course[3] if known else 0.0)
    if first:
        values[1] = values[3] = 0.0
    z = naive.standardise(values, np.zeros(4), moments, floor)[0]
    level, off = naive.clip(z[0], 10), naive.clip(z[1], 10)
    for place, rate, new in (
        (at.MEAN_SHORT, short, off),
        (at.MEAN_MEDIUM, medium, off),
        (at.MEAN_LONG, long, level),
    ):
        after[place] += rate * (new - sole[place])
    means = after[[at.MEAN_SHORT, at.MEAN_MEDIUM, at.MEAN_LONG]]
    after[at.FIRST_VIEW : at.FIRST_VIEW + 5] = np.abs([z[0], *means, z[3]])
    return values, after


def learn_lanes(
    taught: F64,
    values: F64,
    basis: F64,
    lanes: F64,
    rates: tuple[float, float, float],
    day: float,
    *,
    course: bool,
) -> F64:
    """Each lane's moments learn its value; x and the roughness also learn a course.

    `rates` are those of the level, of the course and of the range; the clip is 20, the floor .01.
    Without a course yet, only level and contrast learn.
    """
    rate, clock_rate, range_rate = rates
    learnt = lanes.copy()
    for j, value in enumerate(values):
        if course or j in (0, 2):
            learnt[:6, j] = naive.learn_moments(
                value, lanes[:6, j], rate if j == 0 else clock_rate, 1.0, 20, 0.01, range_rate
            )
        if len(basis) and not np.isnan(taught[j]):
            learnt[10:, j], learnt[6:10, j] = naive.learn_clock(
                taught[j], basis, lanes[10:, j], lanes[6:10, j], clock_rate, 1.0, day
            )
    return learnt


def judge_views(
    histograms: F64, priors: F64, views: F64, warm: NDArray[np.bool_]
) -> tuple[float, F64]:
    """Largest exponent of the warm views, tails from .98 and .998; what each counts afterwards."""
    exponents = np.array(
        [
            naive.tail_exponent(h, prior, naive.log_statistic(v), 0.98, 0.998, 0.1)
            if judged
            else 0.0
            for h, prior, v, judged in zip(histograms, priors, views, warm, strict=True)
        ]
    )
    return float(exponents.max()), np.where(exponents > 3, 0.1, 1.0)


def recall_time(days: list[F64], slot: int, once: float) -> float:
    """Exponent of the loudest of three neighbouring slots, EW over the days that are over.

    `days` hold each day's peaks per slot; a peak below `once` is none. The rate is 0.3, at first
    that of a plain mean that starts with one silent day.
    """
    heard = np.zeros(len(days[0]))
    for count, day in enumerate(days, start=1):
        heard += max(0.3, 1 / (count + 1)) * (np.where(day >= once, day, 0.0) - heard)
    return float(np.roll(heard, 1 - slot)[:3].max())


def slot_of(time: int, period: int, slots: int) -> int:
    """Whole slots that have passed of this period, in whole numbers."""
    return time % period * slots // period


def recall_week(weeks: list[F64], slot: int, once: float) -> float:
    """Median over the last three weeks of the loudest of three neighbouring slots.

    `weeks` hold each week's peaks per slot; a peak below 0.85 of `once` is none, as are those of
    weeks that were not seen.
    """
    heard = [np.where(week >= 0.85 * once, week, 0.0) for week in weeks[-3:]]
    heard += [np.zeros(len(weeks[0]))] * (3 - len(heard))
    return float(np.median([np.roll(week, 1 - slot)[:3].max() for week in heard]))


def count_episodes(
    exponent: float, days: float, episodes: float, excesses: list[float], once: float
) -> float:
    """P0 + (P - P0) / mean excess + min(1, P - P0) log10((60 + days) / (60 + episodes))."""
    if exponent <= once:
        return exponent
    mean = (3 + math.log(10) * sum(min(e, 2.0) for e in excesses)) / (3 + len(excesses))
    raised = max(0.0, math.log10((60 + days) / (60 + episodes)))
    beyond = exponent - once
    return once + beyond / min(1.0, max(0.3, mean)) + min(1.0, beyond) * raised


def tell(
    exponent: float,
    before: tuple[float, float],
    alike: float,
    ticks: float,
    cuts: tuple[float, float],
) -> tuple[float, float, float]:
    """Give what is published, what counts as told, and the habit, from now on.

    `before` are told, 0 when nothing was of late, and habit; `alike` counts what was told from half
    a decade less on; `cuts` are what comes once a day and the alert line.
    """
    (told, habit), (once, line) = before, cuts
    if exponent < once:
        quiet = exponent if told == 0 else min(exponent, max(0.0, once - max(0.0, habit)))
        return quiet, told, habit
    if told == 0 or exponent > told + 1 or told < line <= exponent:
        told = exponent
        habit = 0.7 * math.log10((3 + alike) / (3 + ticks * 10**-exponent))
    return max(0.0, min(exponent, told) - habit), told, habit


def pass_tick(sole: F64, day: float, growth: float) -> F64:
    """Let counts of episodes fade within a year of days, what was told within the memory."""
    after = sole.copy()
    fading = [at.EPISODE_DAYS, at.EPISODES, at.EPISODES_OVER, at.EPISODE_EXCESS]
    after[fading] *= 1 - 1 / (365 * day)
    after[at.EPISODE_DAYS] += 1 / day
    after[at.TOLD_TICKS] = sole[at.TOLD_TICKS] * (1 - growth) + 1
    after[at.TOLD_LEFT] = max(0.0, sole[at.TOLD_LEFT] - 1)
    after[at.TOLD_INCREMENT] = sole[at.TOLD_INCREMENT] * (1 + growth)
    return after
