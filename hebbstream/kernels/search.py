"""The graph of a group too large for all pairs: fold, judge what is on trial, try other pairs."""

from __future__ import annotations

import math

from hebbstream._jit import kernel
from hebbstream.arrays import F64, I32, U32, U64
from hebbstream.kernels import layout as at
from hebbstream.kernels.edges import refresh_own
from hebbstream.kernels.lags import LAG_ROWS_MIN, learn_lags
from hebbstream.kernels.model import Model, Work
from hebbstream.kernels.probes import (
    choose_mates,
    code_series,
    draw,
    draw_alike,
    draw_signs,
    draw_two,
    list_beyond,
    list_pairs,
    sort_by_code,
    try_pair,
)
from hebbstream.kernels.slots import end_trials, fold_pairs, list_edges, list_ripe, turn_block

#: How far out two series are that were active together, in sigmas.
ACTIVE_SIGMAS = 1.5
#: A loading is large from this multiple of that of an even component.
LOADING_FACTOR = 1.5
#: Series that fall on the same side of every plane, on average.
ALIKE_SERIES = 4
#: Pairs drawn for a slot before it waits for the next check.
DRAWS = 4
#: One in so many slots is filled at a check at most, which bounds the cost of one.
FILLED_SHARE = 2
#: Ticks and components looked at in one check.
ROUNDS = 4
# Where a pair comes from, of 8 draws: one each of these, the others are pairs that moved alike.
ALIKE, ACTIVE, LOADINGS, MATES, BLIND = 0, 1, 2, 3, 4


@kernel
def fold_own(model: Model, work: Work, rate: float) -> None:
    """Enter the gathered frames into the sums of edges and slots, and into the edges' lags.

    Parameters
    ----------
    model : Model, in/out
        State.
    work : Work, out
        Scratch; the turned block.
    rate : float64
        EW rate.
    """
    turned, cells = work.turned, work.cells
    rows = int(model.status[at.PENDING])
    keep = turn_block(model.block, model.status, rate, turned, cells, work.pace)
    fold_pairs(model.ends, model.values[at.OWN : at.OWN + at.SUM_ROWS], turned, cells, keep)
    fold_pairs(model.slot_ends, model.slots, turned, cells, keep)
    if rows >= LAG_ROWS_MIN:
        gate = float(work.pace[rows - 1]) ** 2
        if gate > 0.0:
            learn_lags(model.ends, model.values, turned, cells, work.pace, rate, gate)


@kernel
def check_slots(model: Model, work: Work, settings: F64) -> bool:
    """Judge edges and pairs on trial, and try other pairs in the slots that are free.

    Parameters
    ----------
    model : Model, in/out
        State.
    work : Work, out
        Scratch; `partner` lists the slots whose pairs may grow on return.
    settings : float64[SETTING_ROWS], in
        See layout.

    Returns
    -------
    bool
        True when edges may grow, or have to be pruned or flipped.
    """
    rate, elapsed = settings[at.S_RATE], int(settings[at.S_EDGE_CHECK])
    judged = settings[at.S_ACTIVITY_MIN : at.S_TRIAL + 1]
    fold_own(model, work, rate)
    own = model.values[at.OWN : at.OWN + at.SUM_ROWS]
    list_edges(model.ends, own, work.partner, work.strength)
    grows = list_ripe(
        model.slot_ends,
        model.slots,
        model.activity,
        work.partner,
        work.strength,
        judged,
        rate,
    )
    revise = refresh_own(
        model.activity,
        model.ends,
        model.values,
        model.ticks,
        settings[at.S_WEIGHT_PRUNE : at.S_ACTIVITY_MIN + 1],
        rate,
        elapsed,
    )
    free = end_trials(
        model.slot_ends, model.slots, model.activity, work.strength, judged, rate, elapsed
    )
    if free > 0:
        fill_slots(model, work, settings[at.S_ACTIVITY_MIN])
    return grows or revise


