"""A lone series' sample through views, habits and episodes."""

from __future__ import annotations

import numpy as np

from hebbstream import Detector
from hebbstream.arrays import F64
from hebbstream.kernels import layout as at
from hebbstream.kernels.clock import clock_basis
from hebbstream.kernels.single import score_single

INTERVAL = 300.0


def judge(detector: Detector, values: F64) -> F64:
    """Pass samples through the kernel alone, over a fresh detector's arrays."""
    found = np.zeros(len(values))
    for t, x in enumerate(values):
        time = t * INTERVAL
        clock_basis(time, detector._work.basis)
        found[t] = score_single(float(x), detector._model, detector._work, detector._settings, time)
    return found


def test_the_detector_publishes_what_the_kernel_finds(rng: np.random.Generator) -> None:
    """Once the views are warm the score is the kernel's exponent over that of the line."""
    values = rng.normal(size=600)
    values[500] = 40.0
    detector, alone = (
        Detector(["a"], interval_seconds=INTERVAL),
        Detector(["a"], interval_seconds=INTERVAL),
    )

    result, exponents = detector.run(values[:, None]), judge(alone, values)

    line = detector._settings[at.S_LINE]
    np.testing.assert_allclose(result.score[101:], exponents[101:] / line, rtol=1e-9)
    assert (exponents[:100] == -1).all()
    assert result.score[500] > 1.0


def test_a_missing_sample_moves_nothing_but_time(rng: np.random.Generator) -> None:
    """NaN gives no verdict, and lanes and tails stay."""
    detector = Detector(["a"], interval_seconds=INTERVAL)
    judge(detector, rng.normal(size=300))
    before = detector._model.lanes.copy(), detector._model.view_histograms.copy()

    found = judge(detector, np.full(5, np.nan))

    assert (found == -1).all()
    np.testing.assert_array_equal(detector._model.lanes, before[0])
    np.testing.assert_array_equal(detector._model.view_histograms, before[1])


def test_nothing_is_learnt_while_held(rng: np.random.Generator) -> None:
    """A held series is judged by what it was."""
    detector = Detector(["a"], interval_seconds=INTERVAL)
    judge(detector, rng.normal(size=600))
    detector.hold()
    lanes = detector._model.lanes.copy()

    found = judge(detector, np.full(50, 30.0))

    assert found.max() > 3
    np.testing.assert_array_equal(detector._model.lanes, lanes)
