"""Learning rules of several units."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import naive_rules
from hebbstream.arrays import F32, F64
from hebbstream.kernels.layers import (
    lateral_ordered,
    lateral_pair,
    normalise,
    oja_matrix,
    project,
    sanger,
    settle,
)
from hebbstream.kernels.rules import pace

N, K = 8, 3
SPREAD = np.sqrt([6.0, 3.0, 1.5, 0.3, 0.3, 0.2, 0.2, 0.1])
POWER = float((SPREAD**2).sum())


def world(rng: np.random.Generator, ticks: int, axes_seed: int = 0) -> tuple[F32, F64]:
    """Gaussian frames, and their principal directions float64[N, N], one a row."""
    axes = np.linalg.qr(np.random.default_rng(axes_seed).normal(size=(N, N)))[0].T
    frames = (rng.normal(size=(ticks, N)) * SPREAD @ axes).astype(np.float32)
    covariance = (axes.T * SPREAD**2) @ axes
    return frames, np.linalg.eigh(covariance)[1].T[::-1]


def rows(rng: np.random.Generator, k: int = K, n: int = N) -> F32:
    """Orthonormal rows."""
    return np.ascontiguousarray(np.linalg.qr(rng.normal(size=(n, k)))[0].T, np.float32)


def learn_sanger(weights: F32, frame: F32, present: F32, rate: float) -> None:
    """One frame through all units."""
    rest = frame.copy()
    for row in weights:
        sanger(row, rest, present, project(row, frame), rate)


def learn_ordered(weights: F32, lateral: F64, frame: F32, rate: float) -> None:
    """One frame through all units."""
    activation, present = np.zeros(len(weights)), np.ones(len(frame), np.float32)
    for c in range(len(weights)):
        lateral_ordered(weights, lateral, frame, present, activation, c, rate)


def learn_pair(weights: F32, lateral: F64, gains: F64, frame: F32, rate: float) -> None:
    """One frame through all units."""
    activation = np.zeros(len(weights))
    settle(np.array([project(row, frame) for row in weights]), lateral, activation)
    lateral_pair(weights, lateral, gains, frame, activation, rate)


def case(rng: np.random.Generator) -> tuple[F32, F32, F32]:
    """Weights, a frame with gaps, and where they are not."""
    present = (rng.random(N) > 0.2).astype(np.float32)
    return rows(rng), rng.normal(size=N).astype(np.float32) * present, present


def test_project_and_normalise_equal_naive_twins(rng: np.random.Generator) -> None:
    """Dot product and length agree with the formulas; zeros stay."""
    row, frame = rng.normal(size=(2, N)).astype(np.float32)
    zeros = np.zeros(N, np.float32)
    expected = naive_rules.normalise(row.astype(float))

    activation = project(row, frame)
    twin = naive_rules.project(row.astype(float), frame.astype(float))
    normalise(row)
    normalise(zeros)

    assert_allclose(activation, twin, atol=1e-5)
    assert_allclose(row, expected, atol=1e-6)
    assert not zeros.any()


def test_oja_matrix_equals_naive_twin(rng: np.random.Generator) -> None:
    """Weights and activations agree with the matrix form."""
    weights, frame, present = case(rng)
    activation = np.zeros(K)
    expected, y = naive_rules.oja_matrix(
        weights.astype(float), frame.astype(float), present.astype(float), 0.05
    )

    oja_matrix(weights, frame, present, activation, 0.05)

    assert_allclose(weights, expected, atol=1e-5)
    assert_allclose(activation, y, atol=1e-5)


def test_sanger_equals_naive_twin(rng: np.random.Generator) -> None:
    """Unit by unit gives what the matrix form with the lower triangle gives."""
    weights, frame, present = case(rng)
    expected = naive_rules.sanger(
        weights.astype(float), frame.astype(float), present.astype(float), 0.05
    )

    learn_sanger(weights, frame, present, 0.05)

    assert_allclose(weights, expected, atol=1e-5)


def test_settle_equals_naive_twin(rng: np.random.Generator) -> None:
    """The passes come close to the solution where inhibition is moderate."""
    mixing = rng.normal(size=(K, K))
    covariance = mixing @ mixing.T + 2 * np.eye(K)
    lateral = covariance / np.diag(covariance)[:, None] - np.eye(K)
    drive, activation = rng.normal(size=K), np.zeros(K)

    settle(drive, lateral, activation)

    assert_allclose(activation, naive_rules.settle(drive, lateral), atol=0.1)


def test_lateral_pair_equals_naive_twin(rng: np.random.Generator) -> None:
    """Both kinds of weight and the gains agree with the formula."""
    weights, frame, _ = case(rng)
    lateral, gains, activation = rng.normal(size=(K, K)), rng.random(K) + 1, rng.normal(size=K)
    np.fill_diagonal(lateral, 0)
    expected = naive_rules.lateral_pair(
        weights.astype(float), lateral, gains, frame.astype(float), activation, 0.01
    )

    lateral_pair(weights, lateral, gains, frame, activation, 0.01)

    assert_allclose(weights, expected[0], atol=1e-5)
    assert_allclose(lateral, expected[1], atol=1e-5)
    assert_allclose(gains, expected[2], atol=1e-5)


def test_lateral_ordered_equals_naive_twin(rng: np.random.Generator) -> None:
    """Both kinds of weight and the activations agree with the formula, unit by unit."""
    weights, frame, present = case(rng)
    lateral, activation = rng.normal(size=(K, K)), np.zeros(K)
    twin = (weights.astype(float), lateral.copy(), activation.copy())

    for c in range(K):
        lateral_ordered(weights, lateral, frame, present, activation, c, 0.05)
        twin = naive_rules.lateral_ordered(
            twin[0], twin[1], frame.astype(float), present.astype(float), twin[2], c, 0.05
        )

    assert_allclose(weights, twin[0], atol=1e-4)
    assert_allclose(lateral, twin[1], atol=1e-4)
    assert_allclose(activation, twin[2], atol=1e-4)


@pytest.mark.slow
def test_oja_matrix_finds_the_first_component_with_every_unit(rng: np.random.Generator) -> None:
    """Without anything between them all units point the same way."""
    weights, present, activation = rows(rng), np.ones(N, np.float32), np.zeros(K)
    frames, best = world(rng, 4000)

    for frame in frames:
        oja_matrix(weights, frame, present, activation, pace(0.02, POWER, float(frame @ frame)))

    assert_allclose(np.abs(weights @ best[0]), 1, atol=0.05)


@pytest.mark.slow
def test_sanger_finds_the_eigenvectors_and_follows_them(rng: np.random.Generator) -> None:
    """Unit i points along numpy's eigenvector i, and again after a rotation of the world."""
    weights, present = rows(rng), np.ones(N, np.float32)
    cosines = []

    for axes_seed in (0, 1):
        frames, best = world(rng, 8000, axes_seed)
        for frame in frames:
            learn_sanger(weights, frame, present, pace(0.02, POWER, float(frame @ frame)))
        cosines.append(np.abs((weights * best[:K]).sum(axis=1)))

    assert np.min(cosines) > 0.97


