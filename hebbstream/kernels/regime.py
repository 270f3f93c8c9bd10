"""A regime: what a group is like as long as nothing happens, apart from who learns it when.

The published regime judges every frame. In a quarantine a second one, the shadow, learns beside it;
a third is parked when the shadow is adopted. All three are judged and learnt by the same code.
"""

from __future__ import annotations

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64
from hebbstream.kernels import layout as at
from hebbstream.kernels.breaks import measure_apart
from hebbstream.kernels.clock import clock_course, learn_clock
from hebbstream.kernels.evidence import calm_newcomers, mean_squares
from hebbstream.kernels.model import Model, Regime, Work
from hebbstream.kernels.moments import learn_moments, standardise
from hebbstream.kernels.subspace import (
    face_past,
    learn_residual,
    learn_subspace,
    surprise,
    unexplained,
)
from hebbstream.kernels.subspace_rules import learn_subspace_by
from hebbstream.kernels.tables import copy_column, copy_table


@kernel
def published(model: Model) -> Regime:
    """Return the regime that judges, of a model.

    Parameters
    ----------
    model : Model, in
        State.

    Returns
    -------
    Regime
        Not copies.
    """
    return Regime(
        model.moments,
        model.clock,
        model.coefficients,
        model.weights,
        model.components,
        model.residual,
        model.totals,
        model.past,
    )


@kernel
def copy_regime(source: Regime, target: Regime) -> None:
    """Overwrite a regime by another.

    Parameters
    ----------
    source : Regime, in
        What is copied.
    target : Regime, out
        Of the same shapes.
    """
    copy_table(source.moments, target.moments)
    copy_table(source.clock, target.clock)
    copy_table(source.coefficients, target.coefficients)
    copy_table(source.weights, target.weights)
    copy_table(source.components, target.components)
    copy_table(source.residual, target.residual)
    copy_table(source.past, target.past)
    for row in range(source.totals.shape[0]):
        target.totals[row] = source.totals[row]


@kernel
def copy_series(source: Regime, target: Regime, j: int) -> None:
    """Overwrite what a regime knows of one series by itself.

    Parameters
    ----------
    source : Regime, in
        What is copied; the components' weights are not.
    target : Regime, in/out
        Of the same shapes.
    j : int
        The series.
    """
    copy_column(source.moments[: at.SEEN], target.moments, j)
    copy_column(source.clock, target.clock, j)
    copy_column(source.coefficients, target.coefficients, j)
    copy_column(source.residual, target.residual, j)
    copy_column(source.past, target.past, j)


@kernel
def face_regime(
    frame: F64, regime: Regime, seen: F64, warmup: float, work: Work, settings: F64
) -> None:
    """Express a frame as deviations from a regime; learn nothing.

    Parameters
    ----------
    frame : float64[n], in
        NaN where missing.
    regime : Regime, in
        What is normal.
    seen : float64[n], in
        Samples of each series since it joined.
    warmup : float64
        Samples before a series is judged; until then it is not explained to its peers.
    work : Work, in/out
        The clock's basis comes in; course, z, presence, scale, rest, hat and surprise go out.
    settings : float64[SETTING_ROWS], in
        See layout.
    """
    n = frame.shape[0]
    z, present = work.single[at.Z], work.single[at.PRESENT]
    course, u, rest = work.double[at.COURSE], work.double[at.SURPRISE], work.single[at.REST]
    clock_course(
        work.basis,
        regime.coefficients,
        regime.clock,
        work.double[at.HARMONIC],
        course,
        settings[at.S_DAY_TICKS],
        settings[at.S_CLOCK_RATIO],
    )
    scale, floor = work.double[at.SCALE], settings[at.S_RANGE_FLOOR]
    standardise(frame, course, regime.moments, z[:n], scale, present[:n], floor)
    calm_newcomers(z[:n], seen, warmup, settings[at.S_SUBSPACE_CLIP])
    face_past(work.single, regime.past, n)
    k = int(regime.totals[at.COMPONENTS])
    unexplained(regime.weights, k, z, settings[at.S_CAP], rest, work.single[at.HAT])
    surprise(rest[:n], regime.residual, present[:n], u)
    if k == 0:
        u[:] = 0.0


@kernel
def face_edges(model: Model, work: Work) -> None:
    """Measure how far the ends of edges are apart in the frame a regime was just faced with.

    Parameters
    ----------
    model : Model, in
        State.
    work : Work, in/out
        What `face_regime` left; how far ends are apart goes out, and the lesson is scratch.
    """
    n = model.activity.shape[1]
    measure_apart(
        work.single[at.Z][:n],
        work.single[at.PRESENT][:n],
        model.ends,
        model.values,
        work.pairs,
        work.single[at.LESSON][:n],
        work.apart,
    )


