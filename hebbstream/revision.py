"""How the graph changes after a check: edges flip, are pruned, and grow from candidates."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hebbstream.arrays import F32, F64, I32, I64, U32
from hebbstream.graph import Entry, Graph
from hebbstream.kernels.growth import pair_sigmas
from hebbstream.kernels.layout import (
    ACTIVITY,
    DEGREE,
    EDGE_BREAK,
    LOW_TICKS,
    MUTED,
    SUM_ROWS,
    TRACE,
    WEIGHT,
)
from hebbstream.kernels.slots import slot_sigmas
from hebbstream.pairs import own_correlations, pair_places
from hebbstream.results import Change
from hebbstream.significance import discoveries

#: Edges of a large group that give way at one check; each costs a look at all of them.
REPLACED_MAX = 64
#: An edge gives way to a pair that is stronger by so many standard errors of Fisher's z: where all
#: series move alike, pairs of equal strength would take turns at every check.
STRONGER_ERRORS = 2.0


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs that may become edges, the strongest first.

    Attributes
    ----------
    pairs : uint32[2, c]
        Source and target.
    strength : float64[c]
        Absolute correlation.
    beats : float64[c]
        Strength below which an edge gives way.
    slot : int64[c]
        Where each is on trial; empty where every pair is traced.
    """

    pairs: U32
    strength: F64
    beats: F64
    slot: I64


def mute(graph: Graph, pairs: Collection[tuple[int, int]]) -> None:
    """Let the relations of some pairs count as holding, and all others as they are measured.

    Parameters
    ----------
    graph : Graph
        What changes.
    pairs : collection of (int, int)
        Columns of the two ends, in any order; a pair without a relation is passed over.
    """
    graph.values[MUTED] = 0.0
    for pair in pairs:
        found = (graph.ends == np.array([[min(pair)], [max(pair)]])).all(axis=0)
        graph.values[MUTED, found] = 1.0
        graph.values[EDGE_BREAK, found] = 1.0


def revise(graph: Graph, index: I32, strength: F32, rate: float, tick: int) -> list[Entry]:
    """Flip, prune and grow edges after a check.

    Parameters
    ----------
    graph : Graph
        What changes.
    index, strength : int32[n, s], float32[n, s]
        From the kernel `strongest_pairs` or, of a large group, `strongest_known`.
    rate : float
        EW rate of the traces.
    tick : int
        Now.

    Returns
    -------
    list of (change, source, target, weight)
        What happened, in order.
    """
    entries = _flip(graph)
    weak = np.flatnonzero(graph.ticks[LOW_TICKS] >= graph.params.prune_after_ticks)
    entries += graph.remove(weak)
    found = (
        _of_pairs(graph, index, strength, rate)
        if len(graph.traces)
        else _of_slots(graph, index, rate)
    )
    entries += _grow(graph, found, tick)
    graph.count_degrees()
    return entries


def _flip(graph: Graph) -> list[Entry]:
    """Give edges whose correlation has turned its new sign, once it is not weak."""
    turned = np.flatnonzero(graph.values[TRACE] * graph.values[WEIGHT] < 0)
    weights = graph.correlations(turned)
    turned = turned[np.abs(weights) >= graph.params.weight_prune]
    own = None if len(graph.traces) else graph.own[:, turned]
    pairs = graph.ends[:, turned]
    graph.values[:, turned] = graph.newborn(pairs, own)
    weights = graph.correlations(turned)
    return [
        (Change.FLIPPED, int(i), int(j), float(weight))
        for i, j, weight in zip(*pairs, weights, strict=True)
    ]


def _select(
    graph: Graph, pairs: U32, strength: F64, sigmas: F64, slot: I64, tests: int
) -> Candidates:
    """Keep the discoveries, in order of strength."""
    found = discoveries(sigmas, tests=tests, rate=graph.params.false_discovery_rate)
    found &= sigmas > graph.params.significance_sigmas
    pairs, strength, sigmas = pairs[:, found], strength[found], sigmas[found]
    slot = slot[found] if len(slot) else slot
    order = np.lexsort((pairs[1], pairs[0], -strength))
    # atanh |r| over its standard error is what `sigmas` holds.
    beats = np.tanh(np.arctanh(strength) * (1.0 - STRONGER_ERRORS / sigmas))
    chosen = slot[order] if len(slot) else slot
    return Candidates(pairs[:, order], strength[order], beats[order], chosen)


def _of_pairs(graph: Graph, index: I32, strength: F32, rate: float) -> Candidates:
    """Significant pairs without an edge among all pairs."""
    n = graph.series_count
    own, place = np.nonzero(index >= 0)
    partner = index[own, place]
    first, second = np.minimum(own, partner), np.maximum(own, partner)
    _, once = np.unique(first * n + second, return_index=True)
    once = once[graph.linked[pair_places(first[once], second[once], n)] == 0]
    pairs = np.array([first[once], second[once]], np.uint32)
    weights = strength[own, place][once]
    sigmas = np.zeros(len(once))
    pair_sigmas(graph.activity, pairs, weights, rate, sigmas)
    active = int(np.count_nonzero(graph.activity[ACTIVITY] > graph.params.variance_min))
    none = np.zeros(0, np.int64)
    tests = active * (active - 1) // 2
    return _select(graph, pairs, weights.astype(np.float64), sigmas, none, tests)


