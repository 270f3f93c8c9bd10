"""Learning the frame that was just scored, as fast as the gate allows.

The numbers of components and edges are checked here as well, every so many ticks.
"""

from __future__ import annotations

from hebbstream._jit import inlined_kernel, kernel
from hebbstream.arrays import F64
from hebbstream.kernels import layout as at
from hebbstream.kernels.breaks import learn_spread
from hebbstream.kernels.edge_rules import learn_edges_delta, learn_edges_oja
from hebbstream.kernels.edges import refresh_edges
from hebbstream.kernels.evidence import learn_usual
from hebbstream.kernels.gate import count_seen
from hebbstream.kernels.growth import some_may_grow, strongest_pairs
from hebbstream.kernels.homeostasis import follow_pace, measure_fit
from hebbstream.kernels.innovation import learn_innovations
from hebbstream.kernels.lags import time_pairs
from hebbstream.kernels.model import Model, Output, Work
from hebbstream.kernels.neighbourhood import learn_stands
from hebbstream.kernels.quarantine import (
    decide_learning,
    learn_shadow,
    try_parked,
    try_published,
)
from hebbstream.kernels.regime import face_edges, face_regime, learn_regime, published
from hebbstream.kernels.search import check_slots, fold_own
from hebbstream.kernels.subspace import adapt_components, keep_past
from hebbstream.kernels.traces import fold_block, gather


@inlined_kernel
def learn_frame(
    frame: F64, model: Model, work: Work, settings: F64, g: float, pace: float, level: float
) -> None:
    """Let the published regime and the relations learn the frame that was just scored.

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
    pace, level : float64
        Further factors once warm: of components, of what they leave, and of how far apart ends of
        edges are; of location and variance.
    """
    learn_usual(
        work.single[at.PRESENT][: frame.shape[0]],
        model.moments[at.SEEN],
        model.habits,
        settings[at.S_WARMUP],
        settings[at.S_RATE],
        g,
    )
    learn_innovations(
        work.single[at.PRESENT][: frame.shape[0]], model.innovations, settings[at.S_RATE], g
    )
    learn_regime(frame, published(model), work, settings, g, pace, level)
    if model.ends.shape[1] > 0:
        together, seen = work.double[at.TOGETHER], model.moments[at.SEEN]
        learn_stands(together, seen, model.habits, settings[at.S_RATE], g)
    if model.block.shape[2] > 0:
        learn_graph(model, work, settings, g, pace)


@inlined_kernel
def learn_graph(model: Model, work: Work, settings: F64, g: float, pace: float) -> None:
    """Let edges and pairs learn the frame.

    Parameters
    ----------
    model : Model, in/out
        State.
    work : Work, in/out
        What `score_frame` left.
    settings : float64[SETTING_ROWS], in
        See layout.
    g : float64
        Factor on every rate, in (0, 1].
    pace : float64
        Factor on the rate of how far apart ends of edges are.
    """
    n = model.activity.shape[1]
    z, present = work.single[at.Z][:n], work.single[at.PRESENT][:n]
    rate, clip = settings[at.S_RATE], settings[at.S_TRACE_CLIP]
    apart = 1 if model.traces.shape[0] == 0 else 0
    learn_spread(work.apart, model.values, pace * rate, g)
    rule, shrink = settings[at.S_EDGE_RULE], settings[at.S_EDGE_L1]
    if rule == at.EDGE_OJA:
        learn_edges_oja(z, present, model.ends, model.values, clip, g * rate, shrink)
    elif rule == at.EDGE_DELTA:
        learn_edges_delta(
            z,
            present,
            model.ends,
            model.values,
            work.double[at.BREAK],
            work.double[at.BREAK_COUNT],
            clip,
            g * rate,
            shrink,
        )
    if apart == 1 and model.status[at.PENDING] >= model.block.shape[1]:
        fold_own(model, work, rate)
    gather(z, present, model.activity, model.block, model.status, rate, g, clip, apart)
    if apart == 0 and model.status[at.PENDING] >= model.block.shape[1]:
        time_pairs(
            model.ends,
            model.values,
            model.block,
            model.status,
            work.turned,
            work.cells,
            work.pace,
            rate,
        )
        fold_block(model.traces, model.block, model.status)


