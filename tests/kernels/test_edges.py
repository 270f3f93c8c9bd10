"""Edges: breaks, usual spread, weights."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

import naive
from hebbstream.arrays import F32, F64, U32
from hebbstream.kernels import layout as at
from hebbstream.kernels.edges import break_evidence, learn_spread, refresh_edges

N, M = 8, 12


def case(rng: np.random.Generator) -> tuple[F32, F32, U32, F32, F64]:
    """Frame, presence, ends, edge values and activities."""
    pairs = np.array(np.triu_indices(N, 1))[:, rng.permutation(28)[:M]]
    values = rng.random((at.EDGE_ROWS, M)).astype(np.float32)
    values[at.WEIGHT] = rng.uniform(-1, 1, M)
    values[at.SPREAD_COUNT] = rng.integers(1, 2000, M)
    z = (8 * rng.normal(size=N)).astype(np.float32)
    present = (rng.random(N) > 0.2).astype(np.float32)
    z *= present
    return z, present, pairs.astype(np.uint32), values, rng.random((at.ACTIVITY_ROWS, N)) * 5


def test_break_evidence_equals_naive_twin(rng: np.random.Generator) -> None:
    """Breaks of nodes and edges and the worst node agree with the formula."""
    z, present, ends, values, activity = case(rng)
    node, count = np.zeros(N), np.zeros(N)
    expected = naive.break_evidence(
        z.astype(float), present.astype(float), ends, values.astype(float), activity, 1 / 60
    )

    worst = break_evidence(z, present, ends, values, activity, node, count, 1 / 60)

    assert_allclose(node, expected[0], rtol=1e-4)
    assert_allclose(values, expected[1], rtol=1e-4, atol=1e-6)
    assert_allclose(activity, expected[2], rtol=1e-5)
    assert_allclose(worst, expected[3], rtol=1e-5)


def test_no_edge_no_verdict() -> None:
    """Without edges there is no worst node."""
    zeros = np.zeros(3, np.float32)
    none = np.zeros((2, 0), np.uint32), np.zeros((at.EDGE_ROWS, 0), np.float32)

    worst = break_evidence(
        zeros, zeros, *none, np.zeros((at.ACTIVITY_ROWS, 3)), np.zeros(3), np.zeros(3), 0.1
    )

    assert worst == -1.0


def test_learn_spread_equals_naive_twin(rng: np.random.Generator) -> None:
    """Usual differences agree with the formula."""
    z, present, ends, values, _ = case(rng)
    expected = naive.learn_spread(
        z.astype(float), present.astype(float), ends, values.astype(float), 0.01, 0.5
    )

    learn_spread(z, present, ends, values, 0.01, 0.5)

    assert_allclose(values, expected, rtol=1e-5)


def test_refresh_edges_equals_naive_twin(rng: np.random.Generator) -> None:
    """Weights, traces and ticks of weakness agree with the formula; turned signs are kept."""
    _, _, ends, values, activity = case(rng)
    traces = rng.normal(size=28).astype(np.float32)
    ticks = rng.integers(0, 200, (2, M))
    expected, weak = naive.refresh_edges(
        traces.astype(float), activity, ends, values.astype(float), ticks, 0.4, 64
    )

    revise = refresh_edges(traces, activity, ends, values, ticks, 0.4, 128.0, 64)

    assert_allclose(values, expected, rtol=1e-5, atol=1e-6)
    assert_array_equal(ticks, weak)
    correlation = naive.correlations(traces.astype(float), activity)[ends[0], ends[1]]
    turned = (correlation * values[at.WEIGHT] < 0).any()
    assert revise == bool(turned or (weak[at.LOW_TICKS] >= 128).any())