@pytest.mark.slow
def test_lateral_ordered_finds_the_eigenvectors_and_forgets_its_lateral_weights(
    rng: np.random.Generator,
) -> None:
    """The forward weights become the principal components; then there is nothing to take off."""
    weights, lateral = rows(rng), np.zeros((K, K))
    frames, best = world(rng, 8000)

    for frame in frames:
        learn_ordered(weights, lateral, frame, pace(0.02, POWER, float(frame @ frame)))

    assert np.abs((weights * best[:K]).sum(axis=1)).min() > 0.97
    assert np.abs(lateral).max() < 0.4


@pytest.mark.slow
def test_the_lateral_pair_spans_the_principal_subspace(rng: np.random.Generator) -> None:
    """The filters (1 + M)^-1 W are orthonormal and hold what the first components hold."""
    weights, lateral, gains = rows(rng), np.zeros((K, K)), np.full(K, 10.0)
    frames, best = world(rng, 6000)

    for frame in frames:
        learn_pair(weights, lateral, gains, frame, 0.002)

    filters = np.linalg.solve(np.eye(K) + lateral, weights.astype(float))
    assert_allclose(filters @ filters.T, np.eye(K), atol=0.2)
    basis = np.linalg.qr(filters.T)[0]
    assert np.linalg.svd(best[:K] @ basis, compute_uv=False).min() > 0.98


@pytest.mark.slow
@settings(max_examples=60)
@given(
    st.integers(2, 6).flatmap(
        lambda n: st.lists(
            st.lists(st.floats(-20, 20, width=32), min_size=n, max_size=n), min_size=1, max_size=40
        )
    )
)
def test_every_layer_stays_bounded(frames_drawn: list[list[float]]) -> None:
    """Whatever clipped frames come, and however often, no weight runs away."""
    frames = np.array(frames_drawn, np.float32)
    n = frames.shape[1]
    start, present = rows(np.random.default_rng(0), 2, n), np.ones(n, np.float32)
    single, ordered, chained, paired = (start.copy() for _ in range(4))
    one_way, both_ways, gains = np.zeros((2, 2)), np.zeros((2, 2)), np.full(2, 10.0)

    for frame in np.tile(frames, (10, 1)):
        step = pace(0.1, 0.0, float(frame @ frame))
        oja_matrix(single, frame, present, np.zeros(2), step)
        learn_sanger(chained, frame, present, step)
        learn_ordered(ordered, one_way, frame, step)
        learn_pair(paired, both_ways, gains, frame, 0.01)

    assert max(np.abs(w).max() for w in (single, chained, ordered)) < 2
    assert np.abs(one_way).max() <= 10
    assert np.abs(paired).max() < 100
    assert np.abs(both_ways).max() < 1e3