@inlined_kernel
def adapt_pace(model: Model, work: Work, settings: F64, score: float) -> tuple[float, float]:
    """Follow how well the published regime fits in the long run, and set its paces by that.

    Parameters
    ----------
    model : Model, in/out
        State; lean and gate move, unless the score is above the line.
    work : Work, in
        What `score_frame` left.
    settings : float64[SETTING_ROWS], in
        See layout.
    score : float64
        Of this frame.

    Returns
    -------
    pace : float64
        Factor on the rates of components, of what they leave, and of spreads of edges.
    level : float64
        Factor on those of location and variance.
    """
    low, high = settings[at.S_PACE_MIN], settings[at.S_PACE_MAX]
    if score < 1.0:
        n, rate = model.lean.shape[0], settings[at.S_PACE_RATE]
        leans, scatter, left = measure_fit(
            work.single[at.Z][:n],
            work.single[at.REST][:n],
            work.single[at.PRESENT][:n],
            model.moments[at.SEEN],
            model.lean,
            settings[at.S_TAIL_START],
            rate,
        )
        if scatter >= 0.0:
            age = model.smooth[at.GROUP_AGE] - settings[at.S_TAIL_START]
            knobs = settings[at.S_PACE_MIN : at.S_PACE_RATE + 1]
            follow_pace(model.gate, leans, scatter, left, age, knobs)
    pace, level = model.gate[at.PACE], model.gate[at.LEVEL_PACE]
    return min(max(pace, low), high), min(max(level, low), high)


@inlined_kernel
def learn(
    frame: F64, model: Model, work: Work, settings: F64, out: Output, tick: int, t: int
) -> int:
    """Learn the frame that was just scored, as the gate allows.

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
    out : Output, in/out
        Results.
    tick, t : int
        Now, and its row in the results.

    Returns
    -------
    int
        One of the LEARNING_ values of layout.
    """
    n, cap = frame.shape[0], settings[at.S_CAP]
    did = decide_learning(model, work, settings, tick)
    out.verdicts[at.LEARNING, t] = did
    if did == at.LEARNING_HELD:
        keep_past(work.single, model.past, n, cap)
    elif did == at.LEARNING_QUARANTINED:
        try_published(model, work, settings)
        slow = settings[at.S_GATE_FACTOR] if model.gate[at.BARRED] == 0.0 else 0.0
        if slow > 0.0:
            learn_frame(frame, model, work, settings, slow, 1.0, 1.0)
        else:
            count_seen(frame, model.moments[at.SEEN])
        keep_past(work.single, model.past, n, cap)
        learn_shadow(frame, model, work, settings)
        try_parked(frame, model, work, settings, out.verdicts[at.STATISTIC, t])
        model.gate[at.SHADOW_TICKS] += 1.0
    else:
        if did == at.LEARNING_ADOPTED or did == at.LEARNING_RESTORED:
            seen, warmup = model.moments[at.SEEN], settings[at.S_TAIL_START]
            face_regime(frame, published(model), seen, warmup, work, settings)
            face_edges(model, work)
        pace, level = 1.0, 1.0
        paced = n > 1 and settings[at.S_PACE_MIN] < settings[at.S_PACE_MAX]
        if did == at.LEARNING_NORMAL and paced:
            pace, level = adapt_pace(model, work, settings, out.verdicts[at.SCORE, t])
        learn_frame(frame, model, work, settings, 1.0, pace, level)
        keep_past(work.single, model.past, n, cap)
        model.gate[at.PUBLISHED_LIFE] += 1.0
    return did


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
        work.single[at.LESSON],
        settings[at.S_ENERGY_MIN],
        settings[at.S_ENERGY_MAX],
        settings[at.S_COMPONENTS_MIN],
        min(settings[at.S_COMPONENTS_MAX], model.moments.shape[1] - 1.0),
    )
    if change != 0:
        entry = out.report[at.JOURNAL_COUNT]
        out.journal[entry, 0] = t
        out.journal[entry, 1] = change
        out.journal[entry, 2] = int(model.totals[at.COMPONENTS]) - (1 if change > 0 else 0)
        out.report[at.JOURNAL_COUNT] = entry + 1


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
    if model.traces.shape[0] == 0:
        return check_slots(model, work, settings)
    fold_block(model.traces, model.block, model.status)
    revise = refresh_edges(
        model.traces,
        model.activity,
        model.ends,
        model.values,
        model.ticks,
        settings[at.S_WEIGHT_PRUNE : at.S_ACTIVITY_MIN + 1],
        int(settings[at.S_EDGE_CHECK]),
    )
    strongest_pairs(
        model.traces,
        model.activity,
        work.single[at.LESSON : at.HAT + 1],
        work.partner,
        work.strength,
        settings[at.S_ACTIVITY_MIN],
        settings[at.S_WEIGHT_GROW],
    )
    grows = some_may_grow(
        work.partner,
        work.strength,
        model.linked,
        model.activity,
        settings[at.S_RATE],
        settings[at.S_SIGNIFICANCE],
    )
    return grows or revise
