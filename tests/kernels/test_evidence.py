"""Fused statistic and evidence per series."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import naive_evidence as naive
from hebbstream import DetectorParams
from hebbstream.kernels import layout as at
from hebbstream.kernels.evidence import (
    calm_newcomers,
    excess,
    exponential,
    follow_usual,
    largest,
    learn_usual,
    mean_squares,
    rank_series,
    smooth_statistic,
    sudden_statistic,
    worst_series,
)
from hebbstream.settings import pack

N = 15
#: Smoothing over 5 and 30 ticks, the long form limited to twice the short one.
SETTINGS = pack(DetectorParams(), 60.0)


def test_calm_newcomers_equals_naive_twin(rng: np.random.Generator) -> None:
    """Those that have seen enough are left alone, the others are cut."""
    z, seen = (5 * rng.normal(size=N)).astype(np.float32), rng.integers(0, 60, N).astype(float)
    expected = naive.calm_newcomers(z.astype(float), seen, 30.0, 2.0)

    calm_newcomers(z, seen, 30.0, 2.0)

    assert_allclose(z, expected, rtol=1e-7)


def test_mean_squares_equals_naive_twin(rng: np.random.Generator) -> None:
    """The sum of both means agrees with the formula over the judged series."""
    z, u = (15 * rng.normal(size=N)).astype(np.float32), 15 * rng.normal(size=N)
    present, counts = (rng.random(N) > 0.3).astype(np.float32), rng.integers(0, 60, N).astype(float)
    judged = present.astype(float) * (counts >= 30)

    actual = mean_squares(z, u, present, counts, 20.0, 30.0)

    assert_allclose(actual, naive.mean_squares(z.astype(float), u, judged, 20.0), rtol=1e-6)


def test_nothing_judged_is_said() -> None:
    """Without a judged series there is no statistic."""
    nothing = np.zeros(3, np.float32)

    assert mean_squares(nothing, np.zeros(3), nothing, np.full(3, 99.0), 20.0, 30.0) == -1.0


def test_smooth_statistic_equals_naive_twin(rng: np.random.Generator) -> None:
    """Both horizons agree with the formula."""
    smooth = 9 * rng.random(at.SMOOTH_ROWS)
    both, expected = naive.smooth_statistic(smooth, 7.0, 0.2, 1 / 30, 2.0)

    total = smooth_statistic(smooth, 7.0, 0.2, 1 / 30, 2.0)

    assert_allclose(smooth[:2], both)
    assert_allclose(total, expected)


def test_a_fault_that_is_over_does_not_linger() -> None:
    """Twenty ticks after a burst of 500 the statistic is within three times its short form."""
    smooth = np.zeros(at.SMOOTH_ROWS)

    totals = [smooth_statistic(smooth, s, 0.2, 1 / 30, 2.0) for s in [500.0] * 30 + [1.0] * 20]

    assert totals[29] > 700
    assert totals[-1] <= 3 * smooth[at.SHORT] < 30


def test_no_statistic_leaves_the_smoothed_ones(rng: np.random.Generator) -> None:
    """A tick without a judged series changes nothing."""
    smooth = rng.random(at.SMOOTH_ROWS)
    before = smooth.copy()

    smooth_statistic(smooth, -1.0, 0.2, 1 / 30, 2.0)

    assert_array_equal(smooth, before)


@pytest.mark.parametrize("ratio", [0.2, 0.5, 2.0])
@pytest.mark.parametrize("long", [0.3, 2.0, 40.0])
def test_sudden_statistic_equals_naive_twin(long: float, ratio: float) -> None:
    """What lasts counts at most half of what is now, and less where the knob asks for less."""
    smooth = np.array([4.0, long, 9.0, 9.0, 9.0])

    assert sudden_statistic(smooth, ratio) == pytest.approx(naive.sudden_statistic(smooth, ratio))


@pytest.mark.parametrize("n", [0, 1, 3, 4, 9])
def test_largest_equals_naive_twin(rng: np.random.Generator, n: int) -> None:
    """The largest of any number of values, and -1 of none."""
    values = 5 * rng.normal(size=n)

    assert largest(values) == naive.largest(values)


def test_worst_series_equals_naive_twin(rng: np.random.Generator) -> None:
    """Smoothed statistics and the largest multiple of the usual agree with the formula."""
    z, u = (9 * rng.normal(size=N)).astype(np.float32), 9 * rng.normal(size=N)
    present, seen = (rng.random(N) > 0.3).astype(np.float32), rng.integers(0, 60, N).astype(float)
    habits = 1 + 9 * rng.random((at.HABIT_ROWS, N))
    judged = present.astype(float) * (seen >= 30)
    expected = naive.worst_series(z.astype(float), u, judged, habits, 20.0, 0.2, 1 / 30)

    worst = worst_series(z, u, present, seen, habits, 20.0, 30.0, SETTINGS, np.zeros(N))

    assert_allclose(habits, expected[0], rtol=1e-6)
    assert_allclose(worst, expected[1], rtol=1e-6)


def test_a_series_alone_is_no_worst_one() -> None:
    """A group of one speaks by its group's statistic only."""
    one = np.ones(1, np.float32)

    worst = worst_series(
        9 * one,
        np.zeros(1),
        one,
        np.full(1, 99.0),
        np.ones((at.HABIT_ROWS, 1)),
        20.0,
        30.0,
        SETTINGS,
        np.zeros(N),
    )

    assert worst == -1.0


