"""State of the associations."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from hebbstream.arrays import F32, I32
from hebbstream.association_params import AssociationsParams
from hebbstream.graph import Entry, Graph, pair_count, pair_places
from hebbstream.kernels import layout as at
from hebbstream.kernels.growth import strongest_pairs
from hebbstream.kernels.traces import pair_index
from hebbstream.results import Change

RATE = 1e-3


def graph_of(correlation: dict[tuple[int, int], float], n: int = 5, **knobs: float) -> Graph:
    """Make a graph whose traces give these correlations, seen for long."""
    graph = Graph.empty(n, AssociationsParams.model_validate(knobs))
    graph.activity[[at.ACTIVITY, at.FAST]] = 1.0
    graph.activity[at.ACTIVITY_COUNT] = 5000
    for pair, r in correlation.items():
        graph.traces[pair_index(*pair, n)] = r
    return graph


def revise(graph: Graph, tick: int = 7) -> list[Entry]:
    """List the strongest pairs and let the graph change."""
    n, s = graph.series_count, graph.params.strongest_per_series
    index: I32 = np.zeros((n, s), np.int32)
    weight: F32 = np.zeros((n, s), np.float32)
    scratch = np.zeros((2, n), np.float32)
    strongest_pairs(
        graph.traces, graph.activity, scratch, index, weight, 0.02, graph.params.weight_grow
    )
    return graph.revise(index, weight, RATE, tick)


def test_pair_count_ends_at_exhaustive_max() -> None:
    """Pairs are traced from two series to exhaustive_max."""
    params = AssociationsParams(exhaustive_max=10)

    assert [pair_count(n, params) for n in (0, 1, 2, 10, 11)] == [0, 0, 1, 45, 0]


def test_pair_places_equal_the_kernel() -> None:
    """Both formulas for a pair's place agree."""
    first, second = np.triu_indices(7, 1)

    places = [pair_index(i, j, 7) for i, j in zip(first.tolist(), second.tolist(), strict=True)]

    assert places == list(range(21))
    assert_array_equal(pair_places(first, second, 7), places)


def test_strong_pairs_grow_in_order_of_strength() -> None:
    """Pairs at weight_grow become edges; weaker ones do not."""
    graph = graph_of({(0, 1): 0.7, (2, 3): -0.9, (3, 4): 0.55})

    entries = revise(graph)

    assert [(c, i, j) for c, i, j, _ in entries] == [(Change.GROWN, 2, 3), (Change.GROWN, 0, 1)]
    edges = graph.edges(107)
    assert_allclose(edges["weight"], [-0.9, 0.7], rtol=1e-6)
    assert_allclose(edges["trace"], [-0.9, 0.7], rtol=1e-6)
    assert_array_equal(edges["age_ticks"], 100)
    assert revise(graph) == []


def test_short_acquaintance_is_not_enough() -> None:
    """A strong correlation of few samples does not grow."""
    graph = graph_of({(0, 1): 0.7})
    graph.activity[at.ACTIVITY_COUNT] = 20

    assert revise(graph) == []


def test_weak_edges_are_pruned() -> None:
    """An edge that was weak for prune_after_ticks goes."""
    graph = graph_of({(0, 1): 0.7, (1, 2): 0.8})
    revise(graph)
    graph.ticks[at.LOW_TICKS] = [64, 0]

    entries = revise(graph)

    assert entries[0][:3] == (Change.PRUNED, 1, 2)
    assert graph.linked.sum() == graph.edge_count


def test_a_turned_edge_flips() -> None:
    """An edge whose correlation has turned is born again with the other sign, age kept."""
    graph = graph_of({(0, 1): 0.7})
    revise(graph, tick=7)
    graph.traces[0] = graph.values[at.TRACE, 0] = -0.8

    entries = revise(graph)

    assert [(c, i, j) for c, i, j, _ in entries] == [(Change.FLIPPED, 0, 1)]
    assert graph.edges(17)["weight"][0] < 0
    assert graph.edges(17)["age_ticks"][0] == 10


