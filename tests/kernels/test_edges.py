"""Edges: breaks, usual spread, weights."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import naive
import naive_graph
from hebbstream.arrays import F32, F64, U32
from hebbstream.kernels import layout as at
from hebbstream.kernels.edges import (
    refresh_edges,
    refresh_own,
    settle_edge,
)

N, M = 8, 12


def case(rng: np.random.Generator) -> tuple[F32, F32, U32, F32, F64]:
    """Frame, presence, ends, edge values and activities."""
    pairs = np.array(np.triu_indices(N, 1))[:, rng.permutation(28)[:M]]
    values = rng.random((at.EDGE_ROWS, M)).astype(np.float32)
    values[at.WEIGHT] = rng.uniform(-1, 1, M)
    values[at.SPREAD_COUNT] = rng.integers(1, 2000, M)
    values[at.MUTED] = rng.random(M) > 0.7
    z = (8 * rng.normal(size=N)).astype(np.float32)
    present = (rng.random(N) > 0.2).astype(np.float32)
    z *= present
    return z, present, pairs.astype(np.uint32), values, rng.random((at.ACTIVITY_ROWS, N)) * 5


LIMITS = [np.array([0.4, 128.0, at.EDGE_HEBB, 0.0, 0.05, 0.6]),
          np.array([0.4, 128.0, at.EDGE_HEBB, 0.1, 0.05, 0.6]),
          np.array([0.4, 128.0, at.EDGE_OJA, 0.1, 0.3, 0.6])]  # fmt: skip


@pytest.mark.parametrize("limits", LIMITS, ids=["plain", "l1", "oja"])
def test_refresh_edges_equals_naive_twin(rng: np.random.Generator, limits: F64) -> None:
    """Weights, traces and counted ticks agree with the formula; turned signs are kept."""
    _, _, ends, values, activity = case(rng)
    values[at.EDGE_BREAK] *= 4
    traces = rng.normal(size=28).astype(np.float32)
    ticks = rng.integers(0, 200, (3, M))
    expected, counted = naive_graph.refresh_edges(
        traces.astype(float), activity, ends, values.astype(float), ticks, limits, 64
    )

    revise = refresh_edges(traces, activity, ends, values, ticks, limits, 64)

    assert_allclose(values, expected, rtol=1e-5, atol=1e-6)
    assert_array_equal(ticks, counted)
    correlation = naive.correlations(traces.astype(float), activity)[ends[0], ends[1]]
    turned = (correlation * values[at.WEIGHT] < 0).any()
    assert revise == bool(turned or (counted[at.LOW_TICKS] >= 128).any())


@pytest.mark.parametrize("limits", LIMITS, ids=["plain", "l1", "oja"])
def test_refresh_own_equals_naive_twin(rng: np.random.Generator, limits: F64) -> None:
    """The same, from sums that each edge keeps itself; too heavy ones are scaled."""
    _, _, ends, values, activity = case(rng)
    values[at.OWN : at.OWN + 4] *= 150
    values[at.OWN] *= rng.choice([-1, 1], M)
    ticks = rng.integers(0, 200, (3, M))
    expected, counted = naive_graph.refresh_own(
        activity, ends, values.astype(float), ticks, limits, 0.01, 64
    )

    refresh_own(activity, ends, values, ticks, limits, 0.01, 64)

    assert_allclose(values, expected, rtol=1e-5, atol=1e-6)
    assert_array_equal(ticks, counted)


@pytest.mark.parametrize("still", [0, 1])
def test_settle_edge_equals_naive_twin(rng: np.random.Generator, still: int) -> None:
    """One edge alone, with ends that move and that do not."""
    values, r = case(rng)[3], float(rng.uniform(-1, 1))
    ticks = rng.integers(0, 200, (3, M))
    expected, counted = naive_graph.settle_edge(
        values.astype(float), ticks, 5, r, LIMITS[1], 64, still=bool(still)
    )

    settle_edge(values, ticks, 5, r, still, LIMITS[1], 64)

    assert_allclose(values, expected, rtol=1e-6)
    assert_array_equal(ticks, counted)
