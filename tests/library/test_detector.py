"""The detector: what it sees, and that it is silent where nothing is."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import numpy as np
import pytest

import generators
from hebbstream import Detector, DetectorParams, Kind, Learning


def test_a_broken_relation_is_seen_and_named() -> None:
    """Decoupling with every value in range is seen by the relation channel, edge and series."""
    world = generators.relation_break(1, 8000, 40, 6000)
    detector = Detector(world.names)

    result = detector.run(world.frames)

    alarms = np.flatnonzero(result.score >= 1)
    assert len(alarms)
    assert world.onset <= alarms[0] < world.onset + 300
    row = int(alarms[0])
    assert result.channel[row] == Kind.RELATION
    worst = result.broken[row][0]
    assert 0 in (worst["source"], worst["target"])
    assert abs(worst["weight_now"]) < abs(worst["weight_before"])
    window = slice(row, row + 60)
    assert int(result.evidence[window].mean(axis=0).argmax()) == 0


def test_a_level_shift_is_seen_and_named() -> None:
    """A shift of six sigmas in eight series is seen within ten ticks, by the level channel."""
    world = generators.level_shift(2, 6300, 40, 6000, sigmas=6, count=8)
    detector = Detector(world.names)

    result = detector.run(world.frames)

    alarms = np.flatnonzero(result.score >= 1)
    assert world.onset <= alarms[0] < world.onset + 10
    assert result.channel[alarms[0]] == Kind.LEVEL
    ranked = np.argsort(-result.evidence[world.onset : world.onset + 10].mean(axis=0))
    assert set(ranked[:8].tolist()) == set(world.culprits)


def test_a_shift_that_stays_becomes_normal() -> None:
    """The alarm of a lasting shift ends, and a later fault of the new normal is seen."""
    world = generators.level_shift(3, 9000, 40, 6000, sigmas=6, count=8)
    frames = world.frames.copy()
    frames[8500:8600, 20:30] += 6 * frames[:6000, 20:30].std(axis=0)

    result = Detector(world.names).run(frames)

    assert (result.score[6400:8500] < 1).all()
    assert (result.score[8500:8520] >= 1).any()


def test_clean_ticks_keep_the_budget() -> None:
    """Six groups of nine thousand ticks without a fault alarm at most twice as often as asked."""
    starts, days = 0, 6 * 9000 / 1440
    for seed in range(11, 17):
        world = generators.coupled(seed, 9000, 30)
        above = np.flatnonzero(Detector(world.names).run(world.frames).score >= 1.0)
        starts += int((np.diff(above, prepend=-1000) > 60).sum())

    assert starts <= 2 * 0.1 * days


def test_contributions_are_shares() -> None:
    """Contributions add up to 1, and to 0 where there is no evidence."""
    world = generators.coupled(0, 300, 5)

    result = Detector(world.names).run(world.frames)

    sums = result.contribution.sum(axis=1)
    some = result.evidence.sum(axis=1) > 0
    assert some[30:].mean() > 0.8
    assert np.allclose(sums[some], 1)
    assert (sums[~some] == 0).all()
    assert (sums[:30] == 0).all()


def test_a_joining_series_does_not_alarm() -> None:
    """A series that joins a running group with a wild start raises no alarm, then is judged."""
    world = generators.coupled(7, 3000, 10)
    detector = Detector(world.names)
    detector.run(world.frames[:2000])

    column = detector.add_series("late")
    start = np.linspace(1e6, -1e6, 1000)[:, None]
    result = detector.run(np.hstack([world.frames[2000:], start]))

    assert column == 10
    assert result.score.max() < 1
    assert (result.evidence[:100, 10] == 0).all()
    assert result.evidence[-1, 10] > 0


def test_frames_without_samples_are_not_judged() -> None:
    """An empty frame has score 0 and p 1, and the next one is judged as before."""
    world = generators.coupled(8, 2000, 6)
    frames = world.frames.copy()
    frames[1000:1010] = np.nan

    result = Detector(world.names).run(frames)

    assert (result.score[1000:1010] == 0).all()
    assert (result.p_value[1000:1010] == 1).all()
    assert (result.evidence[1000:1010] == 0).all()
    assert result.score.max() < 1


def test_the_alert_budget_moves_the_line() -> None:
    """A larger budget lowers the line: the same statistic, larger scores."""
    world = generators.coupled(9, 2000, 6)
    strict = Detector(world.names, DetectorParams(alert_budget_per_day=0.01)).run(world.frames)
    loose = Detector(world.names, DetectorParams(alert_budget_per_day=10)).run(world.frames)

    assert np.array_equal(strict.statistic, loose.statistic)
    assert (loose.score >= strict.score).all()
    assert loose.score.max() > strict.score.max()


def test_times_set_the_clock() -> None:
    """With a daily course, the expectation follows the time given, not the tick."""
    interval, day = 300.0, 288
    ticks = np.arange(8 * day)
    course = 10 * np.sin(2 * np.pi * ticks / day)
    noise = np.random.default_rng(0).normal(size=(len(ticks), 2))
    detector = Detector(["load", "flat"], interval_seconds=interval)

    detector.run(noise + np.column_stack([course, 0 * course]), ticks * interval)

    crest, trough = detector.expected(0.25 * 86_400), detector.expected(0.75 * 86_400)
    assert crest[0] - trough[0] > 15
    assert abs(crest[1] - trough[1]) < 1


def test_hold_stops_learning_and_release_resumes_it() -> None:
    """Held, the expectation stands still while scores go on; released, it moves again."""
    world = generators.coupled(3, 900, 5)
    detector = Detector(world.names)
    detector.run(world.frames[:500])
    before = detector.expected()

    detector.hold()
    held = detector.run(world.frames[500:700])
    at_rest = detector.expected()
    detector.release()
    freed = detector.run(world.frames[700:])

    assert (held.learning == Learning.HELD).all()
    assert held.score.max() > 0
    assert np.array_equal(before, at_rest)
    assert (freed.learning == Learning.NORMAL).any()
    assert (detector.expected() != before).all()


def test_edges_are_listed_at_the_rows_asked_for() -> None:
    """They are those of a run that ends there, and asking changes no verdict."""
    world = generators.relation_break(1, 1500, 12, 1400)
    plain, asked, short = (Detector(world.names) for _ in range(3))

    expected = plain.run(world.frames)
    result = asked.run(world.frames, edges_at=[1499, 700, 700])
    short.run(world.frames[:701])

    assert set(result.related) == {700, 1499}
    assert len(result.related[700])
    assert np.array_equal(result.related[700], short.edges())
    assert np.array_equal(result.related[1499], plain.edges())
    assert np.array_equal(result.score, expected.score)
    assert asked.dump() == plain.dump()


def test_degrees_count_the_edges_where_some_are_broken() -> None:
    """Every row with broken edges tells how many edges each series had when it was judged."""
    world = generators.relation_break(1, 1500, 12, 1400)

    result = Detector(world.names).run(world.frames, detail_from=0.0)

    assert result.degrees.keys() == result.broken.keys()
    before = [int(result.edges[row - 1]) if row else 0 for row in result.degrees]
    assert [int(counts.sum()) for counts in result.degrees.values()] == [2 * m for m in before]


def test_elevated_counts_the_ticks_a_series_stands_out() -> None:
    """Who jumps first counts more ticks than who follows; who stays calm counts none."""
    world = generators.coupled(6, 3010, 6)
    frames = world.frames.copy()
    scale = frames[:3000].std(axis=0)
    frames[3000:, 0] += 12 * scale[0]
    frames[3004:, 1] += 12 * scale[1]

    result = Detector(world.names).run(frames)

    assert result.elevated[3009][:3].tolist() == [10, 6, 0]
    assert result.elevated.keys() == result.broken.keys()


@pytest.mark.parametrize(
    "again",
    [copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))],  # noqa: S301 - ours
)
def test_a_copy_goes_on_by_itself(again: Callable[[Detector], Detector]) -> None:
    """Python's own ways to copy give a second detector with the same state, not a second name."""
    rng = np.random.default_rng(0)
    frames = rng.normal(size=(400, 1)) + 0.3 * rng.normal(size=(400, 3))
    detector = Detector("abc", interval_seconds=10.0)
    detector.run(frames[:300])
    before = detector.dump()

    other = again(detector)
    result = other.run(frames[300:])

    assert detector.dump() == before
    assert result.score.tobytes() == detector.run(frames[300:]).score.tobytes()
    assert other.dump() == detector.dump()
