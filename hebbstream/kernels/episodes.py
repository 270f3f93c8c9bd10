"""From a lone series' exponent to one that keeps the budget: habit, episodes, and what was told.

A tail model promises a rate of ticks, but people count episodes, and they get used to things. Three
corrections, all in units of the series' own history: what came at this time on earlier days, or at
this time of earlier weeks, is expected; exponents are rescaled to the rate and the excess of the
episodes that were seen (peaks over threshold with runs, as extreme-value theory declusters); and
what was told lately tells again only when it is worse by a step.
"""

from __future__ import annotations

import math

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64
from hebbstream.kernels import layout as at
from hebbstream.kernels.tail import RESCALE_ABOVE

DAY_SECONDS = 86_400.0
WEEK_SECONDS = 7 * DAY_SECONDS
#: A slot of the day is remembered when the clock is this many slots further, so that an episode
#: does not excuse itself through its neighbouring slots.
RECALL_DELAY = 3
#: Share of the newest day in what a slot remembers.
RECALL_SHARE = 0.3
#: Share of what comes once a day below which a peak is no habit of the week.
WEEK_QUIET = 0.85
#: Ticks below the level after which an episode is over: an incident's recovery and merge gap.
EPISODE_GAP_TICKS = 40.0
#: Days that the nominal rate of episodes is worth. Two months: a detector may become more sensitive
#: on long evidence only.
RATE_PRIOR_DAYS = 60.0
#: Episodes that the nominal excess is worth, and the least excess believed.
EXCESS_PRIOR_COUNT = 3.0
EXCESS_MIN = 0.3
EXCESS_MAX = 2.0
EPISODE_MEMORY_DAYS = 365.0
#: Ten times rarer: what tells an episode again.
DECADE = 1.0
#: Habituation: episodes the nominal rate is worth, how near in exponent is alike, and its strength.
HABIT_PRIOR_COUNT = 3.0
HABIT_NEAR = 0.5
HABIT_STRENGTH = 0.7


@kernel
def slot_of(time: float, period: float, slots: int) -> int:
    """Find the slot of a time that comes again.

    Parameters
    ----------
    time : float64
        Unix seconds.
    period : float64
        Seconds until it comes again.
    slots : int
        Parts of the period.

    Returns
    -------
    int
        From 0 on. A tick on the border of two belongs to the later, whatever rounding says.
    """
    share = time / period - math.floor(time / period)
    return min(int(share * slots + 1e-9), slots - 1)


@kernel
def recall_time(recall: F64, sole: F64, time: float, exponent: float, once: float) -> float:
    """Remember how loud each slot of the day is, and tell what to expect in this one.

    Parameters
    ----------
    recall : float64[3, s], in/out
        Exponent remembered, days seen and exponent in waiting of each slot; may have none.
    sole : float64[SOLE_ROWS], in/out
        The slot now and its peak move.
    time : float64
        Unix seconds.
    exponent : float64
        Of this tick.
    once : float64
        Exponent that comes once a day; quieter slots are remembered as silent.

    Returns
    -------
    float64
        Exponent that earlier days had around this time.
    """
    slots = recall.shape[1]
    if slots == 0:
        return 0.0
    slot = slot_of(time, DAY_SECONDS, slots)
    if float(slot) != sole[at.SLOT]:
        if sole[at.SLOT] >= 0.0:
            recall[at.RECALL_WAITING, int(sole[at.SLOT])] = sole[at.SLOT_PEAK]
            past = (slot - RECALL_DELAY) % slots
            waiting = recall[at.RECALL_WAITING, past]
            if waiting >= 0.0:
                recall[at.RECALL_DAYS, past] += 1.0
                rate = max(RECALL_SHARE, 1.0 / (recall[at.RECALL_DAYS, past] + 1.0))
                heard = waiting if waiting >= once else 0.0
                recall[at.RECALL_EXPONENT, past] += rate * (
                    heard - recall[at.RECALL_EXPONENT, past]
                )
                recall[at.RECALL_WAITING, past] = -1.0
        sole[at.SLOT] = float(slot)
        sole[at.SLOT_PEAK] = 0.0
    sole[at.SLOT_PEAK] = max(sole[at.SLOT_PEAK], exponent)
    around = max(
        recall[at.RECALL_EXPONENT, (slot - 1) % slots],
        recall[at.RECALL_EXPONENT, (slot + 1) % slots],
    )
    return float(max(around, recall[at.RECALL_EXPONENT, slot]))


