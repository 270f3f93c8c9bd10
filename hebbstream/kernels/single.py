"""Judging a group of one series by five views of its own past."""

from __future__ import annotations

import math

from hebbstream._jit import kernel
from hebbstream.arrays import F64
from hebbstream.kernels import layout as at
from hebbstream.kernels.episodes import count_episodes, pass_tick, recall_time, recall_week, tell
from hebbstream.kernels.model import Model, Output, Work
from hebbstream.kernels.views import judge_views, learn_lanes, look

#: Exponent that comes once a day, at least: on a grid of many hours ticks are few.
ONCE_MIN = 1.0
#: Days the course is learnt before it is judged by: as long as it learns without clipping.
COURSE_FROM_DAYS = 0.25
#: Decades by which a tail may reach beyond the samples seen: what is new after an hour is not yet
#: something that comes once in a year.
BEYOND_SEEN = 1.5


@kernel
def score_single(x: float, model: Model, work: Work, settings: F64, time: float) -> float:
    """Judge a lone series' sample by what was learnt before it, then learn it.

    Parameters
    ----------
    x : float64
        The sample, NaN where missing.
    model : Model, in/out
        State; lanes, views, recall, weeks and sole move.
    work : Work, out
        Scratch; the clock's basis is read.
    settings : float64[SETTING_ROWS], in
        See layout.
    time : float64
        Unix seconds.

    Returns
    -------
    float64
        Exponent of the p-value; -1 while the views are young, or the sample is missing.
    """
    sole, double = model.sole, work.lane_double
    learns = model.gate[at.HELD] == 0.0
    day_ticks, growth = settings[at.S_DAY_TICKS], settings[at.S_TAIL_GROWTH]
    pass_tick(sole, day_ticks, growth, learns)
    if math.isnan(x):
        return -1.0
    floor, rates = settings[at.S_RANGE_FLOOR], settings[at.S_VIEW_RATE : at.S_VIEW_RATE + 4]
    look(x, work.basis, model.lanes, sole, work.lane_single, double, rates, floor)
    warmup = settings[at.S_TAIL_START]
    course_from = COURSE_FROM_DAYS * day_ticks if work.basis.shape[0] > 0 else 0.0
    loudest = judge_views(
        model.view_histograms, model.view_tails, sole, growth, warmup, course_from, learns
    )
    young = sole[at.SOLE_SEEN] < warmup
    if learns:
        learn_lanes(
            work.basis,
            model.lanes,
            double,
            growth,
            settings[at.S_RATE],
            settings[at.S_LEARN_CLIP],
            floor,
            # The range forgets as much more slowly than the lanes as it does elsewhere.
            growth * settings[at.S_RANGE_RATE] / settings[at.S_RATE],
            day_ticks,
            sole[at.SOLE_SEEN] >= course_from,
        )
        sole[at.SOLE_SEEN] += 1.0
    if young:
        return -1.0
    loudest = min(loudest, math.log10(sole[at.SOLE_SEEN]) + BEYOND_SEEN)
    once = max(math.log10(day_ticks), ONCE_MIN)
    daily = recall_time(model.recall, sole, time, loudest, once)
    weekly = recall_week(model.weeks, sole, time, loudest, once)
    exponent = max(0.0, loudest - max(daily, weekly))
    scaled = count_episodes(sole, exponent, once)
    return tell(sole, scaled, once, settings[at.S_LINE], settings[at.S_EPISODE_SPAN])


@kernel
def judge_single(
    frame: F64, model: Model, work: Work, settings: F64, out: Output, time: float, t: int
) -> None:
    """Let a lone series' views have the verdict, once they are warm.

    Parameters
    ----------
    frame : float64[1], in
        NaN where missing.
    model : Model, in/out
        State.
    work : Work, out
        Scratch.
    settings : float64[SETTING_ROWS], in
        See layout.
    out : Output, in/out
        Results; score, p-value and channel are overwritten, the statistic stays.
    time : float64
        Unix seconds.
    t : int
        Row in the results.
    """
    exponent = score_single(frame[0], model, work, settings, time)
    if exponent >= 0.0:
        out.verdicts[at.SCORE, t] = exponent / settings[at.S_LINE]
        out.verdicts[at.P_VALUE, t] = 10.0 ** (-exponent)
        out.verdicts[at.CHANNEL, t] = 0.0
