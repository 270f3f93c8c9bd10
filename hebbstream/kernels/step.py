"""The fused step: a block of frames through every stage, score first, then learn.

One compiled call takes many frames. It comes back early after a tick that Python has to look at: a
change of the graph, or a score whose broken relations are to be listed. It takes many detectors as
well, for what Python does around a call is most of what a small group costs.
"""

from __future__ import annotations

from hebbstream._jit import merged_kernel, reference_at, reference_kernel
from hebbstream.arrays import F64, I64
from hebbstream.kernels import layout as at
from hebbstream.kernels.bound import (
    CREW_END,
    CREW_PLACE,
    CREW_ROW,
    CREW_SERIES,
    CREW_TICK,
    Bound,
)
from hebbstream.kernels.learn import check_components, check_graph, learn
from hebbstream.kernels.model import Output
from hebbstream.kernels.moments import admit
from hebbstream.kernels.score import score_frame

#: Ticks before the number of components may change.
COMPONENTS_SETTLE = 50


@merged_kernel
def advance(
    frames: F64,
    times: F64,
    bound: Bound,
    out: Output,
    start: int,
    first_tick: int,
    detail_from: float,
) -> int:
    """Take frames one by one through every stage: score, then learn.

    Parameters
    ----------
    frames : float64[T, n], in/out
        NaN where missing, and afterwards where a value is not admitted.
    times : float64[T], in
        Unix seconds of each frame.
    bound : Bound, in/out
        State, scratch and knobs; the scratch holds the strongest pairs after a call that ended for
        the graph.
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
    model, work, settings = bound.model, bound.work, bound.settings
    component_check = int(settings[at.S_COMPONENT_CHECK])
    edge_check = int(settings[at.S_EDGE_CHECK])
    edges = model.ends.shape[1]
    out.report[at.REASON] = 0
    for t in range(start, frames.shape[0]):
        tick, frame = first_tick + t, frames[t]
        admit(frame)
        score_frame(frame, model, work, settings, out, times[t], tick, t)
        did = learn(frame, model, work, settings, out, tick, t)
        learns = did != at.LEARNING_HELD and did != at.LEARNING_QUARANTINED
        if (
            learns
            and model.smooth[at.GROUP_AGE] > COMPONENTS_SETTLE
            and tick % component_check == 0
        ):
            check_components(model, work, settings, out, t)
        if model.gate[at.HELD] == 0.0:
            model.smooth[at.GROUP_AGE] += 1.0
            model.status[at.EDGE_TICKS] += 1.0 if edges > 0 else 0.0
            due = model.block.shape[2] > 0 and (tick + 1) % edge_check == 0
            if due and check_graph(model, work, settings):
                out.report[at.REASON] += at.REASON_GRAPH
        out.verdicts[at.COMPONENTS_NOW, t] = model.totals[at.COMPONENTS]
        out.verdicts[at.EDGES_NOW, t] = edges
        if out.verdicts[at.SCORE, t] >= detail_from:
            out.report[at.REASON] += at.REASON_DETAIL
        if out.report[at.REASON] != 0:
            return t + 1
    return int(frames.shape[0])


@reference_kernel
def advance_all(
    like: Bound,
    crew: I64,
    frames: F64,
    times: F64,
    verdicts: F64,
    details: F64,
    journal: I64,
    reports: I64,
    detail_from: float,
) -> None:
    """Take a block of each of G detectors through every stage, one detector after the other.

    Parameters
    ----------
    like : Bound
        Of any detector; all have one type.
    crew : int64[5, G], in/out
        Of each detector where it is bound, see `locate`, its series, its tick at row 0, the row to
        begin with and the one to stop before; afterwards the row behind the last one done.
    frames : float64[T * N], in/out
        The blocks, one behind the other, each float64[T, n]; N is the sum of all n.
    times : float64[T], in
        Unix seconds, of all of them.
    verdicts : float64[G, 7, T], out
        Results.
    details : float64[4 * T * N], out
        Results, those of one detector float64[4, T, n], one behind the other.
    journal : int64[G, J, 3], out
        Components grown or pruned.
    reports : int64[G, 2], in/out
        Why the call ended early for a detector; entries in its journal.
    detail_from : float64
        Score from which it ends early.
    """
    length, done = times.shape[0], 0
    for g in range(crew.shape[1]):
        n = crew[CREW_SERIES, g]
        end = done + length * n
        block = frames[done:end].reshape((length, n))
        rows = details[at.DETAIL_ROWS * done : at.DETAIL_ROWS * end]
        crew[CREW_ROW, g] = advance(
            block[: crew[CREW_END, g]],
            times,
            reference_at(like, crew[CREW_PLACE, g]),
            Output(verdicts[g], rows.reshape((at.DETAIL_ROWS, length, n)), journal[g], reports[g]),
            crew[CREW_ROW, g],
            crew[CREW_TICK, g],
            detail_from,
        )
        done = end
