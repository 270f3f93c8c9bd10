"""A copy of a detector stays what the detector was, and its bytes make that detector again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from hebbstream import Detector, SnapshotCorruptError
from hebbstream.copies import DetectorCopy
from hebbstream.snapshot import Packed


def learnt(seed: int) -> tuple[Detector, np.ndarray]:
    """Make a detector that has seen frames, and more frames."""
    rng = np.random.default_rng(seed)
    frames = rng.normal(size=(400, 1)) + 0.3 * rng.normal(size=(400, 7))
    detector = Detector([f"m{i}" for i in range(7)])
    detector.run(frames[:300])
    return detector, frames[300:]


def test_is_what_the_detector_was() -> None:
    """Frames, new series and removals after the copy do not show in it."""
    detector, more = learnt(1)
    detector.add_series("joined")
    before = detector.dump()
    copy = detector.copy()
    assert isinstance(copy, DetectorCopy)

    detector.run(np.column_stack([more, more[:, 0]]))
    detector.remove_series("m3")

    assert copy.dump() == before
    assert detector.dump() != before


def test_has_every_array_as_it_is_now() -> None:
    """Whatever was done to the detector before: none is one that it no longer uses."""
    rng = np.random.default_rng(4)
    detector, _ = learnt(4)
    steps: list[Callable[[], object]] = [
        detector.hold,
        detector.release,
        detector.adopt,
        detector.reset,
        lambda: detector.add_series(f"new{detector.copy().tick}"),
        lambda: detector.remove_series(detector.series[2]),
        detector.new_trend,
        lambda: detector.not_anomaly({detector.series[0]: 1.0}, 2.0),
        lambda: detector.mute(*detector.series[:2]),
    ]
    level, spares = 0.0, set[tuple[bool, bool]]()

    for turn in range(300):
        level = level if turn % 25 else rng.choice([0.0, 8.0])  # quarantined, adopted, restored
        shared = rng.normal(size=(30, 1))
        noise = rng.normal(size=(30, len(detector.series)))
        detector.run(shared + 0.3 * noise + level)
        if turn % 5 == 0:
            steps[rng.integers(len(steps))]()
        now = Packed.of(detector._state.arrays())
        spares.add((detector.quarantined, detector.parked))

        found = detector.copy().arrays

        assert (found.listed(), found.data) == (now.listed(), now.data)
    assert len(spares) == 4


def test_its_bytes_go_on_bit_for_bit() -> None:
    """Loaded from the copy, the next frames give the same bits."""
    detector, more = learnt(2)
    copy = detector.copy()
    expected = detector.run(more)

    result = Detector.load(copy.dump()).run(more)

    np.testing.assert_array_equal(result.score, expected.score)
    np.testing.assert_array_equal(result.evidence, expected.evidence)


def test_without_its_checksum_it_is_read_only_as_part_of_what_was_verified() -> None:
    """It has the bytes of the sealed one but for the checksum, and goes on in the same bits."""
    detector, more = learnt(3)
    part = b"".join(detector.copy().pieces(sealed=False))

    assert len(part) == len(detector.dump())
    with pytest.raises(SnapshotCorruptError, match="checksum"):
        Detector.load(part)

    result = Detector.load(part, verified=True).run(more)

    np.testing.assert_array_equal(result.score, detector.run(more).score)
