"""The fused step: a block of frames through every stage, score first, then learn.

One compiled call takes many frames. It comes back early after a tick that Python has to look at: a
change of the graph, or a score whose broken relations are to be listed.
"""

from __future__ import annotations

import math

from hebbstream._jit import kernel
from hebbstream.arrays import F64
from hebbstream.kernels.clock import clock_basis, clock_course, learn_clock
from hebbstream.kernels.edges import (
    block_is_full,
    break_evidence,
    fold_block,
    gather,
    learn_spread,
    refresh_edges,
    some_may_grow,
    strongest_pairs,
)
from hebbstream.kernels.evidence import mean_squares, rank_series, smooth_statistic
from hebbstream.kernels.gate import adopt_regime, follow_deviation, heat
from hebbstream.kernels.layout import (
    ADOPTED_BEFORE,
    BREAK,
    BREAK_COUNT,
    CHANNEL,
    COMPONENTS,
    COMPONENTS_NOW,
    COUNT,
    COURSE,
    EDGE_TICKS,
    EDGES_NOW,
    EVIDENCE,
    EXPECTED,
    GATE_HOT,
    GROUP_AGE,
    HARMONIC,
    HAT,
    HELD,
    JOURNAL_COUNT,
    LEARNING,
    LESSON,
    MEAN,
    P_VALUE,
    PRESENT,
    REASON,
    REASON_DETAIL,
    REASON_GRAPH,
    RECALLED,
    REST,
    S_ACTIVITY_MIN,
    S_ADOPT_AFTER,
    S_ADOPT_COUNT,
    S_ADOPT_RATE,
    S_ADOPT_SIGMAS,
    S_BREAK_RATE,
    S_CAP,
    S_CLOCK_RATE,
    S_CLOCK_RATIO,
    S_COMPONENT_CHECK,
    S_COMPONENTS_MAX,
    S_COMPONENTS_MIN,
    S_DAY_TICKS,
    S_EDGE_CHECK,
    S_ENERGY_MAX,
    S_ENERGY_MIN,
    S_GATE_FACTOR,
    S_GATE_TRIGGER,
    S_LEARN_CLIP,
    S_LINE,
    S_LONG_RATE,
    S_PRUNE_AFTER,
    S_QUANTILE_HIGH,
    S_QUANTILE_LOW,
    S_RANGE_FLOOR,
    S_RANGE_RATE,
    S_RATE,
    S_RELEASE,
    S_SHORT_RATE,
    S_SIGNIFICANCE,
    S_SUBSPACE_CLIP,
    S_TAIL_GROWTH,
    S_TAIL_START,
    S_TRACE_CLIP,
    S_WARMUP,
    S_WEIGHT_GROW,
    S_WEIGHT_PRUNE,
    SCALE,
    SCORE,
    SIGMA,
    STATISTIC,
    SURPRISE,
    TAIL_ALERT,
    TAIL_GATE,
    TAIL_RELATION,
    Z,
)
from hebbstream.kernels.model import Model, Output, Work
from hebbstream.kernels.moments import learn_moments, standardise
from hebbstream.kernels.subspace import (
    adapt_components,
    learn_residual,
    learn_subspace,
    surprise,
    unexplained,
)
from hebbstream.kernels.tail import (
    HOT_EXPONENT,
    HOT_WEIGHT,
    count_hot,
    learn_tail,
    log_statistic,
    tail_exponent,
)

GATE_LOW = 0.9
GATE_HIGH = 0.99
#: Two channels speak: a p-value is the smaller of two, and is corrected for that.
CHANNELS_EXPONENT = math.log10(2.0)
#: Ticks before the number of components may change.
COMPONENTS_SETTLE = 50
#: A component of one series alone leaves nothing to recall it from.
RECALL_SHARE_MIN = 0.05
#: Adoptions in quick succession: this many waits.
ADOPTION_WAITS = 10.0

WARMUP, NORMAL, QUARANTINED, HELD_NOW, ADOPTED = 0, 1, 2, 3, 4


@kernel
def expect(model: Model, work: Work, cap: float, details: F64, t: int) -> None:
    """Write what history and what the peers expect of each series, in its own unit.

    Parameters
    ----------
    model : Model, in
        State.
    work : Work, in
        Standardised frame, course, scale and residual.
    cap : float64
        Sigmas at which z was cut before it was explained, and at which the recall is cut.
    details : float64[4, T, n], out
        See layout.
    t : int
        Row.
    """
    expected, recalled, one_sigma = details[EXPECTED, t], details[RECALLED, t], details[SIGMA, t]
    z, rest, hat = work.single[Z], work.single[REST], work.single[HAT]
    course, scale = work.double[COURSE], work.double[SCALE]
    for j in range(z.shape[0]):
        one_sigma[j] = scale[j]
        if model.moments[COUNT, j] == 0.0:
            expected[j] = math.nan
            recalled[j] = math.nan
            continue
        expected[j] = model.moments[MEAN, j] + course[j]
        cut = min(max(float(z[j]), -cap), cap)
        recall = cut - rest[j] / max(1.0 - hat[j], RECALL_SHARE_MIN)
        recalled[j] = expected[j] + min(max(recall, -cap), cap) * scale[j]