@kernel
def recall_week(weeks: F32, sole: F64, time: float, exponent: float, once: float) -> float:
    """Remember how loud each slot of the week is, and tell what most weeks have in this one.

    Two of the last three weeks must have been loud: what came once is not a habit, and a habit of
    every day fades too soon to know what a Monday brings.

    Parameters
    ----------
    weeks : float32[4, s], in/out
        Peaks of the last three weeks and the one in waiting of each slot; may have no slots.
    sole : float64[SOLE_ROWS], in/out
        The slot now and its peak move.
    time : float64
        Unix seconds.
    exponent : float64
        Of this tick.
    once : float64
        Exponent that comes once a day.

    Returns
    -------
    float64
        The second largest of what the last three weeks had around this time.
    """
    slots = weeks.shape[1]
    if slots == 0:
        return 0.0
    slot = slot_of(time, WEEK_SECONDS, slots)
    if float(slot) != sole[at.WEEK_SLOT]:
        if sole[at.WEEK_SLOT] >= 0.0:
            weeks[at.WEEK_WAITING, int(sole[at.WEEK_SLOT])] = sole[at.WEEK_PEAK]
            past = (slot - RECALL_DELAY) % slots
            waiting = weeks[at.WEEK_WAITING, past]
            if waiting >= 0.0:
                for week in range(at.WEEKS - 1):
                    weeks[week, past] = weeks[week + 1, past]
                weeks[at.WEEKS - 1, past] = waiting if waiting >= WEEK_QUIET * once else 0.0
                weeks[at.WEEK_WAITING, past] = -1.0
        sole[at.WEEK_SLOT] = float(slot)
        sole[at.WEEK_PEAK] = 0.0
    sole[at.WEEK_PEAK] = max(sole[at.WEEK_PEAK], exponent)
    most, second = 0.0, 0.0
    for week in range(at.WEEKS):
        around = max(weeks[week, (slot - 1) % slots], weeks[week, (slot + 1) % slots])
        loudest = float(max(around, weeks[week, slot]))
        second = max(second, min(most, loudest))
        most = max(most, loudest)
    return second


@kernel
def count_episodes(sole: F64, exponent: float, once: float) -> float:
    """Rescale an exponent to the episodes seen so far, then count this tick.

    Parameters
    ----------
    sole : float64[SOLE_ROWS], in/out
        Days and episodes counted, see layout.
    exponent : float64
        Of this tick.
    once : float64
        Exponent that should come once a day.

    Returns
    -------
    float64
        At least the exponent given: rarer episodes than promised, and smaller ones, raise it.
    """
    if sole[at.EPISODE_GAP] == 0.0:
        # One episode is measured on one scale, or it would creep over what was told of it.
        seen = (RATE_PRIOR_DAYS + sole[at.EPISODES]) / (RATE_PRIOR_DAYS + sole[at.EPISODE_DAYS])
        sole[at.EPISODE_RAISE] = max(0.0, -math.log10(seen))
        excess = (EXCESS_PRIOR_COUNT + sole[at.EPISODE_EXCESS]) / (
            EXCESS_PRIOR_COUNT + sole[at.EPISODES_OVER]
        )
        sole[at.EPISODE_UNIT] = min(max(excess, EXCESS_MIN), 1.0)
    scaled = exponent
    if exponent > once:
        beyond = exponent - once
        scaled = once + beyond / sole[at.EPISODE_UNIT]
        scaled += sole[at.EPISODE_RAISE] * min(DECADE, beyond)
    if sole[at.EPISODE_GAP] > 0.0:
        sole[at.EPISODE_GAP] -= 1.0
        if sole[at.EPISODE_GAP] == 0.0:
            sole[at.EPISODES_OVER] += 1.0
            over = min(sole[at.EPISODE_PEAK] - once, EXCESS_MAX)
            sole[at.EPISODE_EXCESS] += over * math.log(10.0)
    if exponent >= once:
        if sole[at.EPISODE_GAP] == 0.0:
            sole[at.EPISODES] += 1.0
            sole[at.EPISODE_PEAK] = exponent
        sole[at.EPISODE_PEAK] = max(sole[at.EPISODE_PEAK], exponent)
        sole[at.EPISODE_GAP] = EPISODE_GAP_TICKS
    return float(scaled)


