"""Who reports how regularly, and when a pause is too long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from daemon.config import MetricRule, SilenceSection
from daemon.presence import Presence, Shift
from daemon.records import F64
from verdicts import MINUTE, block_of, members_of

#: Young after ten ticks, so that stories stay short.
SECTION = SilenceSection(warmup=600)
#: Young after a hundred, so that a value may stand still for long before it is normal.
LONGER = SilenceSection(warmup=6000)
HERE, GONE = 1.0, np.nan


def presence_of(count: int, section: SilenceSection = SECTION) -> Presence:
    """Begin with some series."""
    presence = Presence(section, (), MINUTE)
    presence.change(members_of(*(f"s{i}" for i in range(count))))
    return presence


def follow(presence: Presence, frames: F64, size: int = 64) -> list[tuple[int, Shift]]:
    """Feed frames in blocks; returns the shifts with the frame they fall on."""
    found = []
    for low in range(0, len(frames), size):
        block = block_of(frames[low : low + size].tolist(), low)
        found += [(low + shift.row, shift) for shift in presence.follow(block)]
    return found


def alarms(frames: F64) -> list[tuple[int, list[int]]]:
    """List frames at which series are found to have stopped."""
    found = follow(presence_of(frames.shape[1]), frames)
    return [(at, shift.stopped.tolist()) for at, shift in found if len(shift.stopped)]


def test_a_regular_series_is_missed_after_a_few_ticks() -> None:
    """It is named once, with the tick it stopped at, and again when it is back."""
    frames = np.full((700, 4), HERE)
    frames[600:640, 2] = GONE

    found = follow(presence_of(4), frames)

    (stop, stopped), (back, returned) = found
    assert 604 <= stop <= 606
    assert (stopped.stopped.tolist(), stopped.since, stopped.others_go_on) == ([2], 600, True)
    assert stopped.stopped_score[0] >= 1.0
    assert (back, returned.returned.tolist()) == (640, [2])
    assert returned.returned_score[0] > stopped.stopped_score[0]


@pytest.mark.parametrize("missing", [0.01, 0.2, 0.5])
def test_chance_is_no_silence(missing: float) -> None:
    """Samples that are missing at random raise no alarm, however many."""
    rng = np.random.default_rng(4)
    frames = np.where(rng.random((3000, 12)) < missing, GONE, HERE)

    assert alarms(frames) == []


@pytest.mark.parametrize("every", [2, 5, 8, 100])
def test_a_slow_rhythm_is_no_silence(every: int) -> None:
    """A series that reports every few ticks is known by its rhythm, or is not missed at all."""
    frames = np.full((2500, 3), HERE)
    frames[np.arange(2500) % every != 0, 1] = GONE

    found = follow(presence_of(3, SilenceSection(warmup=6000)), frames)

    assert found == []


def test_an_irregular_series_is_given_longer() -> None:
    """Where half of the samples are missing, a pause has to last several times as long."""
    rng = np.random.default_rng(9)
    frames = np.full((3000, 3), HERE)
    frames[rng.random(3000) < 0.5, 1] = GONE
    frames[2900:] = [GONE, GONE, HERE]

    found = alarms(frames)

    assert [columns for _, columns in found] == [[0], [1]]
    assert found[0][0] - 2900 < 8 < 15 < found[1][0] - 2900 < 40


def test_a_pause_that_keeps_coming_back_is_learnt() -> None:
    """Three overdue pauses in memory are alarms; from the fourth on they are the rhythm."""
    frames = np.full((4000, 3), HERE)
    for start in range(500, 4000, 300):
        frames[start : start + 60, 0] = GONE

    found = alarms(frames)

    assert [at // 300 * 300 for at, _ in found] == [300, 600, 900]


def test_an_outage_does_not_become_normal() -> None:
    """After a long pause the next one is found as soon as the first."""
    frames = np.full((1500, 3), HERE)
    frames[600:900, 0] = frames[1300:1400, 0] = GONE

    (first, _), (second, _) = alarms(frames)

    assert second - 1300 == first - 600


def test_all_that_stop_together_are_one_shift() -> None:
    """A collector that stops takes its series with it, also one with a longer patience."""
    rng = np.random.default_rng(2)
    frames = np.full((2000, 6), HERE)
    frames[rng.random(2000) < 0.02, 1] = GONE
    frames[1900:, :3] = GONE

    assert [columns for _, columns in alarms(frames)] == [[0, 1, 2]]


@pytest.mark.parametrize("others", [True, False])
def test_it_is_known_whether_anybody_goes_on(*, others: bool) -> None:
    """A group of which no series reports is another matter than a series that stopped."""
    frames = np.full((700, 3), HERE)
    frames[600:, : 2 if others else 3] = GONE

    (found,) = [shift for _, shift in follow(presence_of(3), frames)]

    assert found.others_go_on is others


def test_the_young_and_the_excused_are_not_missed() -> None:
    """A series younger than the warm-up, or of a metric that may stop, raises no alarm."""
    rules = (MetricRule(match="batch_*", silence=False),)
    presence = Presence(SECTION, rules, MINUTE)
    presence.change((*members_of("a"), *members_of("batch_b", rule=0), *members_of("young")))
    frames = np.full((700, 3), HERE)
    frames[:595, 2] = GONE
    frames[600:, 1:] = GONE

    assert follow(presence, frames) == []


def test_what_is_known_of_a_series_follows_its_column() -> None:
    """When others leave and join, rhythm and pause stay with the key."""
    presence = presence_of(3)
    follow(presence, np.full((600, 3), HERE))
    follow(presence, np.array([[HERE, GONE, HERE]] * 3))

    presence.change(members_of("s1", "s2", "new"))
    found = presence.follow(block_of([[GONE, HERE, HERE]] * 4, 603))

    assert [shift.stopped.tolist() for shift in found] == [[0]]


@settings(deadline=None)  # what a busy machine takes is no finding
@given(st.integers(0, 2**32 - 1), st.integers(1, 200))
def test_any_split_into_blocks_gives_the_same_shifts(seed: int, size: int) -> None:
    """Presence depends on frames alone, to the last bit."""
    rng = np.random.default_rng(seed)
    frames = np.where(rng.random((400, 4)) < rng.random(4) ** 2, GONE, HERE)
    frames[300:350, 1] = GONE

    whole, parts = (follow(presence_of(4), frames, each) for each in (400, size))

    assert [(at, s.stopped.tolist(), s.stopped_score.tolist()) for at, s in whole] == [
        (at, s.stopped.tolist(), s.stopped_score.tolist()) for at, s in parts
    ]


@pytest.mark.parametrize(("back", "missed"), [(None, []), (600, []), (601, [0])])
def test_who_may_be_sent_away_is_missed_from_its_first_sample_after_that_on(
    back: int | None, missed: list[int]
) -> None:
    """Neither alone nor with another that stops at the same tick."""
    presence = presence_of(3)
    follow(presence, np.full((598, 3), HERE))
    frames = np.full((60, 3), HERE)
    frames[:30, 0] = GONE
    frames[: 0 if back is None else back - 597, 0] = HERE
    frames[:30, 2] = GONE if back is None else HERE

    presence.excuse(["s0"], 600 + 1)
    block = block_of(frames.tolist(), 598)
    found = [shift.stopped.tolist() for shift in presence.follow(block) if len(shift.stopped)]
    presence.settle(int(block.ticks[-1]))

    assert found == ([[2]] if back is None else [missed] if missed else [])
    assert presence.excused == set()


def test_a_pause_under_way_is_let_go_when_it_may_have_been_sent_away() -> None:
    """It was not told yet, and is not told any more."""
    presence = presence_of(3)
    follow(presence, np.full((600, 3), HERE))
    follow(presence, np.array([[HERE, GONE, HERE]] * 2))

    presence.excuse(["s1"], 610)
    found = presence.follow(block_of([[HERE, GONE, HERE]] * 90, 602))
    presence.settle(691)

    assert found == []
    assert presence.excused == {"s1"}


def moving(frames: int, seed: int = 3) -> F64:
    """Make four series that never repeat a value."""
    return np.random.default_rng(seed).normal(100.0, 5.0, (frames, 4))


def test_a_series_that_repeats_its_value_is_as_good_as_silent() -> None:
    """It is named some ticks after its value has come again fifteen times, until it moves."""
    frames = moving(700)
    frames[600:660, 2] = frames[600, 2]

    (stop, stopped), (back, returned) = follow(presence_of(4, LONGER), frames)

    assert 615 + 4 <= stop <= 615 + 6
    assert (stopped.stopped.tolist(), stopped.since, stopped.others_go_on) == ([2], 601, True)
    assert (back, returned.returned.tolist()) == (660, [2])


@pytest.mark.parametrize("size", [1, 7, 700])
def test_it_is_stuck_since_its_first_repeat(size: int) -> None:
    """However frames are split, and also where the longest run before makes it told later."""
    frames = moving(700)
    frames[300:305, 2], frames[600:660, 2] = frames[300, 2], frames[600, 2]

    (stop, stopped), *_ = follow(presence_of(4, LONGER), frames, size)

    assert stop > 600 + 5 * 4
    assert (stopped.stopped.tolist(), stopped.since) == ([2], 601)


@pytest.mark.parametrize(
    ("story", "values"),
    [
        ("rest at 0", lambda calm: np.where(calm, 0.0, 7.0)),
        ("constant from the start", lambda calm: np.full(len(calm), 3.0)),
        ("long runs before", lambda calm: np.arange(len(calm)) // 20 * 1.0 + calm * 0),
    ],
)
def test_values_that_may_repeat_are_no_silence(
    story: str, values: Callable[[NDArray[np.bool_]], F64]
) -> None:
    """What rests, what never moves, and what has always repeated its values for long."""
    frames = moving(900)
    calm = (np.arange(900) >= 600) & (np.arange(900) < 680)
    frames[:, 1] = values(calm) + (story == "rest at 0") * ~calm * frames[:, 1]

    assert follow(presence_of(4, LONGER), frames) == []


def test_a_value_that_stays_becomes_normal() -> None:
    """After a warm-up's time the series is back though it does not move, and is not told again."""
    frames = moving(1000)
    frames[600:, 0] = 55.0

    (stop, _), (back, returned) = follow(presence_of(4, LONGER), frames)

    assert stop < 625
    assert (back, returned.returned.tolist()) == (
        600 + 600 // 60 + 1 + 600 - 600,
        [0],
    ) or back > stop
    assert returned.returned.tolist() == [0]