@kernel
def calibrate(
    model: Model, settings: F64, exponents: F64, statistic: float, worst: float, tick: int
) -> None:
    """Calibrate both channels and the gate, then, unless held, let the tail models learn.

    Parameters
    ----------
    model : Model, in/out
        State; the tail models learn.
    settings : float64[SETTING_ROWS], in
        See layout.
    exponents : float64[3], out
        -log10 p of alert, gate and relation.
    statistic : float64
        Smoothed statistic.
    worst : float64
        Largest smoothed break; -1 when there is none.
    tick : int
        Now.
    """
    histograms, tails = model.histograms, model.tails
    low, high = settings[S_QUANTILE_LOW], settings[S_QUANTILE_HIGH]
    growth, release = settings[S_TAIL_GROWTH], settings[S_RELEASE]
    level, far = log_statistic(statistic), log_statistic(max(worst, 0.0))
    alert, gate, relation = tails[TAIL_ALERT], tails[TAIL_GATE], tails[TAIL_RELATION]
    exponents[TAIL_ALERT] = tail_exponent(histograms[TAIL_ALERT], alert, level, low, high)
    exponents[TAIL_GATE] = tail_exponent(histograms[TAIL_GATE], gate, level, GATE_LOW, GATE_HIGH)
    exponents[TAIL_RELATION] = 0.0
    if worst >= 0.0:
        exponents[TAIL_RELATION] = tail_exponent(
            histograms[TAIL_RELATION], relation, far, low, high
        )
    if model.gate[HELD] > 0.0:
        return
    weight = count_hot(alert, exponents[TAIL_ALERT], release)
    learn_tail(histograms[TAIL_ALERT], alert, level, weight, growth)
    # A regime that was just adopted twice is no contamination, or the gate would lock in.
    waits = tick - model.gate[ADOPTED_BEFORE]
    lately = waits <= ADOPTION_WAITS * settings[S_ADOPT_AFTER]
    weight = 1.0 if exponents[TAIL_GATE] <= HOT_EXPONENT or lately else HOT_WEIGHT
    learn_tail(histograms[TAIL_GATE], gate, level, weight, growth)
    if worst >= 0.0 and model.status[EDGE_TICKS] >= settings[S_TAIL_START]:
        weight = count_hot(relation, exponents[TAIL_RELATION], release)
        learn_tail(histograms[TAIL_RELATION], relation, far, weight, growth)


@kernel
def write_verdict(verdicts: F64, exponents: F64, t: int, statistic: float, line: float) -> None:
    """Turn exponents into score, p-value and channel.

    Parameters
    ----------
    verdicts : float64[7, T], out
        See layout.
    exponents : float64[3], in
        From `calibrate`; all zero while nothing is judged, which gives score 0 and p 1.
    t : int
        Row.
    statistic : float64
        Smoothed statistic.
    line : float64
        Exponent of the alert line.
    """
    loudest = max(exponents[TAIL_ALERT], exponents[TAIL_RELATION])
    exponent = max(0.0, loudest - CHANNELS_EXPONENT)
    verdicts[STATISTIC, t] = statistic
    verdicts[SCORE, t] = exponent / line
    verdicts[P_VALUE, t] = 10.0 ** (-exponent)
    related = exponents[TAIL_RELATION] > exponents[TAIL_ALERT]
    verdicts[CHANNEL, t] = 1.0 if related else 0.0


