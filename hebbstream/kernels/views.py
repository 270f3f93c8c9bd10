"""Five views of a lone series, each with a tail model of its own.

A group of one series has no peers, so its own past is looked at in several ways: how far it is from
its level, how far it has drifted over a day, how far from the daily course over an hour and over
hours, and how rough it is for this time of the day. The inputs of the views are *lanes*: they are
standardised and learnt like series, by the same kernels.
"""

from __future__ import annotations

import math

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64
from hebbstream.kernels import layout as at
from hebbstream.kernels.clock import clock_course, learn_clock
from hebbstream.kernels.moments import learn_moments, standardise
from hebbstream.kernels.tail import HOT_EXPONENT, learn_tail, log_statistic, tail_exponent

#: Sigmas at which a lane is cut before it is averaged: one spike is not to last for a day.
VIEW_CLIP = 10.0
ROUGHNESS_FLOOR = 1e-4
#: Where a view's tail begins, and what gives its slope: lower than for a group, because a lone
#: series often has few samples.
VIEW_LOW = 0.98
VIEW_HIGH = 0.998
#: A tail that seems to end is not believed to: bounded views have steeper ones than any noise.
VIEW_SLOPE_MIN = 0.1
#: What a sample far in the tail counts. More than for a group: nobody else can say that what comes
#: again and again is usual.
VIEW_HOT_WEIGHT = 0.1
VIEW_WARMUP = 30.0


@kernel
def look(
    x: float,
    basis: F64,
    lanes: F64,
    sole: F64,
    single: F32,
    double: F64,
    rates: F64,
    floor: float,
) -> None:
    """Express a sample in five views, by what was learnt before it.

    Parameters
    ----------
    x : float64
        The sample, finite.
    basis : float64[2h + 1], in
        From `clock_basis`; may be empty.
    lanes : float64[10 + 2h + 1, 4], in
        Moments, clock and coefficients of each lane, see layout.
    sole : float64[SOLE_ROWS], in/out
        Smoothed values move; the five views are written.
    single : float32[2, 4], out
        Standardised lanes, and that they are present.
    double : float64[7, 4], out
        Lanes, course and scale, see layout; `learn_lanes` reads them.
    rates : float64[4], in
        EW rates of the short, the medium and the long view, and of the roughness.
    floor : float64
        Share of the range that is added to a sigma.
    """
    moments = lanes[: at.MOMENT_ROWS]
    clock = lanes[at.MOMENT_ROWS : at.LANE_COEFFICIENTS]
    coefficients = lanes[at.LANE_COEFFICIENTS :]
    values, still, harmonic = double[at.LANE], double[at.STILL], double[at.LANE_HARMONIC]
    z, present = single[at.LANE_Z], single[at.LANE_PRESENT]
    clock_course(basis, coefficients, clock, harmonic, double[at.LANE_COURSE], 0.0, 1.0)
    first = sole[at.SOLE_SEEN] == 0.0
    known = coefficients.shape[0] > 0

    usual = coefficients[0, at.LEVEL_LANE] if known else moments[at.MEAN, at.LEVEL_LANE]
    before = x if first else sole[at.FOLLOWED]
    sole[at.FOLLOWED] = before + rates[at.VIEW_ROUGHNESS] * (x - before)
    still[:] = 0.0
    values[at.LEVEL_LANE] = x
    values[at.COURSE_LANE] = 0.0 if first else x - usual - harmonic[at.LEVEL_LANE]
    values[at.CONTRAST_LANE] = x - sole[at.FOLLOWED]
    values[at.ROUGH_LANE] = math.nan
    standardise(values, still, moments, z, double[at.LANE_SCALE], present, floor)
    contrast = min(max(float(z[at.CONTRAST_LANE]), -VIEW_CLIP), VIEW_CLIP)
    sole[at.ROUGHNESS] += rates[at.VIEW_ROUGHNESS] * (contrast * contrast - sole[at.ROUGHNESS])
    rough = math.log(sole[at.ROUGHNESS] + ROUGHNESS_FLOOR)
    usual = coefficients[0, at.ROUGH_LANE] if known else 0.0
    values[at.ROUGH_LANE] = 0.0 if first else rough - usual - harmonic[at.ROUGH_LANE]
    standardise(values, still, moments, z, double[at.LANE_SCALE], present, floor)
    double[at.TAUGHT] = math.nan
    double[at.TAUGHT, at.LEVEL_LANE] = x
    double[at.TAUGHT, at.ROUGH_LANE] = rough

    level = min(max(float(z[at.LEVEL_LANE]), -VIEW_CLIP), VIEW_CLIP)
    course = min(max(float(z[at.COURSE_LANE]), -VIEW_CLIP), VIEW_CLIP)
    sole[at.MEAN_SHORT] += rates[at.VIEW_SHORT] * (course - sole[at.MEAN_SHORT])
    sole[at.MEAN_MEDIUM] += rates[at.VIEW_MEDIUM] * (course - sole[at.MEAN_MEDIUM])
    sole[at.MEAN_LONG] += rates[at.VIEW_LONG] * (level - sole[at.MEAN_LONG])
    sole[at.FIRST_VIEW + at.LEVEL_VIEW] = abs(float(z[at.LEVEL_LANE]))
    sole[at.FIRST_VIEW + at.SHORT_VIEW] = abs(sole[at.MEAN_SHORT])
    sole[at.FIRST_VIEW + at.MEDIUM_VIEW] = abs(sole[at.MEAN_MEDIUM])
    sole[at.FIRST_VIEW + at.LONG_VIEW] = abs(sole[at.MEAN_LONG])
    sole[at.FIRST_VIEW + at.ROUGH_VIEW] = abs(float(z[at.ROUGH_LANE]))


