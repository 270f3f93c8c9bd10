"""Habits, episodes, and what was told."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import naive_single
from hebbstream.arrays import F64
from hebbstream.kernels import layout as at
from hebbstream.kernels.episodes import (
    count_episodes,
    pass_tick,
    recall_time,
    recall_week,
    slot_of,
    tell,
)
from hebbstream.single import Single

ONCE, LINE, SLOTS, SLOT_TICKS = 2.5, 3.4, 12, 4
WEEK_SLOTS = 7 * 24
LEARNS, HELD = True, False


def fresh() -> Single:
    """Make an empty state with twelve slots a day."""
    return Single.empty(1, 5, 3600.0, enabled=True)


def through(state: Single, exponents: F64) -> F64:
    """Recall over many ticks."""
    return np.array(
        [
            recall_time(state.recall, state.sole, t * 7200.0 / SLOT_TICKS, e, ONCE)
            for t, e in enumerate(exponents)
        ]
    )


def test_recall_equals_naive_twin(rng: np.random.Generator) -> None:
    """What a slot expects is the faded mean of the earlier days' peaks around it."""
    days = 9
    exponents = rng.exponential(1.5, days * SLOTS * SLOT_TICKS)
    peaks = exponents.reshape(days, SLOTS, SLOT_TICKS).max(axis=2)

    recalled = through(fresh(), exponents).reshape(days, SLOTS, SLOT_TICKS)

    # In the middle of the day its own last slots are not yet past, and yesterday's all are.
    for day in range(1, days):
        slot = 1
        earlier = [*peaks[:day]]
        assert recalled[day, slot, 0] == pytest.approx(
            naive_single.recall_time(earlier, slot, ONCE), rel=1e-9
        )


def test_an_episode_does_not_excuse_itself() -> None:
    """Three hours of alarm are not expected because their first hour was."""
    exponents = np.zeros(SLOTS * SLOT_TICKS)
    exponents[2 * SLOT_TICKS : 5 * SLOT_TICKS] = 8.0

    recalled = through(fresh(), exponents)

    assert recalled[: 5 * SLOT_TICKS].max() == 0.0


def test_what_comes_daily_is_expected_and_other_times_are_not() -> None:
    """A job at the same time each day is no news after some days; the same at another time is."""
    day = np.zeros(SLOTS * SLOT_TICKS)
    day[5 * SLOT_TICKS + 1] = 6.0

    recalled = through(fresh(), np.tile(day, 8)).reshape(8, SLOTS, SLOT_TICKS)

    assert recalled[7, 5, 1] > 5.0
    assert recalled[7, 9].max() == 0.0


def test_a_grid_too_coarse_has_no_habits() -> None:
    """At six hours a day has no slots, and nothing is expected."""
    state = Single.empty(1, 5, 21_600.0, enabled=True)

    assert recall_time(state.recall, state.sole, 0.0, 9.0, ONCE) == 0.0


@pytest.mark.parametrize(("period", "slots"), [(86_400, 48), (86_400, 12), (604_800, 336)])
def test_slots_equal_naive_twin(period: int, slots: int) -> None:
    """A time on the border of two slots is in the later one; periods repeat."""
    length = period // slots
    for time in (
        0,
        1,
        length - 1,
        length,
        7 * length,
        period - 1,
        period,
        20_000 * period + length,
    ):
        assert slot_of(float(time), float(period), slots) == naive_single.slot_of(
            time, period, slots
        )


def through_weeks(state: Single, exponents: F64) -> F64:
    """Recall over many hours, each a slot of the week."""
    return np.array(
        [recall_week(state.weeks, state.sole, t * 3600.0, e, ONCE) for t, e in enumerate(exponents)]
    )


def test_recall_of_the_week_equals_naive_twin(rng: np.random.Generator) -> None:
    """What a slot expects is the median of the last three weeks' peaks around it."""
    count = 6
    weeks = rng.exponential(2.0, (count, WEEK_SLOTS))

    recalled = through_weeks(fresh(), weeks.ravel()).reshape(count, WEEK_SLOTS)

    for week in range(1, count):
        for slot in (1, 77, WEEK_SLOTS - 2):
            assert recalled[week, slot] == pytest.approx(
                naive_single.recall_week([*weeks[:week]], slot, ONCE), rel=1e-6
            )


def test_what_comes_on_one_day_of_the_week_is_expected_then_alone() -> None:
    """A job of one hour a week is news twice, then not; at that hour of other days it still is."""
    week = np.zeros(WEEK_SLOTS)
    week[30] = 6.0

    recalled = through_weeks(fresh(), np.tile(week, 4)).reshape(4, WEEK_SLOTS)

    assert recalled[:, 30].tolist() == [0.0, 0.0, 6.0, 6.0]
    assert recalled[3, 30 + 24 :: 24].max() == 0.0


def test_what_came_once_is_no_habit_and_a_habit_outlives_one_quiet_week() -> None:
    """The median of three weeks neither learns from one of them nor forgets for one."""
    weeks = np.zeros((7, WEEK_SLOTS))
    weeks[0, 30] = 6.0
    weeks[[2, 3, 5], 90] = 6.0

    recalled = through_weeks(fresh(), weeks.ravel()).reshape(7, WEEK_SLOTS)

    assert recalled[:, 30].max() == 0.0
    assert recalled[:, 90].tolist() == [0.0, 0.0, 0.0, 0.0, 6.0, 6.0, 6.0]