@kernel
def score_frame(
    frame: F64, model: Model, work: Work, settings: F64, out: Output, time: float, tick: int, t: int
) -> None:
    """Judge one frame by what was learnt before it.

    Parameters
    ----------
    frame : float64[n], in
        NaN where missing.
    model : Model, in/out
        State; only what is smoothed evidence, and the tail models, move.
    work : Work, out
        Scratch that `learn_frame` reads.
    settings : float64[SETTING_ROWS], in
        See layout.
    out : Output, out
        Results.
    time : float64
        Unix seconds.
    tick, t : int
        Now, and its row in the results.
    """
    z, rest, hat, present = (
        work.single[Z],
        work.single[REST],
        work.single[HAT],
        work.single[PRESENT],
    )
    course, scale = work.double[COURSE], work.double[SCALE]
    u, broken, counts = work.double[SURPRISE], work.double[BREAK], model.moments[COUNT]
    cap = settings[S_CAP]
    ready = model.smooth[GROUP_AGE] >= settings[S_TAIL_START]
    # A series that joins a running group is judged later than the group's first ones.
    warmup = max(settings[S_WARMUP], settings[S_TAIL_START] if ready else 0.0)

    clock_basis(time, work.basis)
    clock_course(
        work.basis,
        model.coefficients,
        model.clock,
        work.double[HARMONIC],
        course,
        settings[S_DAY_TICKS],
        settings[S_CLOCK_RATIO],
    )
    standardise(frame, course, model.moments, z, scale, present, settings[S_RANGE_FLOOR])
    k = int(model.totals[COMPONENTS])
    unexplained(model.weights, k, z, cap, rest, hat)
    surprise(rest, model.residual, present, u)
    if k == 0:
        u[:] = 0.0
    worst = break_evidence(
        z,
        present,
        model.ends,
        model.values,
        model.activity,
        broken,
        work.double[BREAK_COUNT],
        settings[S_BREAK_RATE],
    )
    follow_deviation(z, present, model.deviation, settings[S_ADOPT_RATE])
    fused = mean_squares(z, u, present, counts, cap, warmup)
    statistic = smooth_statistic(model.smooth, fused, settings[S_SHORT_RATE], settings[S_LONG_RATE])
    work.exponents[:] = 0.0
    if ready and fused >= 0.0:
        calibrate(model, settings, work.exponents, statistic, worst, tick)
    write_verdict(out.verdicts, work.exponents, t, statistic, settings[S_LINE])
    rank_series(z, u, broken, present, counts, warmup, out.details[EVIDENCE, t])
    expect(model, work, cap, out.details, t)


@kernel
def learning_factor(
    model: Model, work: Work, settings: F64, out: Output, tick: int, t: int
) -> float:
    """Decide how fast this frame is learnt, and adopt a regime that has stayed.

    Parameters
    ----------
    model : Model, in/out
        State; the gate moves.
    work : Work, in
        Exponents of the frame.
    settings : float64[SETTING_ROWS], in
        See layout.
    out : Output, out
        Results.
    tick, t : int
        Now, and its row in the results.

    Returns
    -------
    float64
        Factor on every rate; 0 while held.
    """
    if model.gate[HELD] > 0.0:
        out.verdicts[LEARNING, t] = HELD_NOW
        return 0.0
    ready = model.smooth[GROUP_AGE] >= settings[S_TAIL_START]
    out.verdicts[LEARNING, t] = NORMAL if ready else WARMUP
    exponent = work.exponents[TAIL_GATE]
    if heat(model.gate, exponent, settings[S_GATE_TRIGGER], settings[S_ADOPT_AFTER], tick):
        out.verdicts[LEARNING, t] = ADOPTED
        adopt_regime(
            model.moments,
            model.components,
            model.residual,
            model.totals,
            model.deviation,
            settings[S_ADOPT_SIGMAS],
            settings[S_ADOPT_COUNT],
        )
    if model.gate[GATE_HOT] > 0.0:
        out.verdicts[LEARNING, t] = QUARANTINED
        return float(settings[S_GATE_FACTOR])
    return 1.0


@kernel
def learn_frame(frame: F64, model: Model, work: Work, settings: F64, g: float) -> None:
    """Let every state learn the frame that was just scored.

    Parameters
    ----------
    frame : float64[n], in
        NaN where missing.
    model : Model, in/out
        State.
    work : Work, in/out
        What `score_frame` left.
    settings : float64[SETTING_ROWS], in
        See layout.
    g : float64
        Factor on every rate, in (0, 1].
    """
    z, present = work.single[Z], work.single[PRESENT]
    rate = settings[S_RATE]
    learn_clock(
        frame,
        work.basis,
        model.coefficients,
        model.clock,
        work.double[HARMONIC],
        work.double[BREAK_COUNT],
        settings[S_CLOCK_RATE],
        g,
        settings[S_DAY_TICKS],
    )
    learn_moments(
        frame,
        work.double[COURSE],
        model.moments,
        rate,
        g,
        settings[S_LEARN_CLIP],
        settings[S_RANGE_FLOOR],
        settings[S_RANGE_RATE],
    )
    learn_residual(
        work.single[REST], model.residual, present, rate, g, settings[S_CAP], settings[S_WARMUP]
    )
    learn_subspace(
        model.weights,
        model.components,
        model.totals,
        z,
        present,
        work.single[LESSON],
        rate,
        g,
        settings[S_SUBSPACE_CLIP],
    )
    if model.traces.shape[0] > 0:
        learn_spread(z, present, model.ends, model.values, rate, g)
        gather(
            z, present, model.activity, model.block, model.status, rate, g, settings[S_TRACE_CLIP]
        )
        if block_is_full(model.status):
            fold_block(model.traces, model.block, model.status)