def test_at_the_limit_the_weakest_gives_way() -> None:
    """A stronger candidate replaces the weakest edge; a weaker one does not."""
    graph = graph_of({(0, 1): 0.7, (2, 3): 0.8}, edges_max=2)
    revise(graph)
    graph.traces[pair_index(3, 4, 5)] = 0.75
    graph.traces[pair_index(0, 4, 5)] = 0.65

    entries = revise(graph)

    assert [(c, i, j) for c, i, j, _ in entries] == [
        (Change.PRUNED, 0, 1),
        (Change.GROWN, 3, 4),
    ]
    assert graph.edge_count == 2


def test_a_series_keeps_its_strongest() -> None:
    """At a series' own limit its weakest edge gives way."""
    graph = graph_of({(0, 1): 0.7, (0, 2): 0.8, (0, 3): 0.9}, edges_per_series_max=2)

    revise(graph)

    assert sorted(map(tuple, graph.ends.T.tolist())) == [(0, 2), (0, 3)]
    assert graph.activity[at.DEGREE].tolist() == [2, 0, 1, 1, 0]


def test_broken_lists_the_worst_first() -> None:
    """Edges whose smoothed break is large are listed with what they were and are."""
    graph = graph_of({(0, 1): 0.7, (2, 3): 0.8, (1, 4): 0.9})
    revise(graph)
    graph.values[at.EDGE_BREAK] = [1.0, 9.0, 16.0]
    graph.values[at.FAST_TRACE] = [0.9, 0.1, -3.0]

    broken = graph.broken(27)

    assert broken["residual_sigma"].tolist() == [4.0, 3.0]
    assert_allclose(broken["weight_now"], [-0.9999, 0.1], rtol=1e-5)
    assert_allclose(broken["weight_before"], [0.7, 0.8], rtol=1e-5)
    assert broken["age_ticks"].tolist() == [20, 20]


def test_broken_lists_what_weakened_before_what_only_parted() -> None:
    """Pairs that still move together come after those that do not, however far they parted."""
    graph = graph_of({(0, 1): 0.9, (2, 3): -0.8, (1, 4): 0.7, (0, 4): -0.75})
    revise(graph)
    pairs = list(map(tuple, graph.ends.T.tolist()))
    breaks = {(0, 1): 400.0, (2, 3): 9.0, (1, 4): 16.0, (0, 4): 100.0}
    now = {(0, 1): 0.85, (2, 3): 0.9, (1, 4): 0.3, (0, 4): -0.9}
    graph.values[at.EDGE_BREAK] = [breaks[pair] for pair in pairs]
    graph.values[at.FAST_TRACE] = [now[pair] for pair in pairs]

    broken = graph.broken(27)

    listed = list(zip(broken["source"].tolist(), broken["target"].tolist(), strict=True))
    assert listed == [(1, 4), (2, 3), (0, 1), (0, 4)]


def test_growing_too_large_ends_every_edge() -> None:
    """Above exhaustive_max the edges are gone, and each is told of."""
    graph = graph_of({(0, 1): 0.7, (2, 3): -0.8}, exhaustive_max=6)
    revise(graph)

    none = graph.grow(1)
    ended = graph.grow(1)

    assert none == []
    assert sorted((c, i, j, round(w, 3)) for c, i, j, w in ended) == [
        (Change.PRUNED, 0, 1, 0.7),
        (Change.PRUNED, 2, 3, -0.8),
    ]
    assert graph.edge_count == 0


def test_grow_and_drop_keep_pairs_together() -> None:
    """Traces and edges stay with their series through joins and leaves."""
    graph = graph_of({(0, 1): 0.7, (2, 3): 0.8, (1, 4): 0.9})
    revise(graph)

    graph.grow(2)
    ended = graph.drop(2)

    assert [(c, i, j) for c, i, j, _ in ended] == [(Change.PRUNED, 2, 3)]
    assert sorted(map(tuple, graph.ends.T.tolist())) == [(0, 1), (1, 3)]
    assert graph.traces[pair_index(1, 3, 6)] == np.float32(0.9)
    assert graph.linked.sum() == 2
    assert graph.block.shape == (2, at.BLOCK_TICKS, 6)
