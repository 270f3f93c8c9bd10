"""How the graph changes after a check."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from graphs import check, graph_of, large_graph
from hebbstream import DetectorParams
from hebbstream.graph import Graph
from hebbstream.kernels import layout as at
from hebbstream.kernels.traces import pair_index
from hebbstream.listing import edges_of
from hebbstream.results import Change
from hebbstream.revision import mute


def test_strong_pairs_grow_in_order_of_strength() -> None:
    """Pairs at weight_grow become edges; weaker ones do not."""
    graph = graph_of({(0, 1): 0.7, (2, 3): -0.9, (3, 4): 0.55})

    entries = check(graph)

    assert [(c, i, j) for c, i, j, _ in entries] == [(Change.GROWN, 2, 3), (Change.GROWN, 0, 1)]
    edges = edges_of(graph, 107)
    assert_allclose(edges["weight"], [-0.9, 0.7], rtol=1e-6)
    assert_allclose(edges["trace"], [-0.9, 0.7], rtol=1e-6)
    assert_array_equal(edges["age_ticks"], 100)
    assert check(graph) == []


def test_short_acquaintance_is_not_enough() -> None:
    """A strong correlation of few samples does not grow."""
    graph = graph_of({(0, 1): 0.7})
    graph.activity[at.ACTIVITY_COUNT] = 20

    assert check(graph) == []


def test_weak_edges_are_pruned() -> None:
    """An edge that was weak for prune_after_ticks goes."""
    graph = graph_of({(0, 1): 0.7, (1, 2): 0.8})
    check(graph)
    graph.ticks[at.LOW_TICKS] = [64, 0]

    entries = check(graph)

    assert entries[0][:3] == (Change.PRUNED, 1, 2)
    assert graph.linked.sum() == graph.edge_count


def test_a_turned_edge_flips() -> None:
    """An edge whose correlation has turned is born again with the other sign, age kept."""
    graph = graph_of({(0, 1): 0.7})
    check(graph, tick=7)
    graph.traces[0] = graph.values[at.TRACE, 0] = -0.8

    entries = check(graph)

    assert [(c, i, j) for c, i, j, _ in entries] == [(Change.FLIPPED, 0, 1)]
    assert edges_of(graph, 17)["weight"][0] < 0
    assert edges_of(graph, 17)["age_ticks"][0] == 10


def test_at_the_limit_the_weakest_gives_way() -> None:
    """A stronger candidate replaces the weakest edge; a weaker one does not."""
    graph = graph_of({(0, 1): 0.7, (2, 3): 0.8}, edges_max=2)
    check(graph)
    graph.traces[pair_index(3, 4, 5)] = 0.75
    graph.traces[pair_index(0, 4, 5)] = 0.65

    entries = check(graph)

    assert [(c, i, j) for c, i, j, _ in entries] == [
        (Change.PRUNED, 0, 1),
        (Change.GROWN, 3, 4),
    ]
    assert graph.edge_count == 2


@pytest.mark.parametrize("limits", [{"edges_max": 2}, {"edges_per_series_max": 1}])
def test_pairs_of_equal_strength_do_not_take_turns(limits: dict[str, int]) -> None:
    """At a limit an edge stays until another is stronger by more than chance."""
    graph = graph_of({(0, 1): 0.7, (2, 3): 0.8}, **limits)
    check(graph)
    graph.traces[pair_index(1, 4, 5)] = 0.72

    assert check(graph) == []

    graph.traces[pair_index(1, 4, 5)] = 0.78
    assert [(c, i, j) for c, i, j, _ in check(graph)] == [
        (Change.PRUNED, 0, 1),
        (Change.GROWN, 1, 4),
    ]


def test_a_series_keeps_its_strongest() -> None:
    """At a series' own limit its weakest edge gives way."""
    graph = graph_of({(0, 1): 0.7, (0, 2): 0.8, (0, 3): 0.9}, edges_per_series_max=2)

    check(graph)

    assert sorted(map(tuple, graph.ends.T.tolist())) == [(0, 2), (0, 3)]
    assert graph.activity[at.DEGREE].tolist() == [2, 0, 1, 1, 0]


def test_pairs_on_trial_become_edges() -> None:
    """A significant pair grows with the sums of its trial and leaves its slot free."""
    graph = large_graph({(0, 1): 0.7, (2, 3): -0.9, (3, 4): 0.55})

    entries = check(graph)

    assert [(c, i, j) for c, i, j, _ in entries] == [(Change.GROWN, 2, 3), (Change.GROWN, 0, 1)]
    edges = edges_of(graph, 107)
    assert_allclose(edges["weight"], [-0.9, 0.7], rtol=1e-6)
    assert_allclose(edges["trace"], [-0.9, 0.7], rtol=1e-6)
    assert_array_equal(edges["age_ticks"], 100)
    assert graph.slot_ends[:, :3].T.tolist() == [[0, 0], [0, 0], [3, 4]]
    assert_allclose(graph.values[at.SPREAD], [0.2, 0.6], rtol=1e-5)
    assert check(graph) == []


def test_a_turned_edge_of_a_large_group_flips() -> None:
    """Its own sums tell."""
    graph = large_graph({(0, 1): 0.7})
    check(graph)
    graph.own[at.SUM_PRODUCT] = -600
    graph.values[at.TRACE] = -0.85

    entries = check(graph)

    assert [(c, i, j) for c, i, j, _ in entries] == [(Change.FLIPPED, 0, 1)]
    assert_allclose(graph.values[at.WEIGHT], -600 / 700, rtol=1e-5)


def test_a_large_group_keeps_its_limits() -> None:
    """The weakest edge gives way to a stronger pair on trial."""
    graph = large_graph({(0, 1): 0.7, (2, 3): 0.8}, edges_max=2)
    check(graph)
    graph.slot_ends[:, 5], graph.slots[:, 5] = (3, 4), [525, 700, 700, 700, 1024]
    graph.slot_ends[:, 6], graph.slots[:, 6] = (0, 4), [455, 700, 700, 700, 1024]

    entries = check(graph)

    assert [(c, i, j) for c, i, j, _ in entries] == [
        (Change.PRUNED, 0, 1),
        (Change.GROWN, 3, 4),
    ]
    assert graph.edge_count == 2
    assert graph.slot_ends[:, 6].tolist() == [0, 4]


def test_broken_ticks_are_listed() -> None:
    """An edge tells how long it was broken in its life."""
    graph = graph_of({(0, 1): 0.7})
    check(graph)
    graph.ticks[at.BROKEN_TICKS] = 128

    assert edges_of(graph, 500)["broken_ticks"].tolist() == [128]


def test_mute_finds_pairs_in_any_order() -> None:
    """Just the relations named are muted, and the next call says it anew."""
    graph = Graph.empty(4, DetectorParams().associations)
    pairs = np.array([[0, 1, 2], [1, 3, 3]], np.uint32)
    graph.add(pairs, np.full((at.EDGE_ROWS, 3), 5.0, np.float32), 0)

    mute(graph, [(3, 1), (0, 2)])
    assert_array_equal(graph.values[at.MUTED], [0, 1, 0])
    assert_array_equal(graph.values[at.EDGE_BREAK], [5, 1, 5])

    mute(graph, [])
    assert not graph.values[at.MUTED].any()
