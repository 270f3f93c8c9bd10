"""Feedback in the kernels: which frames are like what was told, and what it does to them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

import naive_feedback
from hebbstream.arrays import F64
from hebbstream.kernels import layout as at
from hebbstream.kernels.feedback import heed, is_like, is_within


def case(rng: np.random.Generator) -> tuple[F64, F64, F64, F64, F64]:
    """Verdicts, evidence, times, patterns and terms."""
    evidence = rng.exponential(size=(200, 6)) * (rng.random((200, 6)) > 0.5)
    verdicts = rng.random((at.VERDICT_ROWS, 200))
    verdicts[at.SCORE] *= rng.random(200) > 0.1
    patterns = np.vstack([np.zeros(6), evidence[:4] + 0.1])
    terms = np.array(
        [
            [math.inf, 2.0, 3.0, 1.5, 9.0],
            rng.uniform(-1e6, 1e6, 5),
            [600.0, 0.0, 0.0, 4000.0, 0.0],
            [86_400.0, 1.0, 7.0, 86_400.0, 604_800.0],
        ]
    )
    return verdicts, evidence, 60.0 * np.arange(200.0), patterns, terms


def test_heed_equals_naive_twin(rng: np.random.Generator) -> None:
    """Scores and p-values are raised for just the frames something was told of."""
    verdicts, evidence, times, patterns, terms = case(rng)
    expected = naive_feedback.heed(verdicts, evidence, times, patterns, terms)

    heed(verdicts, evidence, times, patterns, terms)

    assert_allclose(verdicts, expected, rtol=1e-12)


def test_is_like_equals_naive_twin(rng: np.random.Generator) -> None:
    """A cosine of 0.7 is like enough."""
    pairs = rng.exponential(size=(500, 2, 4)) ** 2
    found = [is_like(a, b) for a, b in pairs]

    assert found == [naive_feedback.is_like(a, b) for a, b in pairs]
    assert 0 < sum(found) < 500


@pytest.mark.parametrize("time", [-700_000.0, -1.0, 0.0, 59.0, 60.0, 86_400.0, 1e9])
def test_is_within_equals_naive_twin(time: float) -> None:
    """A window comes again before and after the one that was told."""
    for start, length, period in [(0.0, 60.0, 86_400.0), (1e9, 3600.0, 604_800.0), (0.0, 0.0, 1.0)]:
        assert is_within(time, start, length, period) == naive_feedback.is_within(
            time, start, length, period
        )


def test_a_frame_without_evidence_is_like_no_pattern() -> None:
    """There is no direction in zeros."""
    assert not is_like(np.zeros(3), np.ones(3))