@kernel
def learn_lanes(
    basis: F64,
    lanes: F64,
    double: F64,
    rate: float,
    clock_rate: float,
    clip: float,
    floor: float,
    range_rate: float,
    day_ticks: float,
    course: bool,  # noqa: FBT001
) -> None:
    """Let the lanes learn what `look` has just written.

    Parameters
    ----------
    basis : float64[2h + 1], in
        From `clock_basis`; may be empty.
    lanes : float64[10 + 2h + 1, 4], in/out
        As in `look`.
    double : float64[7, 4], in/out
        From `look`.
    rate, clock_rate : float64
        EW rates of the moments and of the course.
    clip, floor, range_rate : float64
        As in `learn_moments`.
    day_ticks : float64
        As in `learn_clock`.
    course : bool
        False until the course has seen a day: what is left of it says nothing yet.
    """
    learn_clock(
        double[at.TAUGHT],
        basis,
        lanes[at.LANE_COEFFICIENTS :],
        lanes[at.MOMENT_ROWS : at.LANE_COEFFICIENTS],
        double[at.LANE_HARMONIC],
        double[at.LANE_STEP],
        clock_rate,
        1.0,
        day_ticks,
    )
    # The level is compared with all that is remembered; what is left of it changes as the course
    # gets known, and has the memory of the course.
    values = double[at.LANE]
    level = values[at.LEVEL_LANE]
    values[at.LEVEL_LANE] = math.nan
    if not course:
        values[at.COURSE_LANE] = math.nan
        values[at.ROUGH_LANE] = math.nan
    moments = lanes[: at.MOMENT_ROWS]
    learn_moments(values, double[at.STILL], moments, clock_rate, 1.0, clip, floor, range_rate)
    values[:] = math.nan
    values[at.LEVEL_LANE] = level
    learn_moments(values, double[at.STILL], moments, rate, 1.0, clip, floor, range_rate)


@kernel
def judge_views(
    histograms: F32,
    tails: F64,
    sole: F64,
    growth: float,
    warmup: float,
    course_from: float,
    learns: bool,  # noqa: FBT001
) -> float:
    """Calibrate each view by its own past and return the largest exponent.

    Parameters
    ----------
    histograms : float32[5, BINS], in/out
        One a view.
    tails : float64[5, 5], in/out
        Their states, see layout.
    sole : float64[SOLE_ROWS], in
        From `look`.
    growth : float64
        1 / memory in ticks.
    warmup : float64
        Samples before a view is judged; until then none counts as contamination.
    course_from : float64
        Samples that the daily course needs: the views of it begin that much later.
    learns : bool
        False while learning is held.

    Returns
    -------
    float64
        -log10 of the smallest tail probability.
    """
    loudest = 0.0
    for v in range(at.VIEWS):
        level = log_statistic(sole[at.FIRST_VIEW + v])
        exponent = 0.0
        plain = v in (at.LEVEL_VIEW, at.LONG_VIEW)
        seen = sole[at.SOLE_SEEN] - (0.0 if plain else course_from)
        if seen >= warmup:
            exponent = tail_exponent(
                histograms[v], tails[v], level, VIEW_LOW, VIEW_HIGH, VIEW_SLOPE_MIN
            )
        loudest = max(loudest, exponent)
        if learns and seen >= VIEW_WARMUP:
            weight = 1.0 if exponent <= HOT_EXPONENT else VIEW_HOT_WEIGHT
            learn_tail(histograms[v], tails[v], level, weight, growth)
    return loudest
