"""What people say acts at once, on what it is about alone, and until it is undone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import generators
from hebbstream import Detector, FeedbackError, Label, Learning, SeriesError
from hebbstream.arrays import F64
from hebbstream.feedback import DAY_SECONDS

ONSET, N = 3000, 20


def shifted(*spans: tuple[int, int, int, int], ticks: int = 600) -> tuple[F64, tuple[str, ...]]:
    """Series from one column to another stand eight sigmas higher in each span after ONSET."""
    world = generators.coupled(1, ONSET + ticks, N)
    frames, deviation = world.frames.copy(), world.frames[:ONSET].std(axis=0)
    for start, end, first, last in spans:
        frames[ONSET + start : ONSET + end, first:last] += 8 * deviation[first:last]
    return frames, world.names


def alarmed(detector: Detector, frames: F64) -> tuple[dict[str, float], float]:
    """Run frames; the evidence by series summed over those that alarm, and the highest score."""
    result = detector.run(frames)
    rows = result.score >= 1
    assert rows.any()
    return dict(zip(detector.series, result.evidence[rows].sum(axis=0), strict=True)), float(
        result.score.max()
    )


def test_a_pattern_that_was_no_anomaly_is_silent_and_another_is_not() -> None:
    """The same series raise no alarm again; others do; undone, the first do as well."""
    frames, names = shifted((0, 20, 0, 3), (200, 220, 0, 3), (400, 420, 10, 13))
    detector = Detector(names)
    detector.run(frames[:ONSET])
    pattern, score = alarmed(detector, frames[ONSET : ONSET + 100])
    deaf = Detector.load(detector.dump())

    note = detector.not_anomaly(pattern, score)
    second = detector.run(frames[ONSET + 100 : ONSET + 300])
    third = detector.run(frames[ONSET + 300 : ONSET + 450])
    loud = deaf.run(frames[ONSET + 100 : ONSET + 300])

    assert note.label is Label.NOT_ANOMALY
    assert loud.score.max() >= 1
    assert second.score.max() < 1
    assert third.score.max() >= 1
    # What is learnt is the same, heard or not.
    assert_array_equal(second.statistic, loud.statistic)
    detector.undo(note.number)
    assert detector.notes == ()


def test_a_louder_one_of_the_same_pattern_alarms() -> None:
    """The line is raised, not taken away."""
    frames, names = shifted((0, 20, 0, 3), (200, 220, 0, 3))
    detector = Detector(names)
    detector.run(frames[:ONSET])
    pattern, _ = alarmed(detector, frames[ONSET : ONSET + 100])

    detector.not_anomaly(pattern, 1.0)

    assert detector.run(frames[ONSET + 100 : ONSET + 300]).score.max() >= 1


def test_a_window_is_expected_and_comes_again() -> None:
    """Nothing is scored in it, a day later neither; everything is outside of it."""
    frames, names = shifted((0, 20, 0, 3), (300, 320, 0, 3), ticks=2000)
    frames[ONSET + 1440 : ONSET + 1460] = frames[ONSET : ONSET + 20]
    detector = Detector(names)
    detector.run(frames[:ONSET])

    detector.expect(60.0 * ONSET, 60.0 * (ONSET + 30), period=DAY_SECONDS)
    result = detector.run(frames[ONSET:])

    assert (result.score[:30] == 0).all()
    assert (result.p_value[:30] == 1).all()
    assert (result.score[1440:1470] == 0).all()
    assert result.score[300:320].max() >= 1


def test_a_window_of_a_pattern_leaves_other_series_alone() -> None:
    """What is expected of some series is not expected of others."""
    frames, names = shifted((0, 20, 10, 13))
    pattern = dict.fromkeys(names[:3], 1.0)
    detector = Detector(names)
    detector.run(frames[:ONSET])

    detector.expect(60.0 * ONSET, 60.0 * (ONSET + 30), pattern=pattern)

    assert detector.run(frames[ONSET : ONSET + 30]).score.max() >= 1


def test_what_is_kept_out_is_not_adopted_however_long_it_stays() -> None:
    """Without a word it is adopted within the hour; undone, it is adopted later."""
    frames, names = shifted((0, 600, 0, 5))
    detector = Detector(names)
    detector.run(frames[: ONSET + 10])
    free = Detector.load(detector.dump())

    note = detector.keep_out()
    assert detector.barred
    barred = detector.run(frames[ONSET + 10 : ONSET + 300])
    alone = free.run(frames[ONSET + 10 : ONSET + 300])
    assert Learning.ADOPTED in alone.learning
    assert set(barred.learning) == {Learning.QUARANTINED}
    assert (barred.score[20:] >= 1).all()

    detector.undo(note.number)
    assert Learning.ADOPTED in detector.run(frames[ONSET + 300 :]).learning


def test_what_was_adopted_by_mistake_is_given_up() -> None:
    """Told that it began before the adoption, the detector judges by what was normal before."""
    frames, names = shifted((0, 300, 0, 5), ticks=900)
    detector = Detector(names)
    detector.run(frames[:ONSET])
    during = detector.run(frames[ONSET : ONSET + 200])
    assert during.score[-50:].max() < 1

    detector.keep_out(since=ONSET)

    assert detector.run(frames[ONSET + 200 : ONSET + 300]).score[30:].min() >= 1
    after = detector.run(frames[ONSET + 300 : ONSET + 900])
    assert not detector.barred
    assert after.score[-50:].max() < 1


def test_a_new_trend_is_adopted_and_undone() -> None:
    """Told, the alarm ends at once; undone, what goes on alarms again, until it is adopted."""
    frames, names = shifted((0, 400, 0, 5))
    detector = Detector(names)
    detector.run(frames[: ONSET + 20])

    note = detector.new_trend()
    assert detector.run(frames[ONSET + 20 : ONSET + 100]).score[10:].max() < 1
    detector.undo(note.number)

    assert detector.run(frames[ONSET + 100 : ONSET + 140]).score[10:].min() >= 1


def test_a_new_trend_that_was_overtaken_is_not_undone() -> None:
    """What was normal before the first of two trends is not kept."""
    frames, names = shifted((0, 400, 0, 5))
    detector = Detector(names)
    detector.run(frames[: ONSET + 20])
    note = detector.new_trend()
    detector.reset()

    with pytest.raises(FeedbackError, match="cannot be undone"):
        detector.undo(note.number)
    assert detector.notes == (note,)


def test_a_muted_relation_breaks_unheard() -> None:
    """Its break is no evidence and is not listed; unmuted, it is."""
    world = generators.relation_break(3, 3600, 4, 3000)
    detector = Detector(world.names)
    detector.run(world.frames[:2500])
    names = detector.series
    pairs = [(names[e["source"]], names[e["target"]]) for e in detector.edges()]
    deaf = Detector.load(detector.dump())
    numbers = [deaf.mute(*reversed(pair)).number for pair in pairs]

    heard = detector.run(world.frames[2500:3400], detail_from=0.0)
    unheard = deaf.run(world.frames[2500:3400], detail_from=0.0)

    assert sum(map(len, heard.broken.values())) > 0
    assert sum(map(len, unheard.broken.values())) == 0
    for number in numbers:
        deaf.undo(number)
    later = deaf.run(world.frames[3400:], detail_from=0.0)
    assert sum(map(len, later.broken.values())) > 0


def test_a_block_equals_its_frames_and_a_snapshot_remembers() -> None:
    """Notes act on the same frames in the same way, whoever runs them, before a dump or after."""
    frames, names = shifted((0, 40, 0, 3), (100, 140, 0, 5), (200, 220, 0, 3), ticks=300)
    whole = Detector(names)
    whole.run(frames[: ONSET + 10])
    whole.not_anomaly(dict.fromkeys(names[:3], 1.0), 1.3)
    whole.expect(60.0 * (ONSET + 100), 60.0 * (ONSET + 110))
    whole.keep_out()
    whole.mute(names[0], names[1])
    single = Detector.load(whole.dump())
    assert single.notes == whole.notes

    block = whole.run(frames[ONSET + 10 :])
    ticks = [single.step(frame) for frame in frames[ONSET + 10 :]]

    assert_array_equal(block.score, [tick.score for tick in ticks])
    assert_array_equal(block.p_value, [tick.p_value for tick in ticks])
    assert whole.dump() == single.dump()


def test_notes_follow_a_renamed_series() -> None:
    """A pattern is of the series, not of its name."""
    detector = Detector(("a", "b"))
    detector.not_anomaly({"a": 2.0}, 1.0)
    detector.mute("a", "b")

    detector.rename_series("a", "c")

    assert [dict(note.pattern) for note in detector.notes] == [{"c": 2.0}, {}]
    assert detector.notes[1].relation == ("c", "b")


def test_nonsense_is_refused() -> None:
    """An unknown series, no score, a pattern of zeros, a relation of one, no such note."""
    detector = Detector(("a", "b"))

    with pytest.raises(SeriesError, match="no series 'x'"):
        detector.not_anomaly({"x": 1.0}, 1.0)
    with pytest.raises(FeedbackError, match="no score nan"):
        detector.not_anomaly({"a": 1.0}, np.nan)
    with pytest.raises(FeedbackError, match="two ends"):
        detector.mute("a", "a")
    with pytest.raises(SeriesError, match="no series 'x'"):
        detector.mute("a", "x")
    with pytest.raises(FeedbackError, match="before it comes again"):
        detector.expect(0.0, 0.0)
    with pytest.raises(FeedbackError, match="not zeros alone"):
        detector.expect(0.0, 60.0, pattern={"a": 0.0, "b": 0.0})
    with pytest.raises(FeedbackError, match="no feedback 7"):
        detector.undo(7)
    assert detector.notes == ()


def test_what_holds_is_taken_over() -> None:
    """Patterns, windows and muted relations, in their order; what was said of a moment is not."""
    told, other = Detector("abc"), Detector("abcd")
    told.keep_out()
    told.not_anomaly({"a": 2.0}, 1.5)
    told.new_trend()
    told.expect(100.0, 200.0)
    told.mute("b", "c")
    other.mute("c", "d")
    other.run(np.zeros((3, 4)))

    taken = other.take_over(told.notes)

    labels = [Label.NOT_ANOMALY, Label.EXPECTED, Label.MUTED_RELATION]
    assert [note.label for note in taken] == labels
    assert [(note.number, note.tick) for note in taken] == [(1, 3), (2, 3), (3, 3)]
    assert other.notes[1:] == taken
    assert taken[0].pattern == {"a": 2.0}
    assert not other.barred
    assert Detector.load(other.dump()).notes == other.notes
