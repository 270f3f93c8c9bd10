"""Quarantine: what holds still, what is adopted, what comes back."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import generators
from hebbstream import Detector, DetectorParams, Learning
from hebbstream.arrays import F64
from hebbstream.results import RunResult

ONSET, N, MOVED = 3000, 20, 5
SIX_HOURS = 360


def params(**gate: object) -> DetectorParams:
    """Knobs with another gate."""
    return DetectorParams.model_validate({"gate": gate})


def outage(seed: int, *spans: tuple[int, int], ticks: int = 1200) -> tuple[F64, tuple[str, ...]]:
    """Five of twenty series stand eight sigmas higher in each span of ticks after ONSET."""
    world = generators.coupled(seed, ONSET + ticks, N)
    frames, deviation = world.frames.copy(), world.frames[:ONSET].std(axis=0)
    for start, end in spans:
        frames[ONSET + start : ONSET + end, :MOVED] += 8 * deviation[:MOVED]
    return frames, world.names


def ticks_of(result: RunResult, learning: Learning) -> list[int]:
    """Ticks after ONSET at which learning did this."""
    return [int(row) - ONSET for row in np.flatnonzero(result.learning == learning)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_new_normal_is_adopted_within_the_hour(seed: int) -> None:
    """At 60 s a lasting shift alarms until it is adopted, once, and no longer."""
    frames, names = outage(seed, (0, 1200))
    detector = Detector(names)

    result = detector.run(frames)

    (adopted,) = ticks_of(result, Learning.ADOPTED)
    alarms = np.flatnonzero(result.score[ONSET:] >= 1)
    assert 55 <= adopted <= 60
    assert alarms[0] <= 5
    assert alarms[-1] <= adopted + 5
    assert detector.parked


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_when_a_long_outage_ends_the_old_weights_return_and_a_repeat_alarms(seed: int) -> None:
    """Six hours are adopted; half an hour after their end all is as before, a repeat alarms."""
    frames, names = outage(seed, (0, SIX_HOURS), (900, 960))
    detector = Detector(names)
    detector.run(frames[:ONSET])
    before, rows = detector.expected(0.0), detector.components()

    detector.run(frames[ONSET : ONSET + SIX_HOURS])
    back = detector.run(frames[ONSET + SIX_HOURS : ONSET + SIX_HOURS + 30])
    after, returned = detector.expected(0.0), detector.components()
    rest = detector.run(frames[ONSET + SIX_HOURS + 30 :])

    assert Learning.RESTORED in back.learning
    assert (abs(after - before) < 0.1 * frames[:ONSET].std(axis=0)).all()
    assert (abs((returned[:2] * rows[:2]).sum(axis=1)) > 0.99).all()
    repeat = rest.score[900 - SIX_HOURS - 30 : 960 - SIX_HOURS - 30]
    assert (repeat >= 1).mean() > 0.8


def test_a_disturbance_that_ends_first_is_not_adopted() -> None:
    """The shadow is dropped, nothing is parked, and a repeat alarms from start to end."""
    frames, names = outage(1, (0, 40), (500, 540))
    detector = Detector(names)

    result = detector.run(frames)

    assert not ticks_of(result, Learning.ADOPTED)
    assert not detector.parked
    assert not detector.quarantined
    assert (result.score[ONSET + 500 : ONSET + 540] >= 1).mean() > 0.9


def test_with_no_slow_learning_the_published_regime_holds_still() -> None:
    """With a factor of 0 what judges is the same to the bit until the shadow is adopted."""
    frames, names = outage(2, (0, 1200))
    detector = Detector(names, params(slow_factor=0.0))
    detector.run(frames[: ONSET + 10])
    assert detector.quarantined
    before, rows = detector.expected(0.0), detector.components()

    detector.run(frames[ONSET + 10 : ONSET + 50])

    assert_array_equal(detector.expected(0.0), before)
    assert_array_equal(detector.components(), rows)


def test_a_parked_regime_is_forgotten_in_time() -> None:
    """After `retention` it is not restored, even if it fitted."""
    frames, names = outage(3, (0, SIX_HOURS))
    detector = Detector(names, params(retention="2h"))

    result = detector.run(frames)

    assert not ticks_of(result, Learning.RESTORED)
    assert len(ticks_of(result, Learning.ADOPTED)) == 2


def test_short_intervals_wait_as_long_in_time() -> None:
    """At ten seconds a tick, 55 minutes are 330 ticks; at five minutes, 55 ticks are the least."""
    frames, names = outage(1, (0, 1200))

    fast = Detector(names, interval_seconds=10.0).run(frames)
    slow = Detector(names, interval_seconds=300.0).run(frames)

    assert ticks_of(fast, Learning.ADOPTED)[0] >= 330
    assert 55 <= ticks_of(slow, Learning.ADOPTED)[0] <= 65


@pytest.mark.parametrize("cut", [20, 58, 200, 375])
def test_a_crash_inside_a_quarantine_loses_nothing(cut: int) -> None:
    """Loaded with a shadow, with a parked regime or with both, it goes on bit for bit."""
    frames, names = outage(2, (0, SIX_HOURS), ticks=700)
    straight = Detector(names)
    straight.run(frames[: ONSET + cut])

    loaded = Detector.load(straight.dump())
    one, other = (d.run(frames[ONSET + cut :]) for d in (straight, loaded))

    assert_array_equal(one.score, other.score)
    assert_array_equal(one.learning, other.learning)
    assert straight.dump() == loaded.dump()


def test_series_join_and_leave_within_a_quarantine() -> None:
    """Shadow and parked regime keep one column a series; the newcomer is no alarm afterwards."""
    frames, names = outage(1, (0, SIX_HOURS))
    detector = Detector(names[:-1], params(slow_factor=0.0))
    detector.run(frames[: ONSET + 20, :-1])
    detector.add_series(names[-1])
    detector.run(frames[ONSET + 20 : ONSET + 200])
    detector.remove_series(names[2])
    left = np.delete(frames[ONSET + 200 :], 2, axis=1)

    loaded = Detector.load(detector.dump())
    result = detector.run(left)

    assert_array_equal(loaded.run(left).score, result.score)
    assert Learning.RESTORED in result.learning
    quiet = result.score[SIX_HOURS - 200 + 60 :]
    assert (quiet < 1).all()


def test_adoption_by_hand_takes_the_shadow_and_parks() -> None:
    """What the shadow has learnt by then becomes normal; the alarm ends."""
    frames, names = outage(3, (0, 1200))
    detector = Detector(names)
    detector.run(frames[: ONSET + 30])
    assert detector.quarantined

    detector.adopt()
    result = detector.run(frames[ONSET + 30 : ONSET + 400])

    assert not detector.quarantined
    assert detector.parked
    assert (result.score[20:] < 1).all()


def test_a_held_detector_leaves_its_quarantine_as_it_is() -> None:
    """No shadow learns, none is adopted, until it is released."""
    frames, names = outage(1, (0, 1200))
    detector = Detector(names)
    detector.run(frames[: ONSET + 30])
    detector.hold()

    held = detector.run(frames[ONSET + 30 : ONSET + 300])
    detector.release()
    released = detector.run(frames[ONSET + 300 : ONSET + 400])

    assert (held.learning == Learning.HELD).all()
    assert Learning.ADOPTED in released.learning
