"""Judging one frame."""

from __future__ import annotations

import numpy as np

import generators
from hebbstream import Detector, Learning
from hebbstream.kernels import layout as at


def test_scoring_leaves_what_was_learnt() -> None:
    """While learning is held a hundred frames change what is smoothed and the past only."""
    world = generators.coupled(0, 600, 6)
    detector = Detector(world.names)
    detector.run(world.frames[:500])
    detector.hold()
    before = {name: array.copy() for name, array in detector._state.arrays().items()}

    detector.run(world.frames[500:])

    smoothed = {"smooth", "habits", "innovations", "deviation", "activity", "values", "past"}
    changed = {
        name for name, array in detector._state.arrays().items() if (array != before[name]).any()
    }
    assert changed == smoothed
    learnt = [at.ECHOED, at.POWER, at.INNOVATION_VARIANCE, at.INNOVATION_COUNT]
    assert (detector._model.innovations[learnt] == before["innovations"][learnt]).all()
    still = [at.ACTIVITY, at.ECHO, at.PREVIOUS, at.ACTIVITY_COUNT, at.DEGREE]
    assert (detector._model.activity[still] == before["activity"][still]).all()
    kept = [at.WEIGHT, at.TRACE, at.SPREAD, at.SPREAD_COUNT]
    assert (detector._model.values[kept] == before["values"][kept]).all()


def test_recall_comes_from_the_peers() -> None:
    """A missing sample of a coupled series is recalled near its true value."""
    world = generators.coupled(5, 3000, 12, coupling=0.95)
    detector = Detector(world.names)
    detector.run(world.frames[:2500])
    frames = world.frames[2500:].copy()
    frames[:, 3] = np.nan

    result = detector.run(frames)

    truth = world.frames[2500:, 3]
    assert np.corrcoef(result.recalled[:, 3], truth)[0, 1] > 0.9
    assert (result.evidence[:, 3] == 0).all()


def adopted_world(jump: float) -> tuple[np.ndarray, np.ndarray, int]:
    """Scores and evidence around an adoption; series 0 jumps ten ticks after it, for five."""
    world = generators.level_shift(4, 2600, 8, 1500, sigmas=6, count=6)
    start = 1565
    frames = world.frames[:1620].copy()
    frames[start : start + 5, 0] += jump * frames[:1500, 0].std()
    result = Detector(world.names).run(frames)
    adopted = np.flatnonzero(result.learning == Learning.ADOPTED)
    assert adopted[0] == start - 10
    return result.score, result.evidence, start


def test_judging_goes_on_after_an_adoption() -> None:
    """In the forty ticks around an adoption no score is 0, and each adopted series is judged."""
    score, evidence, start = adopted_world(jump=0.0)

    assert (score[start - 9 : start + 31] > 0).all()
    assert (evidence[start - 9 : start + 31, :6] > 0).any(axis=0).all()


def test_an_event_right_after_an_adoption_is_scored() -> None:
    """A jump of an adopted series raises the score, and is ranked first."""
    calm, _, _ = adopted_world(jump=0.0)

    score, evidence, start = adopted_world(jump=500.0)

    assert score[start : start + 5].min() > 1.0
    assert score[start + 4] > calm[start + 4]
    assert (evidence[start : start + 5].argmax(axis=1) == 0).all()


def test_an_operators_adoption_leaves_no_gap() -> None:
    """After `adopt` the very next frame is judged."""
    world = generators.level_shift(4, 1540, 8, 1500, sigmas=6, count=6)
    detector = Detector(world.names)
    detector.run(world.frames[:1530])

    detector.adopt()
    result = detector.run(world.frames[1530:])

    assert (detector._model.moments[at.COUNT] < 100).sum() >= 5
    assert (result.score > 0).all()
    assert (result.evidence > 0).any(axis=0).all()