@kernel
def sort_alike(model: Model, work: Work, activity_min: float) -> int:
    """Sort the series so that those which moved alike in the last block stand together.

    Parameters
    ----------
    model : Model, in/out
        State; the generator moves.
    work : Work, in/out
        The turned block; order and codes.
    activity_min : float64
        Activity below which a series is too still to relate.

    Returns
    -------
    int
        Series that are sorted.
    """
    n = model.activity.shape[1]
    code = work.places[at.CODE]
    for j in range(n):
        moves = work.cells[at.CELL_POWER, j] > 0.0
        code[j] = 0 if moves and model.activity[at.ACTIVITY, j] > activity_min else -1
    bits = 1
    while (ALIKE_SERIES << bits) <= n:
        bits += 1
    for _ in range(bits):
        draw_signs(model.seed, work.pace)
        code_series(work.turned[0], work.pace, code)
    return sort_by_code(code, bits, work.places[at.ORDER], work.places[at.COUNTED])


@kernel
def list_sources(model: Model, work: Work, counts: I32) -> None:
    """List the series that were far out in one tick, and those that one component loads.

    Parameters
    ----------
    model : Model, in/out
        State; the generator moves.
    work : Work, in/out
        The lists.
    counts : int32[3], in/out
        How many are in each; the first stays.
    """
    n = model.activity.shape[1]
    frame = model.block[0, draw(model.seed) % model.block.shape[1]]
    counts[ACTIVE] = list_beyond(frame, ACTIVE_SIGMAS, work.places[at.LISTED])
    counts[LOADINGS] = 0
    components = int(model.totals[at.COMPONENTS])
    if components > 0:
        row = model.weights[draw(model.seed) % components]
        limit = LOADING_FACTOR / math.sqrt(n)
        counts[LOADINGS] = list_beyond(row[:n], limit, work.places[at.LOADED])


@kernel
def draw_pair(ends: U32, places: I32, counts: I32, seed: U64) -> tuple[int, int]:
    """Draw a pair from one of the sources.

    Parameters
    ----------
    ends : uint32[2, m], in
        Source and target of each edge.
    places : int32[6, n], in
        Lists, see layout.
    counts : int32[3], in
        How many series moved alike, were far out, and are loaded.
    seed : uint64[1], in/out
        State of the generator.

    Returns
    -------
    int, int
        The pair; twice the same when there is none.
    """
    n, m = places.shape[1], ends.shape[1]
    source = draw(seed) & 7
    if source == ACTIVE:
        return draw_two(places[at.LISTED], counts[ACTIVE], seed)
    if source == LOADINGS:
        return draw_two(places[at.LOADED], counts[LOADINGS], seed)
    if source == MATES and m > 0:
        e, end = draw(seed) % m, draw(seed) & 1
        return int(ends[end, e]), int(places[at.MATE, ends[1 - end, e]])
    if source == BLIND:
        return draw(seed) % n, draw(seed) % n
    return draw_alike(places[at.ORDER], places[at.CODE], places[at.COUNTED], counts[ALIKE], seed)


@kernel
def fill_slots(model: Model, work: Work, activity_min: float) -> None:
    """Put new pairs on trial in the slots that are free.

    Parameters
    ----------
    model : Model, in/out
        State; slots and the generator.
    work : Work, in/out
        The turned block; scratch.
    activity_min : float64
        Activity below which a series is too still to relate.
    """
    m, size = model.ends.shape[1], model.slot_ends.shape[1]
    list_pairs(work.table, model.ends, model.slot_ends)
    alike = sort_alike(model, work, activity_min)
    ends, slot_ends, slots, table = model.ends, model.slot_ends, model.slots, work.table
    seed, activity = model.seed, model.activity[at.ACTIVITY]
    choose_mates(ends, draw(seed) % m if m > 0 else 0, work.places[at.MATE])
    counts = work.counts
    counts[ALIKE] = alike
    left = size // FILLED_SHARE + 1
    first = draw(seed) % size
    for step in range(size):
        if left == 0:
            break
        if step % (size // ROUNDS + 1) == 0:
            list_sources(model, work, counts)
        s = first + step if first + step < size else first + step - size
        if slot_ends[0, s] < slot_ends[1, s]:
            continue
        left -= 1
        for _ in range(DRAWS):
            i, j = draw_pair(ends, work.places, counts, seed)
            least = min(activity[i], activity[j])
            if least > activity_min and try_pair(table, ends, slot_ends, slots, s, i, j):
                break
