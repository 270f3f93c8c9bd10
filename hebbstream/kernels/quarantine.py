"""Quarantine: while something is wrong the published regime holds still and a shadow learns.

When the new regime has stayed, the shadow is adopted and the old regime is parked; when the
disturbance ends first, the shadow is dropped; when the parked regime fits again, it is restored.
"""

from __future__ import annotations

import numpy as np

from hebbstream._jit import inlined_kernel, kernel
from hebbstream.arrays import F64
from hebbstream.kernels import layout as at
from hebbstream.kernels.breaks import learn_spread
from hebbstream.kernels.gate import (
    copy_spread,
    cut_counts,
    doubt_spread,
    fill_spread,
    follow_deviation,
    restart_drifted,
    swap_spread,
)
from hebbstream.kernels.model import Model, Work
from hebbstream.kernels.moments import sigma
from hebbstream.kernels.regime import (
    copy_regime,
    copy_series,
    face_edges,
    face_regime,
    fuse,
    learn_regime,
    published,
    try_regime,
)
from hebbstream.kernels.subspace import keep_past
from hebbstream.kernels.tables import copy_row
from hebbstream.kernels.tail import log_statistic, tail_exponent
from hebbstream.kernels.verdict import GATE_HIGH, GATE_LOW, SLOPE_MIN_GATE

#: A cool tick takes this many hot ones back.
COOLING = 4.0
#: A regime that does not settle is adopted after this many waits all the same.
PATIENCE = 2.0
#: The parked regime must leave this many times less than the published one to be restored.
RESTORE_RATIO = 2.0


@kernel
def is_calm(model: Model, settings: F64, statistic: float) -> bool:
    """Tell whether a regime on trial leaves no more than is usual.

    Parameters
    ----------
    model : Model, in
        State; the gate's tail model.
    settings : float64[SETTING_ROWS], in
        See layout.
    statistic : float64
        Smoothed statistic of one tick under that regime.

    Returns
    -------
    bool
        True when a group that scored like this would not be hot.
    """
    exponent = tail_exponent(
        model.histograms[at.TAIL_GATE],
        model.tails[at.TAIL_GATE],
        log_statistic(2.0 * statistic),
        GATE_LOW,
        GATE_HIGH,
        SLOPE_MIN_GATE,
    )
    return bool(exponent <= settings[at.S_GATE_TRIGGER])


@kernel
def begin_quarantine(model: Model) -> None:
    """Start the shadow from the published regime.

    Parameters
    ----------
    model : Model, in/out
        State.
    """
    copy_regime(published(model), model.shadow)
    copy_spread(model.values, at.SPREAD, at.SHADOW_SPREAD)
    model.drift[:] = 0.0
    model.gate[at.SHADOW_STATISTIC] = 0.0
    model.gate[at.PARKED_STATISTIC] = 0.0
    model.gate[at.PUBLISHED_STATISTIC] = 0.0
    model.gate[at.PARKED_FITS] = 0.0


@kernel
def publish(model: Model, statistic: float, life: float) -> None:
    """Begin to judge by another regime: what was smoothed under the old one is forgotten.

    Parameters
    ----------
    model : Model, in/out
        State.
    statistic : float64
        Smoothed statistic of one tick under the regime that is now published; -1 if unknown.
    life : float64
        Ticks it has learnt.
    """
    gate = model.gate
    gate[at.GATE_HOT] = 0.0
    gate[at.SHADOW_TICKS] = 0.0
    gate[at.PUBLISHED_LIFE] = life
    model.deviation[:] = 0.0
    model.lean[:] = 0.0
    if statistic >= 0.0:
        model.smooth[at.SHORT] = statistic
        model.smooth[at.LONG] = statistic
        for j in range(model.habits.shape[1]):
            model.habits[at.SHORT, j] = min(model.habits[at.SHORT, j], statistic)
            model.habits[at.LONG, j] = min(model.habits[at.LONG, j], statistic)
    model.habits[at.STANDS] = 0.0
    model.habits[at.STANDS_NOW] = 0.0
    for row in range(at.NEW, model.smooth.shape[0]):
        model.smooth[row] = min(model.smooth[row], 1.0)
    for e in range(model.values.shape[1]):
        model.values[at.EDGE_BREAK, e] = min(model.values[at.EDGE_BREAK, e], np.float32(1.0))
    for j in range(model.activity.shape[1]):
        model.activity[at.NODE_BREAK, j] = min(model.activity[at.NODE_BREAK, j], 1.0)
        model.activity[at.NODE_BREAK_NOW, j] = min(model.activity[at.NODE_BREAK_NOW, j], 1.0)
        model.innovations[at.MOVES, j] = min(model.innovations[at.MOVES, j], 1.0)
        model.innovations[at.MOVES_NOW, j] = min(model.innovations[at.MOVES_NOW, j], 1.0)