@kernel
def tell(sole: F64, exponent: float, once: float, line: float, span: float) -> float:
    """Tell an episode once: it is told again when it is worse by a step, and less if it is a habit.

    Parameters
    ----------
    sole : float64[SOLE_ROWS], in/out
        What was told and when, and the histogram of what was told, see layout.
    exponent : float64
        Of this tick.
    once : float64
        Exponent that comes once a day; below it nothing is told.
    line : float64
        Exponent of the alert line; to cross it is always told.
    span : float64
        Ticks after which what was told is forgotten.

    Returns
    -------
    float64
        Exponent to publish, at least 0.
    """
    if exponent < once:
        if sole[at.TOLD_LEFT] <= 0.0:
            return exponent
        return float(min(exponent, max(once - max(sole[at.TOLD_HABIT], 0.0), 0.0)))
    if sole[at.TOLD_LEFT] <= 0.0:
        sole[at.TOLD] = 0.0
    worse = exponent > sole[at.TOLD] + DECADE or sole[at.TOLD] < line <= exponent
    if sole[at.TOLD] == 0.0 or worse:
        alike = 0.0
        for b in range(int(max(exponent - HABIT_NEAR, 0.0) / at.TOLD_WIDTH), at.TOLD_BINS):
            alike += sole[at.FIRST_TOLD + b]
        alike /= sole[at.TOLD_INCREMENT]
        nominal = sole[at.TOLD_TICKS] * 10.0 ** (-exponent)
        sole[at.TOLD_HABIT] = HABIT_STRENGTH * math.log10(
            (HABIT_PRIOR_COUNT + alike) / (HABIT_PRIOR_COUNT + nominal)
        )
        b = min(int(exponent / at.TOLD_WIDTH), at.TOLD_BINS - 1)
        sole[at.FIRST_TOLD + b] += sole[at.TOLD_INCREMENT]
        sole[at.TOLD] = exponent
    sole[at.TOLD_LEFT] = span
    return float(max(min(exponent, sole[at.TOLD]) - sole[at.TOLD_HABIT], 0.0))


@kernel
def pass_tick(sole: F64, day_ticks: float, growth: float, learns: bool) -> None:  # noqa: FBT001
    """Let a tick go by: what was told and counted fades.

    Parameters
    ----------
    sole : float64[SOLE_ROWS], in/out
        State, see layout.
    day_ticks : float64
        Ticks of a day.
    growth : float64
        1 / memory in ticks of what was told.
    learns : bool
        False while learning is held: then only the time since the last telling moves.
    """
    sole[at.TOLD_LEFT] = max(0.0, sole[at.TOLD_LEFT] - 1.0)
    if not learns:
        return
    fade = 1.0 - 1.0 / max(EPISODE_MEMORY_DAYS * day_ticks, 1.0)
    sole[at.EPISODE_DAYS] = sole[at.EPISODE_DAYS] * fade + 1.0 / day_ticks
    sole[at.EPISODES] *= fade
    sole[at.EPISODES_OVER] *= fade
    sole[at.EPISODE_EXCESS] *= fade
    sole[at.TOLD_TICKS] = sole[at.TOLD_TICKS] * (1.0 - growth) + 1.0
    sole[at.TOLD_INCREMENT] *= 1.0 + growth
    if sole[at.TOLD_INCREMENT] > RESCALE_ABOVE:
        for b in range(at.TOLD_BINS):
            sole[at.FIRST_TOLD + b] /= sole[at.TOLD_INCREMENT]
            if sole[at.FIRST_TOLD + b] < 1e-9:
                sole[at.FIRST_TOLD + b] = 0.0
        sole[at.TOLD_INCREMENT] = 1.0
