"""Which pairs may become edges."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import naive
from hebbstream.arrays import F32, F64, I32
from hebbstream.kernels import layout as at
from hebbstream.kernels.growth import (
    fisher_sigmas,
    insert_strongest,
    pair_sigmas,
    some_may_grow,
    strongest_pairs,
)

N, S = 12, 3


def case(rng: np.random.Generator) -> tuple[F32, F64]:
    """Traces and activities of a random covariance; one series is still."""
    x = rng.normal(size=(40, N)) + 2 * rng.normal(size=(40, 1))
    covariance = np.cov(x.T)
    activity = rng.random((at.ACTIVITY_ROWS, N)) * 100
    activity[at.ACTIVITY] = np.diag(covariance)
    activity[at.ACTIVITY, 4] = 0.001
    return covariance[np.triu_indices(N, 1)].astype(np.float32), activity


def listed(traces: F32, activity: F64) -> tuple[I32, F32]:
    """Run the kernel."""
    index, weight = np.zeros((N, S), np.int32), np.zeros((N, S), np.float32)
    strongest_pairs(traces, activity, np.zeros((2, N), np.float32), index, weight, 0.02, 0.6)
    return index, weight


def test_insert_strongest_equals_naive_twin(rng: np.random.Generator) -> None:
    """The list stays in order and keeps its partners."""
    strengths = np.sort(rng.random(6))[::-1].astype(np.float32)
    weight, index = strengths.copy(), np.arange(6, dtype=np.int32)
    strength = float(strengths[-1]) + 0.3
    expected = naive.insert_strongest([float(w) for w in strengths], strength)

    insert_strongest(index, weight, 77, strength)

    assert_allclose(weight, expected, rtol=1e-6)
    assert index[expected.index(strength)] == 77


def test_strongest_pairs_equals_naive_twin(rng: np.random.Generator) -> None:
    """Each series' strongest partners agree with the formula; a still series has none."""
    traces, activity = case(rng)

    index, weight = listed(traces, activity)

    partners = [[int(j) for j in row if j >= 0] for row in index]
    assert partners == naive.strongest_pairs(traces.astype(float), activity, S, 0.02, 0.6)
    assert (np.diff(weight, axis=1) <= 0).all()
    assert partners[4] == []


def test_fisher_sigmas_and_pair_sigmas_equal_naive_twins(rng: np.random.Generator) -> None:
    """Significance agrees with the formula, for one pair and for many."""
    _, activity = case(rng)
    pairs = np.array([[0, 1, 2, 3], [5, 6, 7, 8]], np.uint32)
    weights, sigmas = rng.random(4).astype(np.float32), np.zeros(4)

    pair_sigmas(activity, pairs, weights, 0.01, sigmas)

    assert_allclose(sigmas, naive.pair_sigmas(activity, pairs, weights, 0.01), rtol=1e-6)
    one = fisher_sigmas(activity, 0, 5, float(weights[0]), 0.01)
    assert one == pytest.approx(naive.fisher_sigmas(activity, 0, 5, float(weights[0]), 0.01))


def test_series_that_remember_are_less_sure() -> None:
    """The same correlation counts less between series with a strong echo."""
    activity = np.ones((at.ACTIVITY_ROWS, 2))
    activity[at.ACTIVITY_COUNT], activity[at.ECHO] = 1000, 0.0
    without = fisher_sigmas(activity, 0, 1, 0.7, 1e-3)

    activity[at.ECHO] = 0.9

    assert fisher_sigmas(activity, 0, 1, 0.7, 1e-3) < 0.5 * without


@pytest.mark.parametrize("needed", [0.5, 5.0, 100.0])
def test_some_may_grow_equals_naive_twin(rng: np.random.Generator, needed: float) -> None:
    """Whether a significant pair lacks an edge agrees with the formula."""
    traces, activity = case(rng)
    index, weight = listed(traces, activity)
    linked = (rng.random(len(traces)) < 0.8).astype(np.uint8)
    expected = naive.some_may_grow(index, weight, linked, activity, 0.01, needed)

    assert some_may_grow(index, weight, linked, activity, 0.01, needed) == expected