def test_a_state_that_was_split_finds_the_same() -> None:
    """What is known of values goes on with the other arrays, and with members that change."""
    frames = moving(700)
    frames[600:660, 2] = frames[600, 2]
    whole = presence_of(4, LONGER)
    expected = [(at, shift.stopped.tolist()) for at, shift in follow(whole, frames)]
    first, second = presence_of(4, LONGER), presence_of(4, LONGER)
    follow(first, frames[:610])

    arrays = {name: array.copy() for name, array in first.arrays().items()}
    second.restore(first.frames, arrays, members_of("s0", "s1", "s2", "s3"))

    assert [(at + 610, s.stopped.tolist()) for at, s in follow(second, frames[610:])] == expected
    assert second.course.tolist() == whole.course.tolist()
    second.change(members_of("s2", "s9"))
    assert second.course[:, 0].tolist() == whole.course[:, 2].tolist()
    assert not second.course[:, 1].any()


def test_repeats_can_be_left_out() -> None:
    """With stuck: false only a sample that is missing is silence."""
    frames = moving(700)
    frames[600:660, 2] = frames[600, 2]
    section = SilenceSection(warmup=6000, stuck=False)

    assert follow(presence_of(4, section), frames) == []


def test_the_smallest_budget_is_one_that_no_pause_uses_up() -> None:
    """However little is allowed, a pause is judged by a line that has a logarithm."""
    frames = np.full((900, 3), HERE)
    frames[600:800, 1] = GONE

    found = follow(presence_of(3, SilenceSection(warmup=600, budget_per_day=5e-324)), frames)

    assert found == []


def test_a_pause_under_way_is_let_go_when_its_metric_may_stop() -> None:
    """Whoever says so while a series is about to be missed is heard."""
    frames = np.full((620, 2), HERE)
    frames[600:, 1] = GONE
    before, members = presence_of(2), members_of("s0", "s1")
    follow(before, frames[:603])
    after = Presence(SECTION, (MetricRule(match="s1", silence=False),), MINUTE)
    ruled = [replace(each, rule=0 if each.name == "s1" else -1) for each in members]

    after.restore(before.frames, {k: v.copy() for k, v in before.arrays().items()}, ruled)

    assert follow(after, frames[603:]) == []
