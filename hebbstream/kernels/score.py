"""Judging one frame by what was learnt before it.

Only smoothed evidence and the tail models move here; what is normal is learnt in learn.py.
"""

from __future__ import annotations

import math

import numpy as np

from hebbstream._jit import inlined_kernel
from hebbstream.arrays import F64
from hebbstream.kernels import layout as at
from hebbstream.kernels.breaks import break_evidence
from hebbstream.kernels.clock import clock_basis
from hebbstream.kernels.evidence import (
    mean_squares,
    rank_series,
    smooth_statistic,
    worst_series,
)
from hebbstream.kernels.gate import follow_deviation
from hebbstream.kernels.innovation import innovate
from hebbstream.kernels.model import Model, Output, Work
from hebbstream.kernels.neighbourhood import shift_together
from hebbstream.kernels.regime import face_regime, published
from hebbstream.kernels.single import judge_single
from hebbstream.kernels.verdict import calibrate, calibrate_new, write_verdict

#: A component of one series alone leaves nothing to recall it from.
RECALL_SHARE_MIN = 0.05
#: What a smoothed break counts beside a deviation of this tick, while relations speak loudest.
LASTING_WEIGHT = 1.0
#: What is new is smoothed so many times faster than the statistic,
NEW_SHORT = 2.5
NEW_LONG = 3.0
#: and its long form counts at most so many times the short one.
NEW_RATIO = 1.5


@inlined_kernel
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
    expected, recalled, one_sigma = (
        details[at.EXPECTED, t],
        details[at.RECALLED, t],
        details[at.SIGMA, t],
    )
    z, rest, hat = work.single[at.Z], work.single[at.REST], work.single[at.HAT]
    course, scale = work.double[at.COURSE], work.double[at.SCALE]
    means, counts = model.moments[at.MEAN], model.moments[at.COUNT]
    whole, least, limit = np.float32(1.0), np.float32(RECALL_SHARE_MIN), np.float32(cap)
    for j in range(scale.shape[0]):
        # What is not known yet is selected, not branched to: several series are then taken at once.
        one = scale[j]
        here = means[j] + course[j] if counts[j] > 0.0 else math.nan
        recall = min(max(z[j], -limit), limit) - rest[j] / max(whole - hat[j], least)
        one_sigma[j] = one
        expected[j] = here
        recalled[j] = here + min(max(recall, -limit), limit) * one


@inlined_kernel
def hear_peers(
    model: Model, work: Work, settings: F64, warmup: float, heights: F64
) -> tuple[float, float, float]:
    """Compare each series with its peers: what is new in it, and where they stand together.

    Parameters
    ----------
    model : Model, in/out
        State; what is smoothed moves.
    work : Work, in/out
        The frame's z and u; where series stand together goes out.
    settings : float64[SETTING_ROWS], in
        See layout.
    warmup : float64
        Samples before a series is judged.
    heights : float64[n], out
        Scratch.

    Returns
    -------
    new : float64
        Smoothed mean square of the innovations; -1 when there are no peers.
    moves, shift : float64
        From `innovate` and `shift_together`; -1 when there is none.
    """
    n = model.moments.shape[1]
    z, present = work.single[at.Z][:n], work.single[at.PRESENT][:n]
    u, seen = work.double[at.SURPRISE], model.moments[at.SEEN]
    fresh, moves = innovate(
        u, present, seen, model.innovations, settings[at.S_CAP], warmup, heights
    )
    new = smooth_statistic(
        model.smooth[at.NEW :],
        fresh,
        min(NEW_SHORT * settings[at.S_SHORT_RATE], 1.0),
        min(NEW_LONG * settings[at.S_LONG_RATE], 1.0),
        NEW_RATIO,
    )
    shift = shift_together(
        z,
        present,
        seen,
        model.ends,
        model.values,
        model.activity,
        model.lean,
        model.habits,
        warmup,
        work.double[at.STANCE],
        work.double[at.TOGETHER],
        heights,
    )
    return new if n > 1 else -1.0, moves, shift


@inlined_kernel
def explain(model: Model, work: Work, warmup: float, cap: float, out: Output, t: int) -> None:
    """Write the evidence of each series, and what was expected of it.

    Parameters
    ----------
    model : Model, in
        State.
    work : Work, in
        What `score_frame` found.
    warmup : float64
        Samples before a series is judged.
    cap : float64
        Sigmas beyond which a deviation counts no more.
    out : Output, in/out
        Results; the verdict is there.
    t : int
        Row.
    """
    n = model.moments.shape[1]
    rank_series(
        work.single[at.Z][:n],
        work.double[at.SURPRISE],
        work.double[at.BREAK],
        model.activity[at.NODE_BREAK],
        work.single[at.PRESENT][:n],
        model.moments[at.SEEN],
        warmup,
        cap,
        LASTING_WEIGHT * out.verdicts[at.CHANNEL, t],
        out.details[at.EVIDENCE, t],
    )
    expect(model, work, cap, out.details, t)


@inlined_kernel
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
    n = frame.shape[0]
    z, present = work.single[at.Z][:n], work.single[at.PRESENT][:n]
    u, broken, seen = work.double[at.SURPRISE], work.double[at.BREAK], model.moments[at.SEEN]
    cap = settings[at.S_CAP]
    ready = model.smooth[at.GROUP_AGE] >= settings[at.S_TAIL_START]
    # A series that joins a running group is judged later than the group's first ones.
    warmup = max(settings[at.S_WARMUP], settings[at.S_TAIL_START] if ready else 0.0)

    clock_basis(time, work.basis)
    face_regime(frame, published(model), seen, warmup if ready else 0.0, work, settings)
    worst = break_evidence(
        z,
        present,
        model.ends,
        model.values,
        model.activity,
        broken,
        work.double[at.BREAK_COUNT],
        work.pairs,
        work.single[at.LESSON][:n],
        work.apart,
        settings[at.S_BREAK_RATE],
    )
    heights = work.double[at.BREAK_COUNT]
    follow_deviation(z, present, model.deviation, settings[at.S_ADOPT_RATE])
    fused = mean_squares(z, u, present, seen, cap, warmup)
    statistic = smooth_statistic(
        model.smooth,
        fused,
        settings[at.S_SHORT_RATE],
        settings[at.S_LONG_RATE],
        settings[at.S_LONG_RATIO],
    )
    alone = worst_series(z, u, present, seen, model.habits, cap, warmup, settings, heights)
    new, moves, shift = hear_peers(model, work, settings, warmup, heights)
    work.exponents[:] = 0.0
    if ready and fused >= 0.0:
        calibrate(model, settings, work.exponents, statistic, worst, alone, tick)
        calibrate_new(model, settings, work.exponents, new, moves, shift)
    write_verdict(out.verdicts, work.exponents, t, statistic, settings[at.S_LINE])
    if model.sole.shape[0] > 0:
        judge_single(frame, model, work, settings, out, time, t)
    explain(model, work, warmup, cap, out, t)