def test_a_grid_too_coarse_has_no_habits_of_the_week() -> None:
    """Where a day has no slots, a week has none."""
    state = Single.empty(1, 5, 21_600.0, enabled=True)

    assert recall_week(state.weeks, state.sole, 0.0, 9.0, ONCE) == 0.0


def test_counting_equals_naive_twin(rng: np.random.Generator) -> None:
    """At the start of each episode the scale is that of the episodes before."""
    state = fresh()
    excesses: list[float] = []
    for episodes in range(60):
        state.sole[at.EPISODE_DAYS] += rng.exponential(3.0)
        peak = ONCE + rng.exponential(0.6)
        expected = naive_single.count_episodes(
            peak, state.sole[at.EPISODE_DAYS], episodes, excesses, ONCE
        )

        actual = count_episodes(state.sole, peak, ONCE)

        assert actual == pytest.approx(expected, rel=1e-12)
        for _ in range(45):
            assert count_episodes(state.sole, 1.0, ONCE) == 1.0
        excesses.append(peak - ONCE)
    assert state.sole[at.EPISODES] == 60
    assert state.sole[at.EPISODES_OVER] == 60


def test_ticks_of_one_episode_count_once() -> None:
    """Exceedances less than forty ticks apart are one episode, with the largest as its peak."""
    state = fresh()

    for t in range(200):
        count_episodes(state.sole, 3.0 + 0.5 * (t == 80) if t < 120 and t % 30 == 20 else 0.0, ONCE)

    assert state.sole[at.EPISODES] == 1
    assert state.sole[at.EPISODE_EXCESS] == pytest.approx(1.0 * np.log(10.0))


def test_telling_equals_naive_twin(rng: np.random.Generator) -> None:
    """What is published, told and taken for a habit agrees with the rule, tick by tick."""
    state, told, habit = fresh(), 0.0, 0.0
    history: list[float] = []
    span, left = 30, 0
    for exponent in rng.exponential(0.9, 3000):
        pass_tick(state.sole, 288.0, 0.0, LEARNS)
        left = max(0, left - 1)
        if left == 0:
            told = 0.0
        near = [e for e in history if int(e / 0.1) >= int(max(exponent - 0.5, 0) / 0.1)]
        before = told
        expected, told, habit = naive_single.tell(
            exponent, (told, habit), len(near), state.sole[at.TOLD_TICKS], (ONCE, LINE)
        )

        actual = tell(state.sole, exponent, ONCE, LINE, float(span))

        assert actual == pytest.approx(expected, rel=1e-9, abs=1e-12)
        if exponent >= ONCE:
            left = span
            if told != before:
                history.append(exponent)
    assert len(history) > 3


def test_an_episode_is_told_once_and_again_when_ten_times_rarer() -> None:
    """A slow rise raises the published exponent at the line, and then in steps of a decade."""
    state = fresh()
    pass_tick(state.sole, 288.0, 1e-4, LEARNS)

    told = np.array([tell(state.sole, e, ONCE, LINE, 200.0) for e in np.linspace(2.6, 6.0, 100)])

    assert len(np.unique(told.round(6))) == 4


def test_what_was_told_often_is_told_lower() -> None:
    """The tenth episode of a size is published lower than the first."""
    state, published = fresh(), []
    for _ in range(10):
        for _ in range(500):
            pass_tick(state.sole, 288.0, 1e-4, LEARNS)
        published.append(tell(state.sole, 5.0, ONCE, LINE, 200.0))

    assert published[-1] < published[0] - 0.2
    assert (np.diff(published) < 0).all()


def test_passing_equals_naive_twin(rng: np.random.Generator) -> None:
    """Counts fade; while held only the time since the last telling moves."""
    state = fresh()
    state.sole[at.EPISODE_DAYS : at.TOLD_INCREMENT] = rng.random(
        at.TOLD_INCREMENT - at.EPISODE_DAYS
    )
    state.sole[at.TOLD_LEFT] = 7.0
    expected = naive_single.pass_tick(state.sole, 288.0, 1e-3)
    held = state.sole.copy()

    pass_tick(held, 288.0, 1e-3, HELD)
    pass_tick(state.sole, 288.0, 1e-3, LEARNS)

    assert_allclose(state.sole, expected, rtol=1e-12)
    assert held[at.TOLD_LEFT] == 6.0
    assert held[at.EPISODE_DAYS] < state.sole[at.EPISODE_DAYS]


def test_rescaling_keeps_what_was_told() -> None:
    """When increments are brought back to 1 the shares stay."""
    state = fresh()
    state.sole[at.FIRST_TOLD + 30] = 3e11
    state.sole[at.TOLD_INCREMENT] = 0.9999e12

    for _ in range(3):
        pass_tick(state.sole, 288.0, 1e-4, LEARNS)

    assert state.sole[at.TOLD_INCREMENT] < 1.01
    assert state.sole[at.FIRST_TOLD + 30] == pytest.approx(0.3, rel=1e-3)
