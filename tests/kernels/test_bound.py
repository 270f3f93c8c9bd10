"""State, scratch and knobs as one argument."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import generators
from hebbstream import Detector
from hebbstream.kernels import bound
from hebbstream.kernels import layout as at


def test_one_type_for_every_detector() -> None:
    """Detectors of any size are bound by one compiled function, and it is called for each."""
    for n in (1, 2, 7):
        Detector([str(j) for j in range(n)]).run(np.zeros((3, n)))

    bind: Any = bound.bind
    assert len(getattr(bind, "signatures", [None])) == 1


def test_what_is_bound_are_the_arrays_themselves() -> None:
    """A tick moves the arrays that Python sees, also after series joined and left."""
    world = generators.coupled(0, 60, 5)
    detector = Detector(world.names)

    detector.run(world.frames[:20])
    detector.add_series("more")
    detector.remove_series(world.names[0])
    detector.run(world.frames[20:])

    assert detector._model.moments[at.SEEN].tolist() == [60.0] * 4 + [40.0]


def test_arrays_live_as_long_as_what_is_bound() -> None:
    """Nobody else needs to hold them."""
    world = generators.coupled(0, 60, 5)
    detector, whole = Detector(world.names), Detector(world.names)
    held = detector._bound
    expected = whole.run(world.frames).statistic

    detector._model = detector._work = None  # type: ignore[assignment]
    gc.collect()

    assert detector._bound is held
    np.testing.assert_array_equal(detector.run(world.frames).statistic, expected)


@pytest.mark.slow
def test_what_is_bound_is_found_without_a_compiler_too() -> None:
    """A detector runs as plain Python, which coverage and debuggers can look into."""
    program = "from hebbstream import Detector; Detector('ab').run([[1.0, 2.0], [2.0, 4.0]])"

    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
