"""A group of one series: faults seen, budgets kept, members joining, snapshots."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import generators
from benchmarks.quality.alerts import incidents, score_at
from hebbstream import Detector, DetectorParams, SnapshotCorruptError, snapshot
from hebbstream.arrays import F64
from hebbstream.kernels import layout as at
from hebbstream.params import DAY
from hebbstream.single import Single, recall_slots, week_slots

FIVE_MINUTES = 300.0
DAY_TICKS = 288


def daily(seed: int, days: int) -> F64:
    """Make a daily course of ten sigmas."""
    noise = np.random.default_rng(seed).normal(size=days * DAY_TICKS)
    return 50 + 10 * np.sin(2 * np.pi * np.arange(len(noise)) / DAY_TICKS) + noise


def alone(values: F64, interval: float = FIVE_MINUTES) -> Detector:
    """Train a detector on one series."""
    detector = Detector(["a"], interval_seconds=interval)
    detector.run(values[:, None])
    return detector


@pytest.mark.parametrize(
    ("seconds", "slots", "week"),
    [
        (1.0, 48, 336),
        (300.0, 48, 336),
        (3600.0, 12, 168),
        (7200.0, 0, 0),
        (86_400.0, 0, 0),
    ],
)
def test_slots_fit_the_grid(seconds: float, slots: int, week: int) -> None:
    """A slot has two ticks at least, and eight slots make a day that can be told apart."""
    assert recall_slots(seconds) == slots
    assert week_slots(seconds) == week


@pytest.mark.parametrize("seed", [13, 14, 15])
def test_a_job_of_one_hour_a_week_becomes_usual(seed: int) -> None:
    """It is told at first and then hardly heard; on another day it still stands out."""
    values = daily(seed, 7 * 7)
    jobs = np.arange(7) * 7 * DAY_TICKS + 2 * DAY_TICKS + 130
    strange = jobs[6] + DAY_TICKS
    for start in [*jobs, strange]:
        values[start : start + 12] += 12

    score = Detector(["a"], interval_seconds=FIVE_MINUTES).run(values[:, None]).score

    loudest = [score[start : start + 24].max() for start in [*jobs, strange]]
    assert min(loudest[1:3]) >= 1.0
    assert max(loudest[4:7]) < 0.1
    assert loudest[7] > 0.4


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_faults_of_each_kind_reach_the_line(seed: int) -> None:
    """A spike, a step and a course that stands still are told within three hours."""
    start = 15 * DAY_TICKS + 96
    for fault in ("spike", "step", "flat"):
        values = daily(seed, 17)
        if fault == "spike":
            values[start] += 18
        elif fault == "step":
            values[start:] += 8
        else:
            values[start:] = values[start]

        score = Detector(["a"], interval_seconds=FIVE_MINUTES).run(values[:, None]).score

        assert score[start : start + 36].max() >= 1.0, fault
        assert score[5 * DAY_TICKS : start].max() < 1.0, fault


def test_a_daily_job_is_expected_and_the_same_at_another_time_is_not() -> None:
    """After ten days the job is no news; when it runs at noon instead, that is."""
    values = daily(4, 14)
    values[36::DAY_TICKS] += 30
    values[13 * DAY_TICKS + 144] += 30

    score = Detector(["a"], interval_seconds=FIVE_MINUTES).run(values[:, None]).score

    assert score[10 * DAY_TICKS : 13 * DAY_TICKS + 100].max() < 0.75
    assert score[13 * DAY_TICKS + 144] >= 1.0


def clean(kind: str, seed: int, ticks: int) -> F64:
    """Make a series on which every incident is false."""
    rng = np.random.default_rng(seed)
    if kind == "remembering":
        return generators.autoregressive(rng, ticks, 1, 0.9)[:, 0]
    if kind == "daily":
        return daily(seed, ticks // DAY_TICKS)
    if kind == "drifting":
        return rng.normal(size=ticks) + 3 * generators.autoregressive(rng, ticks, 1, 0.9993)[:, 0]
    if kind == "heavy-tailed":
        return rng.standard_t(3, ticks)
    return rng.poisson(3, ticks).astype(float) if kind == "counts" else rng.normal(size=ticks)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("white", 0.5),
        ("counts", 0.5),
        ("heavy-tailed", 0.5),
        ("remembering", 0.15),
        ("daily", 0.1),
        ("drifting", 0.1),
    ],
)
def test_clean_series_keep_the_budget(kind: str, least: float) -> None:
    """Over 180 days false incidents stay within the budget's order, at a tenth and at one a day.

    Series that remember have fewer, as their ticks come in bunches: the budget is not used up.
    """
    days, seeds = 60, 3
    counted = {0.1: 0, 1.0: 0}
    for seed in range(seeds):
        values = clean(kind, seed, days * DAY_TICKS)
        p = Detector(["a"], interval_seconds=FIVE_MINUTES).run(values[:, None]).p_value
        for budget in counted:
            counted[budget] += len(incidents(score_at(p, budget, FIVE_MINUTES)))

    assert counted[0.1] <= 2.2 * 0.1 * days * seeds
    assert least * days * seeds <= counted[1.0] <= 2 * days * seeds


def test_a_block_equals_single_steps() -> None:
    """Bits are the same tick by tick, with gaps too."""
    values = daily(5, 4)
    values[np.random.default_rng(1).random(len(values)) < 0.1] = np.nan
    block, steps = (
        Detector(["a"], interval_seconds=FIVE_MINUTES),
        Detector(["a"], interval_seconds=FIVE_MINUTES),
    )

    scores = block.run(values[:, None]).score

    assert_array_equal([steps.step([x]).score for x in values], scores)
    assert steps.dump() == block.dump()


@pytest.mark.parametrize("ticks", [0, 50, 700])
def test_a_snapshot_continues_bit_for_bit(ticks: int) -> None:
    """A lone series loaded at any tick ends in the same bits."""
    values = daily(6, 4)
    detector = alone(values[:ticks])
    loaded = Detector.load(detector.dump())

    one, other = detector.run(values[ticks:, None]), loaded.run(values[ticks:, None])

    assert_array_equal(one.score, other.score)
    assert loaded.dump() == detector.dump()


def test_views_begin_anew_when_they_are_switched_on() -> None:
    """A snapshot without views is read with the knob on, and is judged by them in time."""
    values = daily(7, 6)
    off = DetectorParams.model_validate({"single": {"enabled": False}})
    detector = Detector(["a"], off, FIVE_MINUTES)
    detector.run(values[: 3 * DAY_TICKS, None])

    loaded = Detector.load(detector.dump(), DetectorParams())
    loaded.run(values[3 * DAY_TICKS :, None])

    assert detector._model.sole.size == 0
    assert loaded._model.sole[at.SOLE_SEEN] == 3 * DAY_TICKS


def test_a_series_joins_a_lone_one_and_leaves_again() -> None:
    """A group of two is judged as ever; when one is left its views begin anew, and see faults."""
    values = daily(8, 12)
    detector = alone(values[: 2 * DAY_TICKS])
    detector.add_series("b")
    pair = np.column_stack([values, values[::-1]])[2 * DAY_TICKS : 4 * DAY_TICKS]
    together = detector.run(pair)
    detector.remove_series("b")
    values[11 * DAY_TICKS] += 25

    result = detector.run(values[4 * DAY_TICKS :, None])

    assert np.isfinite(together.score).all()
    assert np.isfinite(result.score).all()
    assert result.score[7 * DAY_TICKS] >= 1.0
    assert Detector.load(detector.dump()).dump() == detector.dump()


def test_larger_groups_know_nothing_of_it() -> None:
    """With two series the knob changes no bit, and there is nothing in the state."""
    frames = np.column_stack([daily(1, 3), daily(2, 3)])
    off = DetectorParams.model_validate({"single": {"enabled": False}})

    one = Detector("ab", DetectorParams(), FIVE_MINUTES)
    scores = one.run(frames).score

    assert_array_equal(scores, Detector("ab", off, FIVE_MINUTES).run(frames).score)
    assert one._model.sole.size == one._model.view_histograms.size == 0


def test_the_statistic_stays_that_of_the_group() -> None:
    """Views change score and p-value; the ranking statistic is as in any group."""
    values = daily(9, 3)[:, None]
    off = DetectorParams.model_validate({"single": {"enabled": False}})

    on = Detector(["a"], interval_seconds=FIVE_MINUTES).run(values)

    assert_array_equal(on.statistic, Detector(["a"], off, FIVE_MINUTES).run(values).statistic)


def test_adoption_takes_the_regime_as_normal() -> None:
    """After `adopt` a step is learnt within a day."""
    values = daily(10, 12)
    values[8 * DAY_TICKS :] += 30
    detector = alone(values[: 8 * DAY_TICKS + 24])
    detector.adopt()

    score = detector.run(values[8 * DAY_TICKS + 24 :, None]).score

    assert score[DAY_TICKS:].max() < 1.0


@pytest.mark.parametrize(
    ("name", "place", "number"),
    [
        ("lanes", (at.VARIANCE, 0), -1.0),
        ("lanes", (at.LOW, 0), 1e9),
        ("view_tails", (0, at.TOP), at.BINS),
        ("view_tails", (0, at.INCREMENT), 0.0),
        ("view_histograms", (0, 0), -1.0),
        ("recall", (at.RECALL_WAITING, 0), -2.0),
        ("weeks", (at.WEEK_WAITING, 0), -2.0),
        ("weeks", (0, 0), -1.0),
        ("sole", at.WEEK_SLOT, 336.0),
        ("sole", at.SLOT, 48.0),
        ("sole", at.SLOT, 0.5),
        ("sole", at.TOLD_INCREMENT, 0.0),
        ("sole", at.FIRST_TOLD, -1.0),
    ],
)
def test_an_impossible_state_is_refused(
    name: str, place: int | tuple[int, int], number: float
) -> None:
    """Kernels index unchecked: a number that would lead them astray never gets there."""
    header, arrays = snapshot.decode(alone(daily(11, 2)).dump())
    arrays[name][place] = number

    with pytest.raises(SnapshotCorruptError):
        Detector.load(snapshot.encode(header, arrays))


@pytest.mark.parametrize("seconds", [1.0, 60.0, 3600.0, 21_600.0, DAY, 7 * DAY])
def test_any_grid_is_sound(seconds: float) -> None:
    """From seconds to weeks a wild lone series leaves finite state and scores."""
    params = DetectorParams(alert_budget_per_day=0.01)
    detector = Detector(["a"], params, seconds)

    result = detector.run(generators.wild(3, 1500, 3)[:, 1:2])

    assert np.isfinite(result.score).all()
    assert ((result.p_value > 0) & (result.p_value <= 1)).all()
    _, arrays = snapshot.decode(detector.dump())
    assert all(np.isfinite(a).all() for a in arrays.values() if a.dtype.kind == "f")
    assert isinstance(detector._state.single, Single)
