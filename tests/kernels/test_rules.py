"""Learning rules of one unit."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import naive
from hebbstream.kernels.rules import hebb_decay, oja_pastd


def test_worked_example() -> None:
    """The design's example of Hebb with decay comes out as written."""
    weights = np.array([0.1, 0.0], np.float32)

    hebb_decay(weights, np.ones(2, np.float32), 1.0, 0.5, 0.1)

    assert_allclose(weights, [0.59, 0.5], rtol=1e-6)


def test_hebb_decay_equals_naive_twin(rng: np.random.Generator) -> None:
    """Every weight agrees with the formula."""
    weights, frame = rng.normal(size=(2, 17)).astype(np.float32)
    expected = naive.hebb_decay(weights.astype(float), frame.astype(float), 0.7, 0.05, 0.2)

    hebb_decay(weights, frame, 0.7, 0.05, 0.2)

    assert_allclose(weights, expected, rtol=1e-5, atol=1e-6)


def test_hebb_decay_with_zero_rate_changes_nothing(rng: np.random.Generator) -> None:
    """Without rate and decay the weights stay bit for bit."""
    weights, frame = rng.normal(size=(2, 9)).astype(np.float32)
    before = weights.copy()

    hebb_decay(weights, frame, 1.3, 0.0, 0.0)

    assert_array_equal(weights, before)


@pytest.mark.parametrize("gate", [1.0, 0.2])
def test_oja_pastd_equals_naive_twin(rng: np.random.Generator, gate: float) -> None:
    """Weights and what is left agree with the formula, with series missing."""
    weights, lesson = rng.normal(size=(2, 33)).astype(np.float32)
    weights /= np.linalg.norm(weights)
    present = (rng.random(33) > 0.2).astype(np.float32)
    lesson *= present
    s = float(weights @ lesson)
    learnt, left = naive.oja_pastd(
        weights.astype(float), lesson.astype(float), present.astype(float), s, 12.0, gate
    )

    oja_pastd(weights, lesson, present, s, 12.0, gate)

    assert_allclose(weights, learnt, atol=2e-6)
    assert_allclose(lesson, left, atol=5e-6)


def test_oja_pastd_keeps_unit_length(rng: np.random.Generator) -> None:
    """The row stays of length 1 through 500 lessons."""
    weights = np.full(20, 20**-0.5, np.float32)
    present = np.ones(20, np.float32)
    gain = 20.0

    for _ in range(500):
        lesson = rng.normal(size=20).astype(np.float32)
        s = float(weights @ lesson)
        gain += s * s - 0.001 * gain
        oja_pastd(weights, lesson, present, s, gain, 1.0)

    assert abs(float(np.linalg.norm(weights)) - 1) < 1e-5


def test_oja_pastd_flushes_subnormal_weights() -> None:
    """Weights that have decayed away become zero, not subnormal."""
    weights = np.array([1.0, 1e-30], np.float32)

    oja_pastd(weights, np.array([0.5, 0.0], np.float32), np.ones(2, np.float32), 0.5, 10.0, 1.0)

    assert weights[1] == 0.0