@kernel
def adopt_shadow(model: Model, tick: int) -> None:
    """Publish the shadow, and park what was published unless a longer-lived regime is parked.

    Parameters
    ----------
    model : Model, in/out
        State.
    tick : int
        Now.
    """
    gate, regime = model.gate, published(model)
    if gate[at.PUBLISHED_LIFE] >= gate[at.PARKED_LIFE]:
        copy_regime(regime, model.parked)
        copy_spread(model.values, at.SPREAD, at.PARKED_SPREAD)
        gate[at.PARKED_LIFE] = max(1.0, gate[at.PUBLISHED_LIFE])
        gate[at.PARKED_AT] = tick
    copy_row(regime.moments, model.shadow.moments, at.SEEN)
    copy_regime(model.shadow, regime)
    fill_spread(model.values, at.SPREAD, at.SHADOW_SPREAD)
    copy_spread(model.values, at.SHADOW_SPREAD, at.SPREAD)
    gate[at.ADOPTED_BEFORE] = gate[at.ADOPTED_LAST]
    gate[at.ADOPTED_LAST] = tick
    publish(model, gate[at.SHADOW_STATISTIC], 0.0)


@kernel
def restore_parked(model: Model) -> None:
    """Publish the parked regime again; what was adopted in between is forgotten.

    Parameters
    ----------
    model : Model, in/out
        State.
    """
    gate, regime = model.gate, published(model)
    for j in range(regime.moments.shape[1]):
        if model.parked.moments[at.COUNT, j] == 0.0:
            copy_series(regime, model.parked, j)
    copy_row(regime.moments, model.parked.moments, at.SEEN)
    copy_regime(model.parked, regime)
    fill_spread(model.values, at.SPREAD, at.PARKED_SPREAD)
    copy_spread(model.values, at.PARKED_SPREAD, at.SPREAD)
    publish(model, gate[at.PARKED_STATISTIC], gate[at.PARKED_LIFE])
    gate[at.PARKED_LIFE] = 0.0


@kernel
def learn_shadow(frame: F64, model: Model, work: Work, settings: F64) -> None:
    """Let the shadow find out where the series stand, then learn from there.

    Parameters
    ----------
    frame : float64[n], in
        NaN where missing.
    model : Model, in/out
        State; the published regime moves only where a series is too young to be judged.
    work : Work, in/out
        The clock's basis comes in; the rest is scratch.
    settings : float64[SETTING_ROWS], in
        See layout.
    """
    gate, shadow = model.gate, model.shadow
    seen = model.moments[at.SEEN]
    warmup = max(settings[at.S_WARMUP], settings[at.S_TAIL_START])
    settled = gate[at.SHADOW_TICKS] + 1.0 - settings[at.S_SETTLE]
    fused = try_regime(frame, shadow, seen, work, settings)
    n = frame.shape[0]
    z, present = work.single[at.Z][:n], work.single[at.PRESENT][:n]
    rate = max(settings[at.S_ADOPT_RATE], 1.0 / (gate[at.SHADOW_TICKS] + 1.0))
    follow_deviation(z, present, model.drift, rate)
    if settled < 0.0:
        keep_past(work.single, shadow.past, n, settings[at.S_CAP])
        return
    if settled > 0.0 and fused >= 0.0:
        rate = max(settings[at.S_SHORT_RATE], 1.0 / settled)
        gate[at.SHADOW_STATISTIC] += rate * (fused - gate[at.SHADOW_STATISTIC])
    count = settings[at.S_ADOPT_COUNT]
    moved = work.double[at.BREAK_COUNT]
    restarted = restart_drifted(
        shadow.moments,
        model.drift,
        work.double[at.SCALE],
        settings[at.S_ADOPT_SIGMAS],
        count,
        moved,
    )
    if settled == 0.0:
        cut_counts(shadow.components, shadow.residual, shadow.totals, count)
    if restarted > 0:
        doubt_spread(model.values, model.ends, moved, count)
        face_regime(frame, shadow, seen, warmup, work, settings)
    if model.ends.shape[1] > 0:
        fill_spread(model.values, at.SPREAD, at.SHADOW_SPREAD)
        swap_spread(model.values, at.SPREAD, at.SHADOW_SPREAD)
        face_edges(model, work)
        learn_spread(work.apart, model.values, settings[at.S_RATE], 1.0)
        swap_spread(model.values, at.SPREAD, at.SHADOW_SPREAD)
    learn_regime(frame, shadow, work, settings, 1.0, 1.0, 1.0)
    keep_past(work.single, shadow.past, n, settings[at.S_CAP])
    for j in range(seen.shape[0]):
        if seen[j] < warmup:
            copy_series(shadow, published(model), j)


