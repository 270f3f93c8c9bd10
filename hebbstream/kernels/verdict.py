"""From statistics to a score: each channel by its own tail model, the loudest on one scale.

Five channels speak: the whole group, its relations, the series furthest from its own habit, the
series that least moves with its peers, and the one that has shifted furthest with those it is
related to.
"""

from __future__ import annotations

import math

from hebbstream._jit import inlined_kernel, kernel
from hebbstream.arrays import F64
from hebbstream.kernels import layout as at
from hebbstream.kernels.evidence import sudden_statistic
from hebbstream.kernels.model import Model
from hebbstream.kernels.tail import (
    HOT_EXPONENT,
    HOT_WEIGHT,
    LOG_TEN,
    count_hot,
    learn_tail,
    log_statistic,
    tail_exponent,
)

#: A tail narrower than this is taken for a short look at a wider one; the worst of many edges has
#: a narrow one, and the gate may err.
SLOPE_MIN = 0.07
SLOPE_MIN_RELATION = 0.04
SLOPE_MIN_GATE = 0.03
GATE_LOW = 0.9
GATE_HIGH = 0.99
#: Of the budget, each channel has a share, as -log10: the group speaks for most faults.
SHARE_GROUP = -math.log10(0.45)
SHARE_RELATION = -math.log10(0.2)
SHARE_SERIES = -math.log10(0.2)
SHARE_MOVES = -math.log10(0.1)
SHARE_SHIFT = -math.log10(0.05)
#: Of the group's exponent, this share is that of what is new: what only lingers alarms less.
NEW_WEIGHT = 0.5
#: Adoptions in quick succession: this many waits.
ADOPTION_WAITS = 10.0
#: A budget is of incidents, which last so many ticks beyond the tail's start;
BURST_TICKS = 2.5
BURST_TICKS_GROUP = 2.25
BURST_TICKS_SERIES = 5.0
#: and real tails are heavier than the fitted ones, as what is far out hardly counts in the fit: a
#: decade of ticks is this much of a decade of incidents.
TAIL_TEMPER = 0.5
TAIL_TEMPER_GROUP = 0.28
#: Up to this exponent of incidents that was measured; beyond it a decade is a decade.
TEMPER_KNOWN = 4.5
#: From here to there the tick's exponent becomes the incident's.
TEMPER_FROM = 1.0
TEMPER_TO = 2.0


@inlined_kernel
def calibrate_channel(model: Model, settings: F64, which: int, value: float, learns: bool) -> float:  # noqa: FBT001
    """Calibrate one channel, then let its tail model learn.

    Parameters
    ----------
    model : Model, in/out
        State; the tail model learns.
    settings : float64[SETTING_ROWS], in
        See layout.
    which : int
        Row of the tail model.
    value : float64
        What the channel says; negative when it says nothing.
    learns : bool
        False while learning is held, or the channel is young.

    Returns
    -------
    float64
        -log10 p; 0 when it says nothing.
    """
    if value < 0.0:
        return 0.0
    histogram, tail = model.histograms[which], model.tails[which]
    level = log_statistic(value)
    exponent = tail_exponent(
        histogram,
        tail,
        level,
        settings[at.S_QUANTILE_LOW],
        settings[at.S_QUANTILE_HIGH],
        SLOPE_MIN_RELATION if which == at.TAIL_RELATION else SLOPE_MIN,
    )
    if learns:
        weight = count_hot(tail, exponent, settings[at.S_RELEASE])
        learn_tail(histogram, tail, level, weight, settings[at.S_TAIL_GROWTH])
    return float(exponent)


@inlined_kernel
def calibrate(
    model: Model,
    settings: F64,
    exponents: F64,
    statistic: float,
    worst: float,
    alone: float,
    tick: int,
) -> None:
    """Calibrate the channels and the gate; the tail models learn unless learning is held.

    Parameters
    ----------
    model : Model, in/out
        State; the tail models learn.
    settings : float64[SETTING_ROWS], in
        See layout.
    exponents : float64[7], out
        -log10 p of alert, gate, relation and series.
    statistic : float64
        Smoothed statistic.
    worst : float64
        Largest smoothed break; -1 when there is none.
    alone : float64
        Largest statistic of a series; -1 when there is none.
    tick : int
        Now.
    """
    learns = model.gate[at.HELD] == 0.0 and model.gate[at.BARRED] == 0.0
    sudden = sudden_statistic(model.smooth, settings[at.S_LONG_RATIO])
    related = learns and model.status[at.EDGE_TICKS] >= settings[at.S_TAIL_START]
    exponents[at.TAIL_ALERT] = calibrate_channel(model, settings, at.TAIL_ALERT, sudden, learns)
    exponents[at.TAIL_SERIES] = calibrate_channel(model, settings, at.TAIL_SERIES, alone, learns)
    exponents[at.TAIL_RELATION] = calibrate_channel(
        model, settings, at.TAIL_RELATION, worst, related
    )
    histogram, tail = model.histograms[at.TAIL_GATE], model.tails[at.TAIL_GATE]
    level = log_statistic(statistic)
    exponents[at.TAIL_GATE] = tail_exponent(
        histogram, tail, level, GATE_LOW, GATE_HIGH, SLOPE_MIN_GATE
    )
    if learns:
        # A regime that was just adopted twice is no contamination, or the gate would lock in.
        waits = tick - model.gate[at.ADOPTED_BEFORE]
        lately = waits <= ADOPTION_WAITS * settings[at.S_ADOPT_AFTER]
        weight = 1.0 if exponents[at.TAIL_GATE] <= HOT_EXPONENT or lately else HOT_WEIGHT
        learn_tail(histogram, tail, level, weight, settings[at.S_TAIL_GROWTH])


