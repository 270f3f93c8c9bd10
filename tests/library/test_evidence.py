"""State of the fused statistic and of each series' own."""

from __future__ import annotations

import numpy as np
import pytest

from hebbstream.evidence import Evidence
from hebbstream.kernels import layout as at


def test_it_begins_at_nothing() -> None:
    """A new group has no age and no statistic, each series a usual height to be compared with."""
    evidence = Evidence.empty(3)

    assert evidence.age == 0
    assert not evidence.smooth.any()
    assert evidence.habits[at.USUAL].tolist() == [4.0] * 3


def test_series_keep_their_habits_when_others_come_and_go() -> None:
    """A column joins as new, one leaves, and the others are moved, not changed."""
    evidence = Evidence.empty(2)
    evidence.habits[:] = np.arange(1, 2 * at.HABIT_ROWS + 1).reshape(-1, 2)

    evidence.grow(1)
    evidence.drop(0)

    assert evidence.habits[:, 0].tolist() == list(range(2, 2 * at.HABIT_ROWS + 1, 2))
    assert evidence.habits[:, 1].tolist() == [0, 0, 4, 0, 0, 0, 0.5]
    assert evidence.habits.flags.c_contiguous


def test_an_impossible_height_is_refused() -> None:
    """A usual height of 0 would divide by nothing."""
    evidence = Evidence.empty(2)
    evidence.habits[at.USUAL, 1] = 0.0

    with pytest.raises(ValueError, match="usual"):
        evidence.check()

    assert np.isfinite(evidence.habits).all()
