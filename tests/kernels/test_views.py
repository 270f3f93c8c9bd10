"""Views of a lone series."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import naive
import naive_single
from hebbstream.arrays import F32, F64
from hebbstream.kernels import layout as at
from hebbstream.kernels.clock import clock_basis
from hebbstream.kernels.tail import learn_tail
from hebbstream.kernels.views import judge_views, learn_lanes, look
from hebbstream.single import Single

RATES = np.array([0.1, 0.02, 0.005, 0.05])
FLOOR, DAY = 0.01, 48.0
LEARNS, HELD, COURSE = True, False, True


def fresh(harmonics: int) -> tuple[Single, F32, F64, F64]:
    """Make an empty state, its scratch and the clock's basis."""
    rows = 2 * harmonics + 1 if harmonics else 0
    state = Single.empty(1, rows, 1800.0, enabled=True)
    single = np.zeros((at.LANE_SINGLE_ROWS, at.LANES), np.float32)
    return state, single, np.zeros((at.LANE_DOUBLE_ROWS, at.LANES)), np.zeros(rows)


@pytest.mark.parametrize("harmonics", [0, 2])
def test_looking_and_learning_equal_naive_twins(rng: np.random.Generator, harmonics: int) -> None:
    """Over six days with spikes lanes, views and all that is learnt agree with the formulas."""
    state, single, double, basis = fresh(harmonics)
    values = 50 + 9 * np.sin(np.arange(300) * 2 * np.pi / DAY) + rng.normal(size=300)
    values[rng.random(300) < 0.02] *= 30
    lanes, sole = state.lanes.copy(), state.sole.copy()

    for t, x in enumerate(values):
        clock_basis(t * 1800.0, basis)
        look(x, basis, state.lanes, state.sole, single, double, RATES, FLOOR)
        lane_values, sole = naive_single.look(x, basis, lanes, sole, RATES, FLOOR)
        assert_allclose(double[at.LANE], lane_values, rtol=1e-6, atol=1e-6)
        assert_allclose(state.sole, sole, rtol=1e-4, atol=1e-4)
        course = t >= DAY
        learn_lanes(basis, state.lanes, double, 1e-3, 0.02, 20.0, FLOOR, 1e-4, DAY, course)
        lanes = naive_single.learn_lanes(
            double[at.TAUGHT], lane_values, basis, lanes, (1e-3, 0.02, 1e-4), DAY, course=course
        )
        state.sole[at.SOLE_SEEN] += 1.0
        sole[at.SOLE_SEEN] += 1.0

    assert_allclose(state.lanes, lanes, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("seen", [99.0, 100.0, 148.0])
def test_judging_equals_naive_twin(rng: np.random.Generator, seen: float) -> None:
    """The exponent is the loudest view's; what is far out counts a tenth, once views are judged."""
    state = fresh(0)[0]
    levels = rng.normal(0, 0.5, (3000, at.VIEWS))
    for frame in levels:
        for v in range(at.VIEWS):
            learn_tail(state.view_histograms[v], state.view_tails[v], frame[v], 1.0, 1e-4)
    views = np.exp(rng.normal(0.5, 1.0, at.VIEWS))
    state.sole[at.FIRST_VIEW : at.FIRST_VIEW + at.VIEWS] = views
    state.sole[at.SOLE_SEEN] = seen
    totals, grown = state.view_tails[:, at.TOTAL].copy(), state.view_tails[:, at.INCREMENT].copy()
    expected, weights = naive_single.judge_views(
        state.view_histograms.astype(float),
        state.view_tails[:, at.PRIOR],
        views,
        seen - np.array([0, 48, 48, 0, 48]) >= 100,
    )

    exponent = judge_views(
        state.view_histograms, state.view_tails, state.sole, 1e-4, 100.0, DAY, LEARNS
    )

    assert exponent == pytest.approx(expected, rel=1e-6)
    assert_allclose((state.view_tails[:, at.TOTAL] - totals) / grown, weights, rtol=1e-6)


def test_nothing_is_counted_while_learning_is_held(rng: np.random.Generator) -> None:
    """A held series is judged, and its tails stay."""
    state = fresh(0)[0]
    state.sole[at.SOLE_SEEN] = 1000.0
    for level in rng.normal(size=500):
        for v in range(at.VIEWS):
            learn_tail(state.view_histograms[v], state.view_tails[v], level, 1.0, 1e-4)
    before = state.view_histograms.copy()
    state.sole[at.FIRST_VIEW] = 1e6

    exponent = judge_views(
        state.view_histograms, state.view_tails, state.sole, 1e-4, 100.0, DAY, HELD
    )

    assert exponent > 3
    assert_allclose(state.view_histograms, before, rtol=0)


def test_the_clip_of_the_twin_is_that_of_the_views() -> None:
    """One spike of 1e9 sigmas moves the hourly mean by ten sigmas' share."""
    state, single, double, basis = fresh(0)
    for x in np.random.default_rng(0).normal(size=200):
        look(float(x), basis, state.lanes, state.sole, single, double, RATES, FLOOR)
        learn_lanes(basis, state.lanes, double, 1e-3, 0.02, 20.0, FLOOR, 1e-4, DAY, COURSE)
        state.sole[at.SOLE_SEEN] += 1.0
    before = state.sole[at.MEAN_SHORT]

    look(1e9, basis, state.lanes, state.sole, single, double, RATES, FLOOR)

    moved = state.sole[at.MEAN_SHORT] - before
    assert moved == pytest.approx(RATES[0] * (naive.clip(1e9, 10) - before), rel=1e-6)