@kernel
def fuse(n: int, seen: F64, work: Work, settings: F64) -> float:
    """Fuse the deviations of a frame in a running group.

    Parameters
    ----------
    n : int
        Series.
    seen : float64[n], in
        Samples of each series since it joined.
    work : Work, in
        What `face_regime` left.
    settings : float64[SETTING_ROWS], in
        See layout.

    Returns
    -------
    float64
        The fused statistic of this tick; -1 when no series is judged.
    """
    return mean_squares(
        work.single[at.Z][:n],
        work.double[at.SURPRISE],
        work.single[at.PRESENT][:n],
        seen,
        settings[at.S_CAP],
        max(settings[at.S_WARMUP], settings[at.S_TAIL_START]),
    )


@kernel
def try_regime(frame: F64, regime: Regime, seen: F64, work: Work, settings: F64) -> float:
    """Judge a frame by a regime that is not the published one.

    Parameters
    ----------
    frame : float64[n], in
        NaN where missing.
    regime : Regime, in
        What would be normal.
    seen : float64[n], in
        Samples of each series since it joined.
    work : Work, in/out
        As `face_regime` leaves it.
    settings : float64[SETTING_ROWS], in
        See layout.

    Returns
    -------
    float64
        The fused statistic of this tick; -1 when no series is judged.
    """
    warmup = max(settings[at.S_WARMUP], settings[at.S_TAIL_START])
    face_regime(frame, regime, seen, warmup, work, settings)
    return fuse(frame.shape[0], seen, work, settings)


@kernel
def learn_components(
    weights: F32,
    components: F64,
    totals: F64,
    single: F32,
    settings: F64,
    rate: float,
    g: float,
) -> None:
    """Let the components learn the frame by the rule that is set.

    Parameters
    ----------
    weights, components, totals : in/out
        State of the subspace, see `learn_subspace`.
    single : float32[5, (1 + l) n], in/out
        What `face_regime` left; the lesson is overwritten, by plain rules the rest and hat too.
    settings : float64[SETTING_ROWS], in
        See layout.
    rate : float64
        EW rate once warm.
    g : float64
        Factor on every rate, in (0, 1].
    """
    z, present = single[at.Z], single[at.PRESENT]
    clip = settings[at.S_SUBSPACE_CLIP]
    rule = int(settings[at.S_SUBSPACE_RULE])
    if rule == at.RULE_PASTD:
        lesson = single[at.LESSON]
        learn_subspace(weights, components, totals, z, present, lesson, rate, g, clip)
    else:
        scratch = single[at.REST : at.HAT + 1]
        learn_subspace_by(rule, weights, components, totals, z, present, scratch, rate, g, clip)


@kernel
def learn_regime(
    frame: F64, regime: Regime, work: Work, settings: F64, g: float, pace: float, level: float
) -> None:
    """Let a regime learn the frame that it was just faced with.

    Parameters
    ----------
    frame : float64[n], in
        NaN where missing.
    regime : Regime, in/out
        What learns.
    work : Work, in/out
        What `face_regime` left.
    settings : float64[SETTING_ROWS], in
        See layout.
    g : float64
        Factor on every rate, in (0, 1].
    pace, level : float64
        Further factors once warm: of components and of what they leave; of location and variance.
    """
    n, rate = frame.shape[0], pace * settings[at.S_RATE]
    learn_clock(
        frame,
        work.basis,
        regime.coefficients,
        regime.clock,
        work.double[at.HARMONIC],
        work.double[at.BREAK_COUNT],
        settings[at.S_CLOCK_RATE],
        g,
        settings[at.S_DAY_TICKS],
    )
    learn_moments(
        frame,
        work.double[at.COURSE],
        regime.moments,
        level * settings[at.S_RATE],
        g,
        settings[at.S_LEARN_CLIP],
        settings[at.S_RANGE_FLOOR],
        settings[at.S_RANGE_RATE],
    )
    learn_residual(
        work.single[at.REST][:n],
        regime.residual,
        work.single[at.PRESENT][:n],
        rate,
        g,
        settings[at.S_CAP],
        settings[at.S_WARMUP],
    )
    learn_components(
        regime.weights, regime.components, regime.totals, work.single, settings, rate, g
    )
