"""What is told of edges: order, lags, breaks."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from graphs import check, graph_of
from hebbstream import Detector, DetectorParams
from hebbstream.arrays import F64
from hebbstream.kernels import layout as at
from hebbstream.listing import broken_of, edges_of, lags_of


def test_broken_lists_the_worst_first() -> None:
    """Edges whose smoothed break is large are listed with what they were and are."""
    graph = graph_of({(0, 1): 0.7, (2, 3): 0.8, (1, 4): 0.9})
    check(graph)
    graph.values[at.EDGE_BREAK] = [1.0, 9.0, 16.0]
    graph.values[at.FAST_TRACE] = [0.9, 0.1, -3.0]

    broken = broken_of(graph, 27)

    assert broken["residual_sigma"].tolist() == [4.0, 3.0]
    assert_allclose(broken["weight_now"], [-0.9999, 0.1], rtol=1e-5)
    assert_allclose(broken["weight_before"], [0.7, 0.8], rtol=1e-5)
    assert broken["age_ticks"].tolist() == [20, 20]


def test_broken_lists_what_weakened_before_what_only_parted() -> None:
    """Pairs that still move together come after those that do not, however far they parted."""
    graph = graph_of({(0, 1): 0.9, (2, 3): -0.8, (1, 4): 0.7, (0, 4): -0.75})
    check(graph)
    pairs = list(map(tuple, graph.ends.T.tolist()))
    breaks = {(0, 1): 400.0, (2, 3): 9.0, (1, 4): 16.0, (0, 4): 100.0}
    now = {(0, 1): 0.85, (2, 3): 0.9, (1, 4): 0.3, (0, 4): -0.9}
    graph.values[at.EDGE_BREAK] = [breaks[pair] for pair in pairs]
    graph.values[at.FAST_TRACE] = [now[pair] for pair in pairs]

    broken = broken_of(graph, 27)

    listed = list(zip(broken["source"].tolist(), broken["target"].tolist(), strict=True))
    assert listed == [(1, 4), (2, 3), (0, 1), (0, 4)]


def delayed(delays: list[int], noise: float = 0.4, ticks: int = 3000) -> F64:
    """Make series that follow one hidden course, each so many ticks late."""
    rng = np.random.default_rng(1)
    course = np.zeros(ticks + 10)
    for t in range(1, len(course)):
        course[t] = 0.5 * course[t - 1] + rng.normal()
    columns = [course[10 - late : 10 - late + ticks] for late in delays]
    return np.stack(columns, axis=1) + noise * rng.normal(size=(ticks, len(delays)))


@pytest.mark.parametrize("exhaustive_max", [256, 0])
def test_lags_are_told_with_the_leader_as_source(exhaustive_max: int) -> None:
    """Of a small and a large group, in whichever order the series come, with either sign."""
    delays = [1, 0, 1, 0, 2]
    frames = delayed(delays)
    frames[:, 2] *= -1
    knobs = {"exhaustive_max": exhaustive_max, "weight_grow": 0.3, "weight_prune": 0.2}
    detector = Detector("abcde", DetectorParams.model_validate({"associations": knobs}))

    detector.run(frames)

    found = {
        (int(e["source"]), int(e["target"])): int(e["lag"])
        for e in detector.edges()
        if e["source"] < e["target"] or e["lag"]
    }
    assert len(found) == len(detector.edges()) >= 6
    assert found[1, 0] == found[3, 2] == found[0, 4] == 1
    assert all(lag == delays[target] - delays[source] for (source, target), lag in found.items())


def test_relations_without_a_delay_have_no_lag() -> None:
    """Chance makes none, however long the memory of the series."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        course = rng.normal(size=(2000, 1))
        for t in range(1, len(course)):
            course[t] += 0.9 * course[t - 1]
        detector = Detector([str(n) for n in range(10)])

        detector.run(course + rng.normal(size=(2000, 10)))

        assert len(detector.edges()) > 10
        assert not detector.edges()["lag"].any()


def test_a_lag_needs_blocks_and_a_margin() -> None:
    """A young edge has none, nor one whose peak is no further out than chance takes it."""
    graph = graph_of({(0, 1): 0.7, (2, 3): -0.8, (1, 4): 0.9})
    check(graph)
    edges = {tuple(ends): e for e, ends in enumerate(graph.ends.T.tolist())}
    middle, every = at.LAGGED + at.LAGS, np.arange(3)
    graph.values[middle] = graph.values[at.WEIGHT]
    graph.values[middle - 2, edges[0, 1]] = 0.8
    graph.values[middle + 1, edges[2, 3]] = -0.95
    graph.values[middle + 3, edges[1, 4]] = 0.902

    told = {}
    for blocks in (7, 8, 500):
        graph.values[at.LAG_BLOCKS] = blocks
        lags = lags_of(graph, every)
        told[blocks] = {pair: int(lags[e]) for pair, e in edges.items() if lags[e]}

    assert told == {7: {}, 8: {(2, 3): 1}, 500: {(2, 3): 1, (0, 1): -2}}
    graph.values[at.EDGE_BREAK] = 9.0
    for listed in (edges_of(graph, 9), broken_of(graph, 9)):
        rows = zip(*(listed[name].tolist() for name in ("source", "target", "lag")), strict=True)
        assert set(rows) == {(2, 3, 1), (1, 0, 2), (1, 4, 0)}


def test_lags_go_on_after_a_snapshot() -> None:
    """They are part of the state, bit for bit."""
    frames = delayed([0, 1, 1, 0])
    detector = Detector("abcd")
    detector.run(frames[:1500])

    restored = Detector.load(detector.dump())
    for each in (detector, restored):
        each.run(frames[1500:])

    assert restored.edges().tobytes() == detector.edges().tobytes()
    assert restored.dump() == detector.dump()
