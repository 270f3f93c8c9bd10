"""Learning the frame that was just scored, as fast as the gate allows.

The numbers of components and edges are checked here as well, every so many ticks.
"""

from __future__ import annotations

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64
from hebbstream.kernels import layout as at
from hebbstream.kernels.clock import learn_clock
from hebbstream.kernels.edge_rules import learn_edges_delta, learn_edges_oja
from hebbstream.kernels.edges import learn_spread, refresh_edges
from hebbstream.kernels.evidence import learn_usual
from hebbstream.kernels.gate import adopt_regime, heat
from hebbstream.kernels.growth import some_may_grow, strongest_pairs
from hebbstream.kernels.model import Model, Output, Work
from hebbstream.kernels.moments import learn_moments
from hebbstream.kernels.search import check_slots, fold_own
from hebbstream.kernels.subspace import adapt_components, learn_residual, learn_subspace
from hebbstream.kernels.subspace_rules import learn_subspace_by
from hebbstream.kernels.traces import fold_block, gather

# Values of hebbstream.results.Learning.
WARMUP, NORMAL, QUARANTINED, HELD_NOW, ADOPTED = 0, 1, 2, 3, 4


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
    if model.gate[at.HELD] > 0.0:
        out.verdicts[at.LEARNING, t] = HELD_NOW
        return 0.0
    ready = model.smooth[at.GROUP_AGE] >= settings[at.S_TAIL_START]
    out.verdicts[at.LEARNING, t] = NORMAL if ready else WARMUP
    exponent = work.exponents[at.TAIL_GATE]
    if heat(model.gate, exponent, settings[at.S_GATE_TRIGGER], settings[at.S_ADOPT_AFTER], tick):
        out.verdicts[at.LEARNING, t] = ADOPTED
        adopt_regime(
            model.moments,
            model.components,
            model.residual,
            model.totals,
            model.deviation,
            settings[at.S_ADOPT_SIGMAS],
            settings[at.S_ADOPT_COUNT],
        )
    if model.gate[at.GATE_HOT] > 0.0:
        out.verdicts[at.LEARNING, t] = QUARANTINED
        return float(settings[at.S_GATE_FACTOR])
    return 1.0


@kernel
def learn_components(
    weights: F32, components: F64, totals: F64, single: F32, settings: F64, g: float
) -> None:
    """Let the components learn the frame by the rule that is set.

    Parameters
    ----------
    weights, components, totals : in/out
        State of the subspace, see `learn_subspace`.
    single : float32[5, (1 + l) n], in/out
        What `score_frame` left; the lesson is overwritten, by plain rules the rest and hat too.
    settings : float64[SETTING_ROWS], in
        See layout.
    g : float64
        Factor on every rate, in (0, 1].
    """
    z, present = single[at.Z], single[at.PRESENT]
    rate, clip = settings[at.S_RATE], settings[at.S_SUBSPACE_CLIP]
    rule = int(settings[at.S_SUBSPACE_RULE])
    if rule == at.RULE_PASTD:
        lesson = single[at.LESSON]
        learn_subspace(weights, components, totals, z, present, lesson, rate, g, clip)
    else:
        scratch = single[at.REST : at.HAT + 1]
        learn_subspace_by(rule, weights, components, totals, z, present, scratch, rate, g, clip)


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
    n = frame.shape[0]
    present = work.single[at.PRESENT][:n]
    rate = settings[at.S_RATE]
    learn_clock(
        frame,
        work.basis,
        model.coefficients,
        model.clock,
        work.double[at.HARMONIC],
        work.double[at.BREAK_COUNT],
        settings[at.S_CLOCK_RATE],
        g,
        settings[at.S_DAY_TICKS],
    )
    learn_moments(
        frame,
        work.double[at.COURSE],
        model.moments,
        rate,
        g,
        settings[at.S_LEARN_CLIP],
        settings[at.S_RANGE_FLOOR],
        settings[at.S_RANGE_RATE],
    )
    learn_usual(
        present,
        model.moments[at.SEEN],
        model.habits,
        settings[at.S_WARMUP],
        settings[at.S_LONG_RATIO],
        rate,
        g,
    )
    learn_residual(
        work.single[at.REST][:n],
        model.residual,
        present,
        rate,
        g,
        settings[at.S_CAP],
        settings[at.S_WARMUP],
    )
    learn_components(model.weights, model.components, model.totals, work.single, settings, g)
    if model.block.shape[2] > 0:
        learn_graph(model, work, settings, g)


@kernel
def learn_graph(model: Model, work: Work, settings: F64, g: float) -> None:
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
    """
    n = model.activity.shape[1]
    z, present = work.single[at.Z][:n], work.single[at.PRESENT][:n]
    rate, clip = settings[at.S_RATE], settings[at.S_TRACE_CLIP]
    apart = 1 if model.traces.shape[0] == 0 else 0
    learn_spread(z, present, model.ends, model.values, rate, g)
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
    if apart == 1 and model.status[at.PENDING] >= at.BLOCK_TICKS:
        fold_own(model, work, rate)
    gather(z, present, model.activity, model.block, model.status, rate, g, clip, apart)
    if apart == 0 and model.status[at.PENDING] >= at.BLOCK_TICKS:
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
