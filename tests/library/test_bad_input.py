"""What a caller may get wrong."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from hebbstream import Detector, FrameError


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros(3),
        np.zeros((2, 4)),
        np.zeros((2, 3, 1)),
        [["a", "b", "c"]],
        [[1, 2], [3, 4, 5]],
        np.zeros((2, 3), complex),
        None,
        "frames",
    ],
)
def test_frames_that_do_not_fit_are_refused(frames: object) -> None:
    """Shapes and types that do not fit raise FrameError and change nothing."""
    detector = Detector("abc")
    before = detector.dump()

    with pytest.raises(FrameError):
        detector.run(frames)  # type: ignore[arg-type]

    assert detector.dump() == before


@pytest.mark.parametrize("times", [[0.0], [0.0, float("nan")], [[0.0, 60.0]], ["x", "y"]])
def test_times_that_do_not_fit_are_refused(times: object) -> None:
    """There must be one finite time a frame."""
    with pytest.raises(FrameError):
        Detector("abc").run(np.zeros((2, 3)), times)  # type: ignore[arg-type]


def test_a_frame_is_one_row() -> None:
    """`step` takes one dimension."""
    with pytest.raises(FrameError, match="one dimension"):
        Detector("abc").step(np.zeros((1, 3)))


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e308, -2e100, np.nan])
def test_what_is_no_number_is_missing(value: float) -> None:
    """Infinities and absurd values are taken for missing samples, bit for bit."""
    frames = np.random.default_rng(0).normal(size=(300, 3))
    given, missing = frames.copy(), frames.copy()
    given[150, 1], missing[150, 1] = value, np.nan
    one, other = Detector("abc"), Detector("abc")

    assert_array_equal(one.run(given).evidence, other.run(missing).evidence)

    assert one.dump() == other.dump()


def test_the_callers_arrays_are_left_alone() -> None:
    """A run changes neither frames nor times, and works on read-only ones."""
    frames, times = np.full((5, 3), np.inf), np.arange(5.0)
    frames.flags.writeable = times.flags.writeable = False

    Detector("abc").run(frames, times)

    assert np.isinf(frames).all()


def test_an_empty_block_changes_nothing() -> None:
    """No frames, no verdicts, no tick."""
    detector = Detector("abc")
    before = detector.dump()

    result = detector.run(np.zeros((0, 3)))

    assert len(result) == 0
    assert detector.dump() == before


def test_a_constant_series_is_silent_until_it_moves() -> None:
    """A constant series has no evidence; its first move is seen and bounded."""
    frames = np.random.default_rng(1).normal(size=(600, 2))
    frames[:, 0] = 3.0
    frames[500, 0] = 3.5

    result = Detector("ab").run(frames)

    assert result.evidence[50:500, 0].max() < 1
    assert 10 < result.evidence[500, 0] < 166  # level and residual, each at the cap of 20


def test_a_series_with_one_sample_is_never_judged() -> None:
    """One sample ever gives an expectation, and no evidence."""
    frames = np.random.default_rng(2).normal(size=(500, 3))
    frames[:, 2] = np.nan
    frames[200, 2] = 42.0

    result = Detector("abc").run(frames)

    assert (result.evidence[:, 2] == 0).all()
    assert np.isnan(result.expected[:201, 2]).all()
    assert (result.expected[201:, 2] == 42.0).all()
