"""Judging one frame."""

from __future__ import annotations

import numpy as np
import pytest

import generators
from hebbstream import Detector
from hebbstream.kernels import layout as at
from hebbstream.kernels.score import write_verdict


@pytest.mark.parametrize(
    ("alert", "relation", "score", "channel"),
    [(0.0, 0.0, 0.0, 0), (5.0, 1.0, 1.175, 0), (1.0, 4.301, 1.0, 1), (0.2, 0.1, 0.0, 0)],
)
def test_verdict_takes_the_louder_channel(
    alert: float, relation: float, score: float, channel: int
) -> None:
    """Score and p-value come from the louder of two channels, corrected for there being two."""
    verdicts = np.zeros((at.VERDICT_ROWS, 1))

    write_verdict(verdicts, np.array([alert, 9.0, relation]), 0, 7.0, 4.0)

    assert verdicts[at.SCORE, 0] == pytest.approx(score, abs=1e-3)
    assert verdicts[at.P_VALUE, 0] == pytest.approx(min(1.0, 10 ** (-4 * score)), rel=1e-2)
    assert verdicts[at.CHANNEL, 0] == channel
    assert verdicts[at.STATISTIC, 0] == 7.0


def test_scoring_leaves_what_was_learnt() -> None:
    """While learning is held a hundred frames change smoothed evidence only."""
    world = generators.coupled(0, 600, 6)
    detector = Detector(world.names)
    detector.run(world.frames[:500])
    detector.hold()
    before = {name: array.copy() for name, array in detector._model._asdict().items()}

    detector.run(world.frames[500:])

    smoothed = {"smooth", "deviation", "activity", "values"}
    changed = {
        name for name, array in detector._model._asdict().items() if (array != before[name]).any()
    }
    assert changed == smoothed
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
