"""State of the associations."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from graphs import check, graph_of, large_graph
from hebbstream.kernels import layout as at
from hebbstream.kernels.traces import pair_index
from hebbstream.listing import edges_of
from hebbstream.results import Change


def test_growing_too_large_keeps_every_edge() -> None:
    """Above exhaustive_max each edge goes on with sums of its own, and says the same."""
    graph = graph_of({(0, 1): 0.7, (2, 3): -0.8}, exhaustive_max=6)
    check(graph)
    before = edges_of(graph, 9)

    ended = graph.grow(1) + graph.grow(1)

    assert ended == []
    assert len(graph.traces) == len(graph.linked) == 0
    assert graph.slots.shape == (at.SLOT_ROWS, 7 * 8)
    assert edges_of(graph, 9).tobytes() == before.tobytes()
    assert_allclose(graph.correlations(np.arange(2)), [-0.8, 0.7], rtol=1e-6)
    assert check(graph) == []


def test_without_slots_growing_too_large_ends_every_edge() -> None:
    """Where no pair may be tried above exhaustive_max, each end is told of."""
    graph = graph_of({(0, 1): 0.7, (2, 3): -0.8}, exhaustive_max=6, slots_per_series=0)
    check(graph)

    none = graph.grow(1)
    ended = graph.grow(1)

    assert none == []
    assert sorted((c, i, j, round(w, 3)) for c, i, j, w in ended) == [
        (Change.PRUNED, 0, 1, 0.7),
        (Change.PRUNED, 2, 3, -0.8),
    ]
    assert graph.edge_count == 0


def test_shrinking_below_the_limit_traces_every_pair_again() -> None:
    """Edges keep what they know, and the pairs between are learnt anew, quickly."""
    graph = graph_of({(0, 1): 0.7, (2, 3): -0.8}, exhaustive_max=6)
    check(graph)
    graph.grow(2)

    graph.drop(6)

    assert graph.slots.shape[1] == 0
    assert len(graph.traces) == 15
    assert_allclose(graph.correlations(np.arange(2)), [-0.8, 0.7], rtol=1e-6)
    assert (graph.activity[at.ACTIVITY_COUNT] <= 256).all()
    assert check(graph) == []
    graph.check()


def test_slots_stay_with_their_series() -> None:
    """A series that leaves frees its slots; free ones go first, the others follow their ends."""
    graph = large_graph({(0, 1): 0.3, (2, 3): 0.2, (1, 4): 0.1}, slots_per_series=1)

    graph.drop(2)

    assert graph.slot_ends.T.tolist() == [[0, 1], [0, 0], [1, 3], [0, 0]]
    assert graph.slots[0].tolist() == pytest.approx([210, 140, 70, 0])
    graph.grow(2)
    assert graph.slot_ends.shape == (2, 6)
    graph.check()


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("slot_ends", (1, 0), 5),
        ("slot_ends", (0, 0), 4),
        ("slots", (at.SUM_SOURCE, 0), -1),
        ("seed", 0, 0),
        ("status", at.PENDING, 65),
    ],
)
def test_slots_that_cannot_be_are_refused(name: str, place: tuple[int, int], value: int) -> None:
    """Kernels index unchecked: a slot that would lead them astray is found."""
    graph = large_graph({(0, 1): 0.3})
    graph.check()
    getattr(graph, name)[place] = value

    with pytest.raises(ValueError, match=r"do not fit|negative|no row"):
        graph.check()


def test_grow_and_drop_keep_pairs_together() -> None:
    """Traces and edges stay with their series through joins and leaves."""
    graph = graph_of({(0, 1): 0.7, (2, 3): 0.8, (1, 4): 0.9})
    check(graph)

    graph.grow(2)
    ended = graph.drop(2)

    assert [(c, i, j) for c, i, j, _ in ended] == [(Change.PRUNED, 2, 3)]
    assert sorted(map(tuple, graph.ends.T.tolist())) == [(0, 1), (1, 3)]
    assert graph.traces[pair_index(1, 3, 6)] == np.float32(0.9)
    assert graph.linked.sum() == 2
    assert graph.block.shape == (2, at.PAIR_BLOCK_TICKS, 6)
