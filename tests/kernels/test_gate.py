"""Small steps of plasticity."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

import naive
import naive_quarantine
from hebbstream.kernels import layout as at
from hebbstream.kernels.gate import (
    copy_spread,
    count_seen,
    cut_counts,
    doubt_spread,
    fill_spread,
    follow_deviation,
    restart_drifted,
    swap_spread,
)

N, M = 11, 17


def test_follow_deviation_equals_naive_twin(rng: np.random.Generator) -> None:
    """Smoothed deviations agree with the formula."""
    z, deviation = (30 * rng.normal(size=N)).astype(np.float32), rng.normal(size=N)
    present = (rng.random(N) > 0.3).astype(np.float32)
    expected = naive.follow_deviation(z.astype(float), present.astype(float), deviation, 0.1)

    follow_deviation(z, present, deviation, 0.1)

    assert_allclose(deviation, expected, rtol=1e-6)


def test_restart_drifted_equals_naive_twin(rng: np.random.Generator) -> None:
    """Series that stand elsewhere restart there, as the formula says; the others stay."""
    moments, drift = rng.random((at.MOMENT_ROWS, N)) * 200, 6 * rng.normal(size=N)
    scale, moved = rng.random(N), np.zeros(N)
    after, left, restarted = naive_quarantine.restart_drifted(moments, drift, scale, 3.0, 60.0)

    count = restart_drifted(moments, drift, scale, 3.0, 60.0, moved)

    assert_allclose(moments, after)
    assert_allclose(drift, left)
    assert_allclose(moved, restarted)
    assert count == restarted.sum()


def test_cut_counts_equals_naive_twin(rng: np.random.Generator) -> None:
    """Ages of components in use, and counts of residuals and energy, are cut."""
    components, residual = 500 * rng.random((at.COMPONENT_ROWS, 5)), 500 * rng.random((2, N))
    totals = np.array([3.0, 1.0, 500.0])
    expected = naive_quarantine.cut_counts(components, residual, totals, 60.0)

    cut_counts(components, residual, totals, 60.0)

    for array, after in zip((components, residual, totals), expected, strict=True):
        assert_allclose(array, after)


def test_copy_spread_equals_naive_twin(rng: np.random.Generator) -> None:
    """A spread and its count go where they are told, all else stays."""
    values = rng.random((at.EDGE_ROWS, M)).astype(np.float32)
    expected = naive_quarantine.copy_spread(values, at.SPREAD, at.PARKED_SPREAD)

    copy_spread(values, at.SPREAD, at.PARKED_SPREAD)

    assert_allclose(values, expected)


def test_fill_spread_equals_naive_twin(rng: np.random.Generator) -> None:
    """Edges without a count get spread and count of the other rows, the others keep theirs."""
    values = rng.random((at.EDGE_ROWS, M)).astype(np.float32)
    values[at.PARKED_SPREAD + 1, rng.random(M) > 0.5] = 0.0
    expected = naive_quarantine.fill_spread(values, at.SPREAD, at.PARKED_SPREAD)

    fill_spread(values, at.SPREAD, at.PARKED_SPREAD)

    assert_allclose(values, expected)


def test_swap_spread_equals_naive_twin(rng: np.random.Generator) -> None:
    """Two spreads and their counts change places, all else stays."""
    values = rng.random((at.EDGE_ROWS, M)).astype(np.float32)
    expected = naive_quarantine.swap_spread(values, at.SPREAD, at.SHADOW_SPREAD)

    swap_spread(values, at.SPREAD, at.SHADOW_SPREAD)

    assert_allclose(values, expected)


def test_doubt_spread_equals_naive_twin(rng: np.random.Generator) -> None:
    """The shadow's spread becomes young at the edges of series that moved, and there only."""
    values = (100 * rng.random((at.EDGE_ROWS, M))).astype(np.float32)
    values[at.SHADOW_SPREAD] *= 0.02
    ends = np.sort(rng.integers(0, N, (2, M)), axis=0).astype(np.uint32)
    moved = (rng.random(N) > 0.7).astype(float)
    expected = naive_quarantine.doubt_spread(values, ends, moved, 20.0)

    doubt_spread(values, ends, moved, 20.0)

    assert_allclose(values, expected)


def test_count_seen_equals_naive_twin(rng: np.random.Generator) -> None:
    """Every sample counts once, a gap does not."""
    frame, seen = rng.normal(size=N), rng.integers(0, 9, N).astype(float)
    frame[rng.random(N) > 0.6] = np.nan
    expected = naive_quarantine.count_seen(frame, seen)

    count_seen(frame, seen)

    assert_allclose(seen, expected)
