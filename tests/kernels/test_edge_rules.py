"""Rules by which edges learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.testing import assert_allclose

import naive_graph as naive
from hebbstream.arrays import F32, F64, U32
from hebbstream.kernels import edge_rules
from hebbstream.kernels import layout as at

N, M = 8, 12
FRAMES = arrays.arrays(np.float32, (30, N), elements=st.floats(-3, 3, width=32))


def case(rng: np.random.Generator) -> tuple[F32, F32, U32, F32]:
    """Frame, presence, ends, edge values."""
    ends = np.array(np.triu_indices(N, 1))[:, rng.permutation(28)[:M]].astype(np.uint32)
    values = rng.random((at.EDGE_ROWS, M)).astype(np.float32)
    values[at.WEIGHT] = rng.uniform(-1, 1, M)
    present = (rng.random(N) > 0.2).astype(np.float32)
    return (3 * rng.normal(size=N)).astype(np.float32) * present, present, ends, values


@pytest.mark.parametrize("rate", [0.001, 0.9])
def test_oja_equals_naive_twin(rng: np.random.Generator, rate: float) -> None:
    """Weights agree with the formula; the rest is left alone."""
    z, present, ends, values = case(rng)
    expected = naive.learn_edges_oja(
        z.astype(float), present.astype(float), ends, values.astype(float), 3.0, rate, 0.1
    )

    edge_rules.learn_edges_oja(z, present, ends, values, 3.0, rate, 0.1)

    assert_allclose(values, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("rate", [0.001, 0.9])
def test_delta_equals_naive_twin(rng: np.random.Generator, rate: float) -> None:
    """Weights agree with the formula; the rest is left alone."""
    z, present, ends, values = case(rng)
    expected = naive.learn_edges_delta(
        z.astype(float), present.astype(float), ends, values.astype(float), 3.0, rate, 0.1
    )

    edge_rules.learn_edges_delta(z, present, ends, values, np.zeros(N), np.zeros(N), 3.0, rate, 0.1)

    assert_allclose(values, expected, rtol=1e-5, atol=1e-6)


def test_move_weight_equals_naive_twin(rng: np.random.Generator) -> None:
    """A weight keeps its sign and its bound."""
    for weight, step, shrink in rng.uniform(-1.5, 1.5, (50, 3)):
        moved = edge_rules.move_weight(weight, step, abs(shrink))
        assert moved == pytest.approx(naive.move_weight(weight, step, abs(shrink)))


def learn(rule: str, frames: F32, ends: U32, weights: F64, rate: float) -> F64:
    """Run a rule over frames."""
    values = np.zeros((at.EDGE_ROWS, ends.shape[1]), np.float32)
    values[at.WEIGHT] = weights
    n = frames.shape[1]
    present, scratch = np.ones(n, np.float32), np.zeros((2, n))
    for z in frames:
        if rule == "oja":
            edge_rules.learn_edges_oja(z, present, ends, values, 3.0, rate, 0.0)
        else:
            edge_rules.learn_edges_delta(
                z, present, ends, values, scratch[0], scratch[1], 3.0, rate, 0.0
            )
    return np.asarray(values[at.WEIGHT], np.float64)


@pytest.mark.parametrize("rule", ["oja", "delta"])
@given(frames=FRAMES, rate=st.floats(0, 1))
@settings(max_examples=60)
def test_weights_stay_bounded(rule: str, frames: F32, rate: float) -> None:
    """Whatever clipped input comes, no weight passes 1, turns, or becomes nonsense."""
    ends = np.array(np.triu_indices(N, 1), np.uint32)
    signs = np.where(np.arange(28) % 2, -1.0, 1.0)

    weights = learn(rule, frames, ends, 0.6 * signs, rate)

    assert (weights * signs >= 0.99e-4).all()
    assert (np.abs(weights) <= 1).all()


def test_oja_finds_the_correlation(rng: np.random.Generator) -> None:
    """On steady data the weight of each pair is its correlation."""
    common = rng.normal(size=(6000, 1))
    frames = (0.8 * common + 0.6 * rng.normal(size=(6000, 3))).astype(np.float32)
    ends = np.array([[0, 0, 1], [1, 2, 2]], np.uint32)

    weights = learn("oja", frames, ends, np.full(3, 0.2), 0.005)

    correlation = np.asarray(np.corrcoef(frames.T))
    assert_allclose(weights, correlation[ends[0], ends[1]], atol=0.1)


def test_delta_leaves_what_others_explain(rng: np.random.Generator) -> None:
    """In a chain the two ends correlate, yet the weight between them falls behind."""
    noise = rng.normal(size=(8000, 3))
    a = noise[:, 0]
    b = 0.9 * a + np.sqrt(1 - 0.81) * noise[:, 1]
    c = 0.9 * b + np.sqrt(1 - 0.81) * noise[:, 2]
    ends = np.array([[0, 0, 1], [1, 2, 2]], np.uint32)
    frames = np.column_stack([a, b, c]).astype(np.float32)

    weights = learn("delta", frames, ends, np.full(3, 0.8), 0.02)

    assert np.corrcoef(a, c)[0, 1] > 0.7
    assert weights[1] < 0.5
    assert weights[1] < 0.7 * min(weights[0], weights[2])
