"""Components: what they explain, how they learn, when they grow and prune."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import generators
import naive
from hebbstream.arrays import F32, F64
from hebbstream.kernels import layout as at
from hebbstream.kernels.subspace import (
    activate,
    adapt_components,
    face_past,
    keep_past,
    learn_residual,
    learn_subspace,
    learn_whole,
    surprise,
    unexplained,
)

N, K = 21, 4


def rows(rng: np.random.Generator) -> F32:
    """K orthonormal rows in a taller array."""
    weights = np.zeros((K + 3, N), np.float32)
    weights[:K] = np.linalg.qr(rng.normal(size=(N, K)))[0].T
    return weights


def gaps(rng: np.random.Generator) -> F32:
    """Mark about a fifth of the series as missing."""
    return (rng.random(N) > 0.2).astype(np.float32)


def test_unexplained_equals_naive_twin(rng: np.random.Generator) -> None:
    """Residual and projection agree with the formula."""
    weights, z = rows(rng), (10 * rng.normal(size=N)).astype(np.float32)
    rest, hat = np.zeros(N, np.float32), np.zeros(N, np.float32)
    expected = naive.unexplained(weights[:K].astype(float), z.astype(float), 20.0)

    unexplained(weights, K, z, 20.0, rest, hat)

    assert_allclose(rest, expected[0], atol=2e-5)
    assert_allclose(hat, expected[1], atol=1e-6)


def test_the_past_equals_naive_twins(rng: np.random.Generator) -> None:
    """Frames before are laid beside this one, newest first, and move back by one."""
    frames = (9 * rng.normal(size=(5, 4))).astype(np.float32)
    past, single = (
        np.zeros((at.PAST_ROWS * 2, 4), np.float32),
        np.zeros((at.SCRATCH32_ROWS, 12), np.float32),
    )
    expected = [np.zeros(4), np.zeros(4)]
    there = [np.zeros(4), np.zeros(4)]

    for frame in frames:
        single[at.Z, :4], single[at.PRESENT, :4] = frame, frame > 0
        face_past(single, past, 4)
        keep_past(single, past, 4, 10.0)
        assert_allclose(single[at.Z], naive.face_past(frame, expected))
        assert_allclose(single[at.PRESENT], naive.face_past(frame > 0, there))
        expected = naive.keep_past(frame, expected, 10.0)
        there = naive.keep_past((frame > 0).astype(float), there, 1.0)

    assert_allclose(past[[0, 2]], expected)
    assert_allclose(past[[1, 3]], there)


def test_surprise_equals_naive_twin(rng: np.random.Generator) -> None:
    """The residual in its own sigmas agrees with the formula."""
    rest, residual = rng.normal(size=N).astype(np.float32), rng.random((at.RESIDUAL_ROWS, N))
    present, u = gaps(rng), np.zeros(N)

    surprise(rest, residual, present, u)

    expected = naive.surprise(rest.astype(float), residual[0], present.astype(float))
    assert_allclose(u, expected, rtol=1e-6)


def test_learn_residual_equals_naive_twin(rng: np.random.Generator) -> None:
    """Variances agree with the formula, young series and gaps included."""
    rest = (5 * rng.normal(size=N)).astype(np.float32)
    residual, present = rng.random((at.RESIDUAL_ROWS, N)), gaps(rng)
    residual[at.RESIDUAL_COUNT] = rng.integers(0, 60, N)
    before = residual.copy()

    learn_residual(rest, residual, present, 0.01, 0.5, 2.0, 30.0)

    expected = [
        naive.learn_residual(float(r), v, count, 0.01, 0.5, 2.0, 30.0) if p else v
        for r, v, count, p in zip(rest, *before, present, strict=True)
    ]
    assert_allclose(residual[at.RESIDUAL_VARIANCE], expected, rtol=1e-6)
    assert_array_equal(residual[at.RESIDUAL_COUNT], before[at.RESIDUAL_COUNT] + present)


def test_activate_equals_naive_twin(rng: np.random.Generator) -> None:
    """One component's gain, energy and age move; the others' stay."""
    components = rng.random((at.COMPONENT_ROWS, K)) * 10
    expected = naive.activate(components, 1, 3.0, 0.01, 0.2)

    activate(components, 1, 3.0, 0.01, 0.2)

    assert_allclose(components, expected)


@pytest.mark.parametrize("length", [1.0, 0.7])
@pytest.mark.parametrize("k", [1, K])
def test_learn_whole_equals_naive_twin(rng: np.random.Generator, k: int, length: float) -> None:
    """Rows, gains and what is left agree with the formula, also of rows that lost a series."""
    weights, components = length * rows(rng)[:k], rng.random((at.COMPONENT_ROWS, K)) * 10 + 5
    lesson = (2 * rng.normal(size=N)).astype(np.float32)
    expected = naive.learn_whole(
        weights.astype(float), components.copy(), lesson.astype(float), 0.01, 0.7
    )

    learn_whole(weights, components, lesson, float(lesson @ lesson), 0.01, 0.7)

    assert_allclose(weights, expected[0], atol=1e-5)
    assert_allclose(components, expected[1], rtol=1e-5)
    assert_allclose(lesson, expected[2], atol=1e-4)
    assert_allclose((weights**2).sum(axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize("gate", [1.0, 0.2])
@pytest.mark.parametrize("whole", [True, False])
def test_learn_subspace_equals_naive_twin(
    rng: np.random.Generator, gate: float, *, whole: bool
) -> None:
    """Weights, gains, energies and what is left agree with the formula over 30 frames."""
    weights, components = rows(rng), rng.random((at.COMPONENT_ROWS, K + 3)) * 10 + 5
    totals, lesson = np.array([K, 3.0, 7.0]), np.zeros(N, np.float32)
    left: F64 = np.zeros(N)
    twin = (weights.astype(float), components.copy(), totals.copy())

    for _ in range(30):
        present = np.ones(N, np.float32) if whole else gaps(rng)
        z = (2 * rng.normal(size=N)).astype(np.float32) * present
        learn_subspace(weights, components, totals, z, present, lesson, 0.01, gate, 2.0)
        *state, left = naive.learn_subspace(
            *twin, z.astype(float), present.astype(float), 0.01, gate, 2.0
        )
        twin = (state[0], state[1], state[2])

    assert_allclose(weights, twin[0], atol=2e-4)
    assert_allclose(components, twin[1], rtol=1e-3)
    assert_allclose(totals, twin[2], rtol=1e-5)
    assert_allclose(lesson, left, atol=1e-3)


def test_the_principal_subspace_is_found() -> None:
    """After 4000 frames the components hold 97 % of the energy that the best ones could."""
    world = generators.coupled(1, 4000, 18, coupling=0.8, memory=0.0)
    z = (world.frames - world.frames.mean(axis=0)) / world.frames.std(axis=0)
    weights = np.zeros((3, 18), np.float32)
    weights[:, :3] = np.eye(3)
    components, totals = np.zeros((at.COMPONENT_ROWS, 3)), np.array([3.0, 0.0, 0.0])
    components[at.GAIN] = 18
    present, lesson = np.ones(18, np.float32), np.zeros(18, np.float32)

    for row in z.astype(np.float32):
        learn_subspace(weights, components, totals, row, present, lesson, 1e-3, 1.0, 20.0)

    held = float(((z @ weights.T) ** 2).sum())
    best = float((np.linalg.svd(z, compute_uv=False)[:3] ** 2).sum())
    assert held > 0.97 * best
    assert_allclose(weights @ weights.T, np.eye(3), atol=0.1)


@pytest.mark.parametrize(
    ("energies", "total"),
    [([1.0], 10.0), ([3.0, 3.0, 2.0], 10.0), ([5.0, 4.0, 0.5], 10.0), ([4.0, 3.0], 10.0)],
)
def test_adapt_components_equals_naive_twin(energies: list[float], total: float) -> None:
    """It grows, prunes or keeps as the energies say."""
    k, rng = len(energies), np.random.default_rng(0)
    weights = rows(rng)
    weights[k:] = 0
    components, lesson = np.zeros((at.COMPONENT_ROWS, K + 3)), np.ones(N, np.float32)
    components[at.ENERGY, :k] = energies
    totals = np.array([k, total, 100.0])
    expected = naive.adapt_components(np.array(energies), total, 0.65, 0.75, 1, K + 3)

    change = adapt_components(weights, components, totals, lesson, 0.65, 0.75, 1.0, K + 3.0)

    assert change == expected
    assert totals[at.COMPONENTS] == k + expected
    assert_allclose(np.linalg.norm(weights[: k + change], axis=1), 1.0, atol=1e-6)
    assert not weights[k + change :].any()


def test_no_component_grows_on_nothing() -> None:
    """A frame that is explained in full gives no direction to grow in."""
    weights, components = rows(np.random.default_rng(0)), np.zeros((at.COMPONENT_ROWS, K + 3))
    totals = np.array([1.0, 10.0, 100.0])

    change = adapt_components(
        weights, components, totals, np.zeros(N, np.float32), 0.65, 0.75, 1.0, 16.0
    )

    assert change == 0
