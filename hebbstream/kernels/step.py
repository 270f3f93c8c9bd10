"""The fused step: a block of frames through every stage, score first, then learn.

One compiled call takes many frames. It comes back early after a tick that Python has to look at: a
change of the graph, or a score whose broken relations are to be listed.
"""

from __future__ import annotations

from hebbstream._jit import reference_kernel
from hebbstream.arrays import F64
from hebbstream.kernels import layout as at
from hebbstream.kernels.bound import Bound
from hebbstream.kernels.learn import check_components, check_graph, learn
from hebbstream.kernels.model import Output
from hebbstream.kernels.moments import admit
from hebbstream.kernels.score import score_frame

#: Ticks before the number of components may change.
COMPONENTS_SETTLE = 50


@reference_kernel
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
        tick = first_tick + t
        admit(frames[t])
        score_frame(frames[t], model, work, settings, out, times[t], tick, t)
        did = learn(frames[t], model, work, settings, out, tick, t)
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