@pytest.mark.parametrize(("usual", "height"), [(4.0, 9.0), (4.0, 1.0), (0.5, 0.2)])
def test_follow_usual_equals_naive_twin(usual: float, height: float) -> None:
    """Much up where the height is above, a little down where it is not, never below a half."""
    assert follow_usual(usual, height, 0.02) == pytest.approx(
        naive.follow_usual(usual, height, 0.02)
    )


def test_learn_usual_equals_naive_twin(rng: np.random.Generator) -> None:
    """The usual height agrees with the formula; those missing or young keep theirs."""
    present, seen = (rng.random(N) > 0.3).astype(np.float32), rng.integers(0, 60, N).astype(float)
    habits = 1 + 9 * rng.random((at.HABIT_ROWS, N))
    before = habits.copy()

    learn_usual(present, seen, habits, 30.0, 1e-3, 0.2)

    for j in range(N):
        usual = naive.learn_usual(naive.lasting(before[:, j]), before[2, j], seen[j], 1e-3, 0.2)
        learns = present[j] > 0 and seen[j] >= 30
        assert_allclose(habits[2, j], usual if learns else before[2, j])


def test_the_usual_is_what_a_series_seldom_exceeds() -> None:
    """After 40,000 ticks of noise about one tick in a thousand is above the usual."""
    rng = np.random.default_rng(0)
    habits = np.zeros((at.HABIT_ROWS, 1))
    habits[at.USUAL] = 4.0
    one, above = np.ones(1, np.float32), 0
    for tick, square in enumerate(rng.normal(size=40_000) ** 2):
        habits[:2, 0] = square, square
        above += tick >= 20_000 and square > habits[at.USUAL, 0]
        learn_usual(one, np.full(1, float(tick)), habits, 0.0, 2e-4, 1.0)

    assert 8 <= above <= 40


@pytest.mark.parametrize("x", [-0.02, -1e-9, 0.0, 0.015, 0.3, 1.0, 2.0])
def test_exponential_equals_naive_twin(x: float) -> None:
    """Steps of the usual are small, and the series is exact there; 0 leaves all as it is."""
    assert exponential(x) == pytest.approx(naive.exponential(x), rel=1e-11 if abs(x) <= 1 else 1e-8)
    assert exponential(0.0) == 1.0


def test_excess_equals_naive_twin(rng: np.random.Generator) -> None:
    """Within a sigma nothing counts, beyond the cap nothing more; the root has single precision."""
    sigmas = 30 * rng.random(N)

    actual = [excess(float(s), 20.0) for s in sigmas]

    assert_allclose(actual, naive.excess(sigmas, 20.0), rtol=1e-6)
    assert excess(0.9, 20.0) == 0.0


def test_rank_series_equals_naive_twin(rng: np.random.Generator) -> None:
    """Evidence agrees with the formula, zero where nothing is judged."""
    z, u = (60 * rng.normal(size=N)).astype(np.float32), 60 * rng.normal(size=N)
    broken, lasting, evidence = 400 * rng.random(N), 400 * rng.random(N), np.zeros(N)
    present, counts = (rng.random(N) > 0.3).astype(np.float32), rng.integers(0, 60, N).astype(float)

    rank_series(z, u, broken, lasting, present, counts, 30.0, 20.0, 3.0, evidence)

    judged = present.astype(float) * (counts >= 30)
    expected = naive.rank_series(z.astype(float), u, broken, lasting, judged, 20.0, 3.0)
    assert_allclose(evidence, expected, rtol=1e-5)