@inlined_kernel
def calibrate_new(
    model: Model, settings: F64, exponents: F64, new: float, moves: float, shift: float
) -> None:
    """Calibrate what peers tell; it says nothing until its tail models have seen some ticks.

    Parameters
    ----------
    model : Model, in/out
        State; the tail models learn unless learning is held.
    settings : float64[SETTING_ROWS], in
        See layout.
    exponents : float64[7], out
        -log10 p of the innovations, -1 when they say nothing; and of moves and shift, 0 then.
    new : float64
        Smoothed mean square of the innovations; -1 when there are none.
    moves : float64
        Largest average of a series' innovations over its usual; -1 when there is none.
    shift : float64
        From `shift_together`; -1 when there is none.
    """
    known, moved = model.tails[at.TAIL_INNOVATION, at.TOTAL], model.tails[at.TAIL_MOVES, at.TOTAL]
    learns = model.gate[at.HELD] == 0.0 and model.gate[at.BARRED] == 0.0
    exponent = calibrate_channel(model, settings, at.TAIL_INNOVATION, new, learns)
    says = new >= 0.0 and known >= settings[at.S_TAIL_START]
    exponents[at.TAIL_INNOVATION] = exponent if says else -1.0
    exponent = calibrate_channel(model, settings, at.TAIL_MOVES, moves, learns)
    exponents[at.TAIL_MOVES] = exponent if moved >= settings[at.S_TAIL_START] else 0.0
    shifted = model.tails[at.TAIL_SHIFT, at.TOTAL]
    exponent = calibrate_channel(model, settings, at.TAIL_SHIFT, shift, learns)
    exponents[at.TAIL_SHIFT] = exponent if shifted >= settings[at.S_TAIL_START] else 0.0


@kernel
def temper(exponent: float, burst_ticks: float, slope: float) -> float:
    """Turn how rare a tick is into how rare an incident that reaches it is.

    Parameters
    ----------
    exponent : float64
        -log10 of a tick's p-value.
    burst_ticks : float64
        Ticks an incident lasts beyond the tail's start.
    slope : float64
        What a decade of ticks is in decades of incidents.

    Returns
    -------
    float64
        -log10 of the incidents a tick that get so far; never falls as `exponent` rises.
    """
    if exponent <= TEMPER_FROM:
        return exponent
    burst = math.log10(burst_ticks)
    if exponent <= TEMPER_TO:
        return exponent + burst * (exponent - TEMPER_FROM) / (TEMPER_TO - TEMPER_FROM)
    tempered = TEMPER_TO + burst + slope * (exponent - TEMPER_TO)
    if tempered <= TEMPER_KNOWN:
        return tempered
    return TEMPER_KNOWN + (tempered - TEMPER_KNOWN) / slope


@kernel
def write_verdict(verdicts: F64, exponents: F64, t: int, statistic: float, line: float) -> None:
    """Turn exponents into score, p-value and channel.

    Parameters
    ----------
    verdicts : float64[7, T], out
        See layout.
    exponents : float64[7], in
        From `calibrate`; all zero while nothing is judged, which gives score 0 and p 1.
    t : int
        Row.
    statistic : float64
        Smoothed statistic.
    line : float64
        Exponent of the alert line.
    """
    group = max(0.0, exponents[at.TAIL_ALERT] - SHARE_GROUP)
    new = exponents[at.TAIL_INNOVATION]
    if new >= 0.0 and group > 0.0:
        group += NEW_WEIGHT * (new - group)
    series = max(0.0, exponents[at.TAIL_SERIES] - SHARE_SERIES)
    shift = max(0.0, exponents[at.TAIL_SHIFT] - SHARE_SHIFT)
    relation = max(0.0, exponents[at.TAIL_RELATION] - SHARE_RELATION)
    moves = max(0.0, exponents[at.TAIL_MOVES] - SHARE_MOVES)
    level = max(
        temper(group, BURST_TICKS_GROUP, TAIL_TEMPER_GROUP),
        temper(series, BURST_TICKS_SERIES, TAIL_TEMPER),
        temper(shift, BURST_TICKS, TAIL_TEMPER),
    )
    relation = temper(max(relation, moves), BURST_TICKS, TAIL_TEMPER)
    exponent = max(level, relation)
    verdicts[at.STATISTIC, t] = statistic
    verdicts[at.SCORE, t] = exponent / line
    verdicts[at.P_VALUE, t] = math.exp(-LOG_TEN * exponent)
    verdicts[at.CHANNEL, t] = 1.0 if relation > level else 0.0
