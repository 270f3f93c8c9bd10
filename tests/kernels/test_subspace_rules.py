"""Components that learn by a rule other than the default."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import naive_rules
from hebbstream.arrays import F32, F64
from hebbstream.kernels import layout as at
from hebbstream.kernels.subspace_rules import learn_subspace_by, take_off

N, K, MOST = 15, 3, 5
RULES = [at.RULE_SANGER, at.RULE_OJA, at.RULE_LATERAL]
SPREAD = np.sqrt(np.array([4.0, 2.0, 1.0] + [0.1] * (N - 3)))


def state(rng: np.random.Generator) -> tuple[F32, F64, F64]:
    """K orthonormal rows in a taller array, lateral weights and all."""
    weights = np.zeros((MOST, N), np.float32)
    weights[:K] = np.linalg.qr(rng.normal(size=(N, K)))[0].T
    components = np.zeros((at.COMPONENT_ROWS + MOST + 1, MOST))
    return weights, components, np.array([K, 0.0, 0.0])


def test_take_off_equals_naive_twin(rng: np.random.Generator) -> None:
    """The rest and the activation agree with the formula; a missing series stays 0."""
    row, lesson = rng.normal(size=(2, N)).astype(np.float32)
    present = (rng.random(N) > 0.3).astype(np.float32)
    lesson *= present
    expected, s = naive_rules.take_off(
        row.astype(float), lesson.astype(float), present.astype(float)
    )

    activation = take_off(row, lesson, present)

    assert_allclose(lesson, expected, atol=1e-5)
    assert activation == pytest.approx(s, abs=1e-5)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("gate", [1.0, 0.2])
def test_learn_subspace_by_equals_naive_twin(
    rng: np.random.Generator, rule: int, gate: float
) -> None:
    """State and what is left agree with the formulas over 30 frames with gaps."""
    weights, components, totals = state(rng)
    twin = (weights.astype(float), components.copy(), totals.copy())
    scratch, left = np.zeros((3, N), np.float32), np.zeros(N)

    for _ in range(30):
        present = (rng.random(N) > 0.2).astype(np.float32)
        z = (2 * rng.normal(size=N)).astype(np.float32) * present
        learn_subspace_by(rule, weights, components, totals, z, present, scratch, 0.01, gate, 2.0)
        *learnt, left = naive_rules.learn_subspace_by(
            rule, *twin, z.astype(float), present.astype(float), 0.01, gate, 2.0
        )
        twin = (learnt[0], learnt[1], learnt[2])

    assert_allclose(weights, twin[0], atol=1e-4)
    assert_allclose(components, twin[1], rtol=1e-3, atol=1e-4)
    assert_allclose(totals, twin[2], rtol=1e-5)
    assert_allclose(scratch[1], left, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_holds_the_energy_and_follows_it(rng: np.random.Generator, rule: int) -> None:
    """The rows hold 97 % of what the best three could, and again after a turn of the world."""
    weights, components, totals = state(rng)
    present, scratch = np.ones(N, np.float32), np.zeros((3, N), np.float32)
    shares = []

    for _ in range(2):
        axes = np.linalg.qr(rng.normal(size=(N, N)))[0].T
        frames = (rng.normal(size=(6000, N)) * SPREAD @ axes).astype(np.float32)
        for z in frames:
            learn_subspace_by(
                rule, weights, components, totals, z, present, scratch, 0.01, 1.0, 20.0
            )
        basis = np.linalg.qr(weights[:K].T.astype(float))[0]
        shares.append(((axes @ basis) ** 2).sum(axis=1) @ SPREAD**2 / 7.0)

    assert min(shares) > 0.97
    assert_allclose(np.linalg.norm(weights[:K], axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("rule", RULES)
def test_a_frame_of_nothing_changes_no_weight(rule: int) -> None:
    """Zeros from the start leave unit rows and finite energies."""
    weights, components, totals = state(np.random.default_rng(0))
    before, scratch = weights.copy(), np.ones((3, N), np.float32)

    for _ in range(3):
        learn_subspace_by(
            rule, weights, components, totals, np.zeros(N, np.float32),
            np.zeros(N, np.float32), scratch, 0.01, 1.0, 2.0,
        )  # fmt: skip

    assert_allclose(weights, before, atol=1e-6)
    assert np.isfinite(components).all()