@kernel
def try_parked(frame: F64, model: Model, work: Work, settings: F64, statistic: float) -> None:
    """See whether the parked regime fits again.

    Parameters
    ----------
    frame : float64[n], in
        NaN where missing.
    model : Model, in/out
        State; only the gate moves.
    work : Work, in/out
        The clock's basis comes in; the rest is scratch.
    settings : float64[SETTING_ROWS], in
        See layout.
    statistic : float64
        Smoothed over both horizons, under the published regime.
    """
    gate = model.gate
    if gate[at.PARKED_LIFE] == 0.0:
        return
    fused = try_regime(frame, model.parked, model.moments[at.SEEN], work, settings)
    keep_past(work.single, model.parked.past, frame.shape[0], settings[at.S_CAP])
    if fused < 0.0:
        return
    rate = max(settings[at.S_SHORT_RATE], 1.0 / (gate[at.SHADOW_TICKS] + 1.0))
    gate[at.PARKED_STATISTIC] += rate * (fused - gate[at.PARKED_STATISTIC])
    better = RESTORE_RATIO * 2.0 * gate[at.PARKED_STATISTIC] < statistic
    if better and is_calm(model, settings, gate[at.PARKED_STATISTIC]):
        gate[at.PARKED_FITS] += 1.0
    else:
        gate[at.PARKED_FITS] = 0.0


@kernel
def try_published(model: Model, work: Work, settings: F64) -> None:
    """See whether the published regime fits again, sooner than its smoothed statistic tells.

    Parameters
    ----------
    model : Model, in/out
        State; only the gate moves.
    work : Work, in
        What `score_frame` left.
    settings : float64[SETTING_ROWS], in
        See layout.
    """
    gate, seen = model.gate, model.moments[at.SEEN]
    fused = fuse(seen.shape[0], seen, work, settings)
    if fused < 0.0:
        return
    rate = max(settings[at.S_SHORT_RATE], 1.0 / (gate[at.SHADOW_TICKS] + 1.0))
    gate[at.PUBLISHED_STATISTIC] += rate * (fused - gate[at.PUBLISHED_STATISTIC])


@inlined_kernel
def decide_learning(model: Model, work: Work, settings: F64, tick: int) -> int:
    """Decide what learning does at this tick; swap regimes where it is time.

    Parameters
    ----------
    model : Model, in/out
        State.
    work : Work, in
        Exponents of the frame.
    settings : float64[SETTING_ROWS], in
        See layout.
    tick : int
        Now.

    Returns
    -------
    int
        One of the LEARNING_ values of layout.
    """
    gate = model.gate
    if gate[at.HELD] > 0.0:
        return at.LEARNING_HELD
    if work.exponents[at.TAIL_GATE] > settings[at.S_GATE_TRIGGER]:
        gate[at.GATE_HOT] += 1.0
    else:
        gate[at.GATE_HOT] = max(0.0, gate[at.GATE_HOT] - COOLING)
    if tick - gate[at.PARKED_AT] > settings[at.S_RETENTION]:
        gate[at.PARKED_LIFE] = 0.0
    if gate[at.GATE_HOT] == 0.0:
        gate[at.SHADOW_TICKS] = 0.0
        gate[at.BARRED] = 0.0
        if model.smooth[at.GROUP_AGE] < settings[at.S_TAIL_START]:
            return at.LEARNING_WARMUP
        return at.LEARNING_NORMAL
    if gate[at.SHADOW_TICKS] == 0.0:
        begin_quarantine(model)
        return at.LEARNING_QUARANTINED
    if gate[at.PARKED_FITS] >= settings[at.S_RESTORE_AFTER]:
        restore_parked(model)
        return at.LEARNING_RESTORED
    wait = settings[at.S_ADOPT_AFTER]
    early = gate[at.GATE_HOT] <= wait or gate[at.SHADOW_TICKS] <= settings[at.S_SETTLE]
    if early or gate[at.BARRED] > 0.0:
        return at.LEARNING_QUARANTINED
    # The gate stays hot for a while after a disturbance; what is over is not adopted.
    over = is_calm(model, settings, gate[at.PUBLISHED_STATISTIC])
    settled = is_calm(model, settings, gate[at.SHADOW_STATISTIC])
    if over or not (settled or gate[at.GATE_HOT] > PATIENCE * wait):
        return at.LEARNING_QUARANTINED
    adopt_shadow(model, tick)
    return at.LEARNING_ADOPTED


@kernel
def adopt_now(model: Model, work: Work, settings: F64, tick: int) -> None:
    """Adopt the present regime without a wait: the shadow, or one that starts where series stand.

    Parameters
    ----------
    model : Model, in/out
        State.
    work : Work, out
        Scratch.
    settings : float64[SETTING_ROWS], in
        See layout.
    tick : int
        Now.
    """
    gate, shadow, count = model.gate, model.shadow, settings[at.S_ADOPT_COUNT]
    if gate[at.SHADOW_TICKS] <= settings[at.S_SETTLE]:
        begin_quarantine(model)
        scale, moved = work.double[at.SCALE], work.double[at.BREAK_COUNT]
        for j in range(scale.shape[0]):
            scale[j] = sigma(
                shadow.moments[at.VARIANCE, j],
                shadow.moments[at.HIGH, j],
                shadow.moments[at.LOW, j],
                settings[at.S_RANGE_FLOOR],
            )
        sigmas = settings[at.S_ADOPT_SIGMAS]
        restart_drifted(shadow.moments, model.deviation, scale, sigmas, count, moved)
        doubt_spread(model.values, model.ends, moved, count)
        cut_counts(shadow.components, shadow.residual, shadow.totals, count)
        gate[at.SHADOW_STATISTIC] = -1.0
    adopt_shadow(model, tick)
