"""The daily course of each series: clock harmonics fitted by robust least mean squares.

Two predictors run side by side, the level alone and the level plus the course; the course is used
while it leaves clearly less variance. Widrow and Hoff (1960) for the step, Huber's clip for
outliers.
"""

from __future__ import annotations

import math

from hebbstream._jit import kernel
from hebbstream.arrays import F64
from hebbstream.kernels.layout import (
    CLOCK_COUNT,
    CLOCK_COURSE_VARIANCE,
    CLOCK_LEVEL,
    CLOCK_LEVEL_VARIANCE,
)

DAY_SECONDS = 86_400.0
CLIP_SIGMAS = 3.0
VARIANCE_CLIP = 81.0
#: A still series must be able to leave a variance of zero: it is at least this share of e^2.
VARIANCE_SHARE_MIN = 1e-4


@kernel
def clock_basis(time: float, basis: F64) -> None:
    """Evaluate the harmonics of the day at a time.

    Parameters
    ----------
    time : float64
        Unix seconds.
    basis : float64[2h + 1], out
        1, then sqrt(2) sin and sqrt(2) cos of each harmonic; may be empty.
    """
    if basis.shape[0] == 0:
        return
    angle = 2.0 * math.pi * (time / DAY_SECONDS - math.floor(time / DAY_SECONDS))
    basis[0] = 1.0
    sine, cosine = math.sin(angle), math.cos(angle)
    s, c = sine, cosine
    for h in range(1, (basis.shape[0] + 1) // 2):
        basis[2 * h - 1] = math.sqrt(2.0) * s
        basis[2 * h] = math.sqrt(2.0) * c
        s, c = s * cosine + c * sine, c * cosine - s * sine


@kernel
def clock_course(
    basis: F64,
    coefficients: F64,
    clock: F64,
    harmonic: F64,
    course: F64,
    day_ticks: float,
    ratio_max: float,
) -> None:
    """Predict each series' course, and decide whether it is used.

    Parameters
    ----------
    basis : float64[2h + 1], in
        From `clock_basis`.
    coefficients : float64[2h + 1, n], in
        Row 0 is the level.
    clock : float64[4, n], in
        State, see layout.
    harmonic : float64[n], out
        The course without the level.
    course : float64[n], out
        The same where it is used, else 0.
    day_ticks : float64
        Samples a series must have seen before its course is used.
    ratio_max : float64
        The course is used while it leaves less than this share of the variance.
    """
    n = course.shape[0]
    for j in range(n):
        harmonic[j] = 0.0
        course[j] = 0.0
    for c in range(1, basis.shape[0], 2):
        sine, cosine = basis[c], basis[c + 1]
        sines, cosines = coefficients[c], coefficients[c + 1]
        for j in range(n):
            harmonic[j] += sine * sines[j] + cosine * cosines[j]
    if basis.shape[0] == 0:
        return
    for j in range(n):
        used = clock[CLOCK_COUNT, j] > day_ticks
        used &= clock[CLOCK_COURSE_VARIANCE, j] < ratio_max * clock[CLOCK_LEVEL_VARIANCE, j]
        course[j] = harmonic[j] if used else 0.0


@kernel
def robust_variance(variance: float, error: float, rate: float, clips: bool) -> float:  # noqa: FBT001
    """One EW step of a variance whose samples are limited to nine sigmas.

    Parameters
    ----------
    variance : float64
        Before.
    error : float64
        The new deviation.
    rate : float64
        EW rate.
    clips : bool
        False in the first samples, when the variance is not known yet.

    Returns
    -------
    float64
        After.
    """
    square = error * error
    if clips:
        square = min(square, VARIANCE_CLIP * max(variance, VARIANCE_SHARE_MIN * square))
    return variance + rate * (square - variance)


@kernel
def clipped(error: float, variance: float, clips: bool) -> float:  # noqa: FBT001
    """Limit a deviation to three sigmas (Huber's clip).

    Parameters
    ----------
    error : float64
        The deviation.
    variance : float64
        Of the deviations before it.
    clips : bool
        False in the first samples, when the variance is not known yet.

    Returns
    -------
    float64
        What is learnt of it.
    """
    limit = CLIP_SIGMAS * math.sqrt(max(variance, VARIANCE_SHARE_MIN * error * error))
    return min(max(error, -limit), limit) if clips else error


@kernel
def learn_clock(
    values: F64,
    basis: F64,
    coefficients: F64,
    clock: F64,
    harmonic: F64,
    step: F64,
    rate: float,
    gate: float,
    day_ticks: float,
) -> None:
    """Move level and course of each series towards a frame.

    Parameters
    ----------
    values : float64[n], in
        The frame, NaN where missing.
    basis : float64[2h + 1], in
        From `clock_basis`.
    coefficients : float64[2h + 1, n], in/out
        Row 0 is the level.
    clock : float64[4, n], in/out
        State, see layout.
    harmonic : float64[n], in
        From `clock_course`.
    step : float64[n], out
        Scratch.
    rate : float64
        EW rate once a series is warm.
    gate : float64
        Factor on every rate, in (0, 1].
    day_ticks : float64
        Ticks of a day; a quarter of it is learnt without clipping.
    """
    size = basis.shape[0]
    if size == 0:
        return
    n = clock.shape[1]
    levels, first = clock[CLOCK_LEVEL], coefficients[0]
    for j in range(n):
        # Read at once and selected, not branched to: several series are then taken together.
        x, count, level, start = values[j], clock[CLOCK_COUNT, j], levels[j], first[j]
        here = not math.isnan(x)
        begins = here and count == 0.0
        # Beyond 1 / (2 size) the recursion can diverge: the basis has squared norm `size`.
        a = min(max(rate, 1.0 / (count + size)), 0.5 / size) * gate
        a = a if here and count > 0.0 else 0.0
        start = x if begins else start
        level = x if begins else level
        x = x if here else level
        off, away = x - start - harmonic[j], x - level
        clips = count >= 0.25 * day_ticks
        spread_off = clock[CLOCK_COURSE_VARIANCE, j]
        spread_away = clock[CLOCK_LEVEL_VARIANCE, j]
        clock[CLOCK_COURSE_VARIANCE, j] = robust_variance(spread_off, off, a, clips)
        clock[CLOCK_LEVEL_VARIANCE, j] = robust_variance(spread_away, away, a, clips)
        move = a * clipped(off, spread_off, clips)
        step[j] = move
        first[j] = start + move
        levels[j] = level + a * clipped(away, spread_away, clips)
        clock[CLOCK_COUNT, j] = count + 1.0 if here else count
    for c in range(1, size, 2):
        sine, cosine = basis[c], basis[c + 1]
        sines, cosines = coefficients[c], coefficients[c + 1]
        for j in range(n):
            sines[j] += sine * step[j]
            cosines[j] += cosine * step[j]