@kernel
def check_components(model: Model, work: Work, settings: F64, out: Output, t: int) -> None:
    """Grow or prune a component, and note it in the journal.

    Parameters
    ----------
    model : Model, in/out
        State.
    work : Work, in
        What `learn_frame` left.
    settings : float64[SETTING_ROWS], in
        See layout.
    out : Output, in/out
        Results.
    t : int
        Row in the results.
    """
    change = adapt_components(
        model.weights,
        model.components,
        model.totals,
        work.single[LESSON],
        settings[S_ENERGY_MIN],
        settings[S_ENERGY_MAX],
        settings[S_COMPONENTS_MIN],
        settings[S_COMPONENTS_MAX],
    )
    if change != 0:
        entry = out.report[JOURNAL_COUNT]
        out.journal[entry, 0] = t
        out.journal[entry, 1] = change
        out.journal[entry, 2] = int(model.totals[COMPONENTS]) - (1 if change > 0 else 0)
        out.report[JOURNAL_COUNT] = entry + 1


@kernel
def check_graph(model: Model, work: Work, settings: F64) -> bool:
    """Bring traces and weights up to date and tell whether the graph has to change.

    Parameters
    ----------
    model : Model, in/out
        State.
    work : Work, out
        Scratch; the strongest pairs are in `partner` and `strength` on return.
    settings : float64[SETTING_ROWS], in
        See layout.

    Returns
    -------
    bool
        True when edges may grow, or have to be pruned or flipped.
    """
    fold_block(model.traces, model.block, model.status)
    revise = refresh_edges(
        model.traces,
        model.activity,
        model.ends,
        model.values,
        model.ticks,
        settings[S_WEIGHT_PRUNE],
        settings[S_PRUNE_AFTER],
        int(settings[S_EDGE_CHECK]),
    )
    strongest_pairs(
        model.traces,
        model.activity,
        work.single[LESSON : HAT + 1],
        work.partner,
        work.strength,
        settings[S_ACTIVITY_MIN],
        settings[S_WEIGHT_GROW],
    )
    grows = some_may_grow(
        work.partner,
        work.strength,
        model.linked,
        model.activity,
        settings[S_RATE],
        settings[S_SIGNIFICANCE],
    )
    return grows or revise


@kernel
def advance(
    frames: F64,
    times: F64,
    model: Model,
    work: Work,
    settings: F64,
    out: Output,
    start: int,
    first_tick: int,
    detail_from: float,
) -> int:
    """Take frames one by one through every stage: score, then learn.

    Parameters
    ----------
    frames : float64[T, n], in
        NaN where missing; finite values are bounded by the caller.
    times : float64[T], in
        Unix seconds of each frame.
    model : Model, in/out
        State.
    work : Work, out
        Scratch of the caller; holds the strongest pairs after a call that ended for the graph.
    settings : float64[SETTING_ROWS], in
        See layout.
    out : Output, in/out
        Results, the journal of components, and why the call ended early.
    start : int
        Row to begin with.
    first_tick : int
        Tick of row 0.
    detail_from : float64
        Score from which the call ends after the tick.

    Returns
    -------
    int
        The row after the last one done.
    """
    component_check = int(settings[S_COMPONENT_CHECK])
    edge_check = int(settings[S_EDGE_CHECK])
    edges = model.ends.shape[1]
    out.report[REASON] = 0
    for t in range(start, frames.shape[0]):
        tick = first_tick + t
        score_frame(frames[t], model, work, settings, out, times[t], tick, t)
        g = learning_factor(model, work, settings, out, tick, t)
        if g > 0.0:
            learn_frame(frames[t], model, work, settings, g)
        if g == 1.0 and model.smooth[GROUP_AGE] > COMPONENTS_SETTLE and tick % component_check == 0:
            check_components(model, work, settings, out, t)
        if model.gate[HELD] == 0.0:
            model.smooth[GROUP_AGE] += 1.0
            model.status[EDGE_TICKS] += 1.0 if edges > 0 else 0.0
            due = model.traces.shape[0] > 0 and (tick + 1) % edge_check == 0
            if due and check_graph(model, work, settings):
                out.report[REASON] += REASON_GRAPH
        out.verdicts[COMPONENTS_NOW, t] = model.totals[COMPONENTS]
        out.verdicts[EDGES_NOW, t] = edges
        if edges > 0 and out.verdicts[SCORE, t] >= detail_from:
            out.report[REASON] += REASON_DETAIL
        if out.report[REASON] != 0:
            return t + 1
    return int(frames.shape[0])
