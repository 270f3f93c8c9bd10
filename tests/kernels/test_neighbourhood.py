"""Where series that are related stand together."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import naive_evidence as naive
from hebbstream import Detector
from hebbstream.arrays import F64
from hebbstream.evidence import Evidence
from hebbstream.kernels import layout as at
from hebbstream.kernels.neighbourhood import learn_stands, shift_together, stand

N = 12
ENDS = [(0, 1), (0, 2), (1, 2), (3, 4), (5, 8), (8, 9), (2, 9)]


def some_habits(rng: np.random.Generator) -> F64:
    """Stances of all sizes and signs, some of which turn."""
    habits = 1 + rng.random((at.HABIT_ROWS, N))
    habits[[at.STANDS, at.STANDS_NOW]] = 2 * rng.normal(size=(2, N))
    return habits


def test_stand_equals_naive_twin(rng: np.random.Generator) -> None:
    """Averages and what is left of them now agree with the formula; the others stand nowhere."""
    z, habits = (6 * rng.normal(size=N)).astype(np.float32), some_habits(rng)
    lean = rng.normal(size=N)
    present, seen = (rng.random(N) > 0.3).astype(np.float32), rng.integers(0, 60, N).astype(float)
    expected = naive.stand(z.astype(float), present.astype(float) * (seen >= 30), lean, habits)
    stance, together = np.ones(N), np.ones(N)

    stand(z, present, seen, lean, habits, 30.0, stance, together)

    assert_allclose(habits, expected[0])
    assert_allclose(stance, expected[1], atol=1e-15)
    assert_array_equal(together, stance)


def test_shift_together_equals_naive_twin(rng: np.random.Generator) -> None:
    """Squared means and the largest over its usual agree with the formula, opposed ends turned."""
    z, habits = (6 * rng.normal(size=N)).astype(np.float32), some_habits(rng)
    lean = rng.normal(size=N)
    present, seen = (rng.random(N) > 0.2).astype(np.float32), rng.integers(20, 90, N).astype(float)
    ends, activity = np.array(ENDS, np.uint32).T.copy(), np.zeros((at.ACTIVITY_ROWS, N))
    activity[at.DEGREE] = np.bincount(ends.ravel(), minlength=N)
    values = rng.normal(size=(at.EDGE_ROWS, len(ENDS))).astype(np.float32)
    judged = present.astype(float) * (seen >= 30)
    weights = values[at.WEIGHT].astype(float)
    expected = naive.shift_together(z.astype(float), judged, ENDS, weights, lean, habits)
    stance, together = np.zeros(N), np.zeros(N)

    shift = shift_together(
        z, present, seen, ends, values, activity, lean, habits, 30.0, stance, together, np.ones(N)
    )

    assert_allclose(habits, expected[0])
    assert_allclose(together, expected[1], atol=1e-12)
    assert_allclose(shift, expected[2])


def test_where_nothing_is_related_nothing_shifts_together() -> None:
    """A group without relations says nothing, and is not followed."""
    one, habits = np.ones(3, np.float32), Evidence.empty(3).habits
    ends, values = np.zeros((2, 0), np.uint32), np.zeros((at.EDGE_ROWS, 0), np.float32)
    activity, nothing = np.zeros((at.ACTIVITY_ROWS, 3)), np.zeros(3)

    shift = shift_together(
        one, one, 99.0 * np.ones(3), ends, values, activity, nothing, habits, 30.0, nothing,
        nothing, nothing,
    )  # fmt: skip

    assert shift == -1.0
    assert not habits[at.STANDS].any()


def test_learn_stands_equals_naive_twin(rng: np.random.Generator) -> None:
    """The usual agrees with the formula; where nothing was said it stays."""
    habits, seen = some_habits(rng), rng.integers(0, 5000, N).astype(float)
    together = np.where(rng.random(N) > 0.3, 3 * rng.random(N), -1.0)
    before = habits.copy()
    usual = naive.learn_stands(together, before[at.STANDS_USUAL], seen, 1e-3, 0.3)

    learn_stands(together, seen, habits, 1e-3, 0.3)

    assert_allclose(habits[at.STANDS_USUAL], usual)
    assert_array_equal(habits[: at.STANDS_USUAL], before[: at.STANDS_USUAL])


@pytest.mark.parametrize("opposed", [1.0, -1.0])
def test_a_small_shift_that_all_peers_have_is_seen(opposed: float) -> None:
    """Two sigmas in a third of a group, for an hour, alarm though no residual tells of it."""
    rng = np.random.default_rng(4)
    signs = np.where(np.arange(15) % 2, opposed, 1.0)
    common = np.repeat(rng.normal(size=(2500, 3)), 5, axis=1)
    frames = signs * (0.9 * common + 0.4 * rng.normal(size=(2500, 15)))
    frames[2300:2360, :5] += 2.0 * signs[:5]
    detector = Detector([f"s{j}" for j in range(15)])

    result = detector.run(frames)

    assert result.score[2300:2360].max() >= 1.0
    assert result.score[1000:2300].max() < 1.0
    assert result.evidence[2300:2360].mean(axis=0).argmax() < 5
    # What is over does not linger.
    assert result.score[2385:].max() < 0.75
