"""The daily course."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import naive
from hebbstream.arrays import F64
from hebbstream.kernels import layout as at
from hebbstream.kernels.clock import (
    clipped,
    clock_basis,
    clock_course,
    learn_clock,
    robust_variance,
)


def basis_at(time: float, harmonics: int) -> F64:
    """Evaluate the basis."""
    basis = np.zeros(2 * harmonics + 1)
    clock_basis(time, basis)
    return basis


def test_clock_basis_equals_naive_twin(rng: np.random.Generator) -> None:
    """The harmonics agree with the formula at any time of the century."""
    time = float(rng.uniform(0, 3e9))

    assert_allclose(basis_at(time, 6), naive.clock_basis(time, 6), atol=1e-6)


def test_clock_basis_may_be_empty() -> None:
    """A detector without a clock has an empty basis, which stays empty."""
    basis = np.zeros(0)

    clock_basis(1e9, basis)

    assert len(basis) == 0


def test_clock_course_equals_naive_twin(rng: np.random.Generator) -> None:
    """Course and the choice to use it agree with the formula."""
    n, basis = 12, basis_at(1000.0, 3)
    coefficients, clock = rng.normal(size=(7, n)), rng.random((at.CLOCK_ROWS, n))
    clock[at.CLOCK_COUNT] *= 2000
    harmonic, course = np.zeros(n), np.zeros(n)
    expected = naive.clock_course(basis, coefficients, clock, 1000.0, 0.7)

    clock_course(basis, coefficients, clock, harmonic, course, 1000.0, 0.7)

    assert_allclose(harmonic, expected[0], atol=1e-12)
    assert_allclose(course, expected[1], atol=1e-12)


@pytest.mark.parametrize("clips", [True, False])
def test_robust_variance_equals_naive_twin(rng: np.random.Generator, clips: bool) -> None:  # noqa: FBT001
    """One step agrees with the formula."""
    variance, error = float(rng.random()), float(rng.normal() * 30)

    actual = robust_variance(variance, error, 0.1, clips)

    assert_allclose(actual, naive.robust_variance(variance, error, 0.1, clips=clips))


@pytest.mark.parametrize("clips", [True, False])
def test_clipped_equals_naive_twin(rng: np.random.Generator, clips: bool) -> None:  # noqa: FBT001
    """What is learnt of a deviation agrees with the formula, within three sigmas and beyond."""
    variance, error = float(rng.random()), float(rng.normal() * 3)

    actual = clipped(error, variance, clips)

    assert_allclose(actual, naive.clipped(error, variance, clips=clips))


def test_learn_clock_equals_naive_twin(rng: np.random.Generator) -> None:
    """Over two days with gaps and spikes level and course agree with the formula."""
    n, day, harmonics = 3, 48.0, 2
    coefficients, clock = np.zeros((5, n)), np.zeros((at.CLOCK_ROWS, n))
    twin, twin_clock = coefficients.copy(), clock.copy()
    frames = rng.normal(10, 2, size=(96, n))
    frames[rng.random(frames.shape) < 0.1] = np.nan
    frames[rng.random(frames.shape) < 0.02] *= 100
    harmonic, course, scratch = np.zeros(n), np.zeros(n), np.zeros(n)

    for t, frame in enumerate(frames):
        basis = basis_at(t * 1800.0, harmonics)
        clock_course(basis, coefficients, clock, harmonic, course, day, 0.7)
        learn_clock(frame, basis, coefficients, clock, harmonic, scratch, 1 / day, 0.5, day)
        for j in np.flatnonzero(~np.isnan(frame)):
            twin[:, j], twin_clock[:, j] = naive.learn_clock(
                float(frame[j]), basis, twin[:, j], twin_clock[:, j], 1 / day, 0.5, day
            )

    assert_allclose(coefficients, twin, rtol=1e-7, atol=1e-9)
    assert_allclose(clock, twin_clock, rtol=1e-7, atol=1e-9)


def test_a_daily_course_is_learnt_and_used() -> None:
    """After some days most of a daily swing is predicted, and a flat series keeps no course."""
    rng = np.random.default_rng(0)
    day, n = 288, 2
    coefficients, clock = np.zeros((13, n)), np.zeros((at.CLOCK_ROWS, n))
    harmonic, course, scratch = np.zeros(n), np.zeros(n), np.zeros(n)
    missed = []
    for t in range(8 * day):
        swing = 10 * np.sin(2 * np.pi * t / day)
        frame = np.array([swing, 0.0]) + rng.normal(size=2)
        basis = basis_at(t * 300.0, 6)
        clock_course(basis, coefficients, clock, harmonic, course, float(day), 0.7)
        missed.append(swing - course[0])
        learn_clock(frame, basis, coefficients, clock, harmonic, scratch, 1 / day, 1.0, float(day))

    assert np.std(missed[-day:]) < 1.5
    assert_array_equal(course[1], 0.0)


def test_a_constant_series_that_moves_is_followed() -> None:
    """Clipping does not keep a series with zero variance from learning its new level."""
    coefficients, clock = np.zeros((3, 1)), np.zeros((at.CLOCK_ROWS, 1))
    harmonic, scratch, basis = np.zeros(1), np.zeros(1), basis_at(0.0, 1)

    for value in [5.0] * 200 + [6.0] * 20_000:
        learn_clock(
            np.array([value]), basis, coefficients, clock, harmonic, scratch, 1e-2, 1.0, 100.0
        )

    assert clock[at.CLOCK_LEVEL, 0] == pytest.approx(6.0, abs=0.01)
