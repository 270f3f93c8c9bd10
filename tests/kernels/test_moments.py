"""Location and scale."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import naive
from hebbstream.arrays import F64
from hebbstream.kernels import layout as at
from hebbstream.kernels.moments import admit, learn_moments, sigma, standardise

RATE, CLIP, FLOOR, FADE = 1e-3, 20.0, 0.01, 1e-4


def learn(moments: F64, values: F64, gate: float = 1.0) -> None:
    """Learn a frame with no course."""
    learn_moments(values, np.zeros(len(values)), moments, RATE, gate, CLIP, FLOOR, FADE)


def score(moments: F64, values: F64) -> tuple[F64, F64, F64]:
    """Standardise a frame with no course."""
    n = len(values)
    z, scale, present = np.zeros(n, np.float32), np.zeros(n), np.zeros(n, np.float32)
    standardise(values, np.zeros(n), moments, z, scale, present, FLOOR)
    return z.astype(float), scale, present.astype(float)


def test_what_is_no_number_becomes_missing() -> None:
    """Infinities and values beyond 1e100 are NaN; 1e100 itself is a value."""
    frame = np.array([np.inf, -np.inf, 1.1e100, 1e100, -1e100, np.nan, 0.0, -0.5])
    twin = naive.admit(frame)

    admit(frame)

    assert_array_equal(frame, [np.nan, np.nan, np.nan, 1e100, -1e100, np.nan, 0.0, -0.5])
    assert_array_equal(frame, twin)


def test_sigma_equals_naive_twin(rng: np.random.Generator) -> None:
    """The scale agrees with the formula."""
    variance, high, low = rng.random(), rng.normal() + 3, rng.normal() - 3

    assert_allclose(sigma(variance, high, low, FLOOR), naive.sigma(variance, high, low, FLOOR))


@pytest.mark.parametrize("gate", [1.0, 0.2])
def test_learning_and_scoring_equal_naive_twins(rng: np.random.Generator, gate: float) -> None:
    """Over 300 frames with gaps and spikes state, z and sigma agree with the formulas."""
    n = 7
    frames = rng.normal(50, 3, size=(300, n))
    frames[rng.random(frames.shape) < 0.1] = np.nan
    frames[rng.random(frames.shape) < 0.02] *= 1e4
    moments, twin = np.zeros((at.MOMENT_ROWS, n)), np.zeros((at.MOMENT_ROWS, n))

    for frame in frames:
        z, scale, _ = score(moments, frame)
        expected_z, expected_scale = naive.standardise(frame, np.zeros(n), twin, FLOOR)
        assert_allclose(z, expected_z, rtol=1e-5, atol=1e-5)
        assert_allclose(scale, expected_scale, rtol=1e-9)
        learn(moments, frame, gate)
        for j in np.flatnonzero(~np.isnan(frame)):
            twin[:, j] = naive.learn_moments(
                float(frame[j]), twin[:, j], RATE, gate, CLIP, FLOOR, FADE
            )

    assert_allclose(moments, twin, rtol=1e-9, atol=1e-12)


def test_first_change_of_a_constant_series_is_bounded() -> None:
    """A constant series that moves for the first time is off by at most 1 / floor sigmas."""
    moments = np.zeros((at.MOMENT_ROWS, 1))
    for _ in range(500):
        learn(moments, np.array([5.0]))

    z, _, _ = score(moments, np.array([5.001]))

    assert 90 < z[0] <= 100


def test_one_wild_value_does_not_deafen_a_series() -> None:
    """After a jump of 1e12 for one tick a ten-sigma fault is still seen."""
    rng = np.random.default_rng(3)
    moments = np.zeros((at.MOMENT_ROWS, 1))
    for x in rng.normal(size=2000):
        learn(moments, np.array([x]))

    learn(moments, np.array([1e12]))
    z, _, _ = score(moments, np.array([100.0]))

    assert z[0] > 5


def test_large_offset_keeps_the_variance() -> None:
    """At an offset of 1e8 a unit variance is still seen."""
    rng = np.random.default_rng(4)
    moments = np.zeros((at.MOMENT_ROWS, 1))

    for x in 1e8 + rng.normal(size=5000):
        learn(moments, np.array([x]))

    assert math.sqrt(moments[at.VARIANCE, 0]) == pytest.approx(1.0, rel=0.1)


def test_location_stays_within_the_range(rng: np.random.Generator) -> None:
    """However values jump, low <= mean <= high."""
    moments = np.zeros((at.MOMENT_ROWS, 3))

    for _ in range(200):
        learn(moments, rng.normal(size=3) * 10.0 ** rng.integers(-20, 20, 3))
        assert (moments[at.LOW] <= moments[at.MEAN]).all()
        assert (moments[at.MEAN] <= moments[at.HIGH]).all()