def _of_slots(graph: Graph, index: I32, rate: float) -> Candidates:
    """Significant pairs among those on trial."""
    slot = np.unique(index[index >= 0]).astype(np.int64)
    # A slot whose series left or was judged hopeless since is free.
    slot = slot[graph.slot_ends[0, slot] < graph.slot_ends[1, slot]]
    pairs = np.ascontiguousarray(graph.slot_ends[:, slot])
    sums = np.ascontiguousarray(graph.slots[:SUM_ROWS, slot])
    sigmas = np.zeros(len(slot))
    slot_sigmas(graph.activity, pairs, sums, rate, sigmas)
    strength = np.abs(own_correlations(sums))
    return _select(graph, pairs, strength, sigmas, slot, graph.slot_ends.shape[1])


def _grow(graph: Graph, found: Candidates, tick: int) -> list[Entry]:
    """Turn candidates into edges; at a limit the weakest gives way to a stronger one."""
    entries: list[Entry] = []
    born: list[int] = []
    grown: list[int] = []
    replaced = 0
    apart = not len(graph.traces)
    graph.count_degrees()
    degree = graph.activity[DEGREE]
    weakest = _weakest_of_each(graph)
    for c, (i, j) in enumerate(found.pairs.T.tolist()):
        if _is_full(graph, i, j, len(born)):
            if (apart and replaced >= REPLACED_MAX) or found.beats[c] <= weakest[[i, j]].max():
                continue
            entries += _add(graph, found, born, tick)
            born = []
            rivals = _rivals(graph, i, j)
            if any(rival is None or rival[0] >= found.beats[c] for rival in rivals):
                continue
            gone = np.unique([rival[1] for rival in rivals if rival is not None])
            entries += graph.remove(gone.astype(np.intp))
            graph.count_degrees()
            replaced += 1
        degree[[i, j]] += 1
        born.append(c)
        grown.append(c)
    entries += _add(graph, found, born, tick)
    if len(found.slot):
        graph.slot_ends[:, found.slot[grown]] = 0
    return entries


def _add(graph: Graph, found: Candidates, born: list[int], tick: int) -> list[Entry]:
    """Append edges for some candidates."""
    pairs = found.pairs[:, born]
    own = None
    if not len(graph.traces):
        own = np.ascontiguousarray(graph.slots[:SUM_ROWS, found.slot[born]])
    values = graph.newborn(pairs, own)
    graph.add(pairs, values, tick)
    weights = graph.pair_correlations(pairs) if own is None else own_correlations(own)
    return [
        (Change.GROWN, int(i), int(j), float(weight))
        for i, j, weight in zip(*pairs, weights, strict=True)
    ]


def _is_full(graph: Graph, i: int, j: int, born: int) -> bool:
    """Tell whether an edge i-j would pass a limit, with `born` edges not yet added."""
    degree = graph.activity[DEGREE]
    return (
        graph.edge_count + born >= graph.params.edges_max
        or max(degree[i], degree[j]) >= graph.params.edges_per_series_max
    )


def _rivals(graph: Graph, i: int, j: int) -> list[tuple[float, int] | None]:
    """For each limit an edge i-j would pass, the weakest edge: (strength, index), or None."""
    scopes: list[NDArray[np.bool_]] = [
        (graph.ends == end).any(axis=0)
        for end in (i, j)
        if graph.activity[DEGREE, end] >= graph.params.edges_per_series_max
    ]
    if graph.edge_count >= graph.params.edges_max:
        scopes.append(np.ones(graph.edge_count, bool))
    return [_weakest(graph, scope) for scope in scopes]


def _weakest_of_each(graph: Graph) -> F64:
    """Strength of the weakest edge that each series' next would replace, float64[n]; 0 for none.

    What is grown at this check is stronger, so until its end these stay bounds from below.
    """
    weakest = np.zeros(graph.series_count)
    full = graph.activity[DEGREE] >= graph.params.edges_per_series_max
    crowded = graph.edge_count >= graph.params.edges_max
    if not (crowded or full.any()):  # as mostly
        return weakest
    strengths = _strengths(graph, np.arange(graph.edge_count))
    if crowded:
        weakest[:] = strengths.min(initial=np.inf)
    weakest[full] = np.inf
    for ends in graph.ends:
        np.minimum.at(weakest, ends[full[ends]], strengths[full[ends]])
    return weakest


def _strengths(graph: Graph, edges: NDArray[np.intp]) -> F64:
    """Strength of some edges: under rules other than plain Hebb a weight is no correlation."""
    plain = graph.params.rule == "hebb" and graph.params.l1 == 0
    return np.abs(graph.values[WEIGHT, edges] if plain else graph.correlations(edges))


def _weakest(graph: Graph, scope: NDArray[np.bool_]) -> tuple[float, int] | None:
    inside = np.flatnonzero(scope)
    if not len(inside):
        return None
    strengths = _strengths(graph, inside)
    e = int(np.argmin(strengths))
    return float(strengths[e]), int(inside[e])
