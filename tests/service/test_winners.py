"""Of the samples of one step and series one wins, whatever the order they came in."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.records import DropReason
from daemon.winners import Winners


def winners_of(*samples: tuple[int, int, float]) -> Winners:
    """Choose among samples of (series, time, value); steps of 10, odd series are in group 1."""
    series, time, value = zip(*samples, strict=True)
    return Winners.choose(
        np.array(series, dtype=np.int32),
        np.array(time, dtype=np.int64),
        np.array(value, dtype=np.float64),
        np.arange(9, dtype=np.int32) % 2,
        10,
    )


@pytest.mark.parametrize("seed", range(5))
def test_winners_do_not_depend_on_order(seed: int) -> None:
    """The latest sample of a step wins, ties go to the larger, and losers are counted alike."""
    samples = [(0, 11, 1.0), (0, 19, 2.0), (0, 19, 3.0), (0, 19, 3.0), (1, 5, 9.0), (0, 21, 0.0)]
    order = np.random.default_rng(seed).permutation(len(samples))

    winners = winners_of(*(samples[i] for i in order))

    assert winners.tick.tolist() == [1, 2, 0]
    assert winners.series.tolist() == [0, 0, 1]
    assert winners.value.tolist() == [3.0, 0.0, 9.0]
    assert winners.dropped == {DropReason.DUPLICATE: 1, DropReason.SUPERSEDED: 2}


def test_no_samples() -> None:
    """Nothing wins among nothing."""
    none = np.zeros(0, dtype=np.int64)

    winners = Winners.choose(none.astype(np.int32), none, np.zeros(0), none.astype(np.int32), 10)

    assert len(winners.tick) == len(winners.levels) == 0
    assert not winners.dropped


SAMPLES = st.tuples(
    st.integers(0, 4), st.sampled_from([0, 1, 9, 10, 19, 25, 10**12]), st.sampled_from([0.0, 1.0])
)


def with_losers() -> list[Counter[DropReason]]:
    """Count the losers of one step in every order they can come in."""
    rows = [(0, 11, 1.0), (0, 11, 1.0), (0, 12, 0.0), (0, 13, 5.0)]
    return [winners_of(*order).dropped for order in permutations(rows)]


def test_losers_are_counted_alike_in_any_order() -> None:
    """Whether a table tells who is whose duplicate or a sort has to."""
    assert set(map(str, with_losers())) == {
        str(Counter({DropReason.SUPERSEDED: 2, DropReason.DUPLICATE: 1}))
    }


@given(st.lists(SAMPLES, min_size=1, max_size=40))
def test_each_step_and_series_has_one(samples: list[tuple[int, int, float]]) -> None:
    """Sorted by group, tick and series; losers are counted; near or far apart does not matter."""
    winners = winners_of(*samples)

    best: dict[tuple[int, int, int], tuple[int, float]] = {}
    for series, time, value in samples:
        step = (series % 2, time // 10, series)
        best[step] = max(best.get(step, (-1, 0.0)), (time, value))
    group = winners.order // winners.span
    steps = zip(group.tolist(), winners.tick.tolist(), winners.series.tolist(), strict=True)
    kept = zip(winners.time.tolist(), winners.value.tolist(), strict=True)
    assert list(zip(steps, kept, strict=True)) == sorted(best.items())
    assert len(best) + winners.dropped.total() == len(samples)
    assert winners.levels[winners.order % winners.span].tolist() == winners.tick.tolist()
    assert winners.present.tolist() == sorted(set(group.tolist()))
