"""The estimate is what the arrays of a detector take once it has learnt."""

from __future__ import annotations

import numpy as np
import pytest

from hebbstream import Detector, DetectorParams
from hebbstream.footprint import detector_bytes
from hebbstream.snapshot import decode


@pytest.mark.parametrize("series", [1, 5, 40])
def test_is_near_what_a_snapshot_holds(series: int) -> None:
    """Never below the arrays of a snapshot, and within what its spares and scratch add."""
    rng = np.random.default_rng(series)
    detector = Detector([f"m{n}" for n in range(series)])
    detector.run(rng.normal(size=(400, 1)) + 0.4 * rng.normal(size=(400, series)))
    _, arrays = decode(detector.dump())
    held = sum(array.nbytes for array in arrays.values())

    estimate = detector_bytes(series, DetectorParams())

    assert 0.9 * held <= estimate <= 2.5 * held


def test_grows_with_series_and_components() -> None:
    """A knob that sets a size sets the estimate."""
    small = DetectorParams.model_validate({"subspace": {"components_max": 4}})

    assert detector_bytes(10, DetectorParams()) < detector_bytes(50, DetectorParams())
    assert detector_bytes(50, small) < detector_bytes(50, DetectorParams())


def test_large_groups_are_reckoned_not_made() -> None:
    """In proportion; with the square where all pairs are traced."""
    knobs = DetectorParams()
    pairs = DetectorParams.model_validate({"associations": {"exhaustive_max": 5000}})

    assert detector_bytes(3000, knobs) == 3 * detector_bytes(1000, knobs)
    assert detector_bytes(3000, pairs) == 9 * detector_bytes(1000, pairs)
