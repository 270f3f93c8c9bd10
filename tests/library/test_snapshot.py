"""Snapshots: exact, plain, and refused when damaged."""

from __future__ import annotations

import hashlib
import json
import struct

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import generators
from hebbstream import (
    Detector,
    DetectorParams,
    SnapshotCorruptError,
    SnapshotError,
    SnapshotVersionError,
    snapshot,
)


def trained(ticks: int = 1000) -> tuple[Detector, generators.World]:
    """Train a detector on a coupled world."""
    world = generators.coupled(1, ticks + 700, 7)
    detector = Detector(world.names, DetectorParams(alert_budget_per_day=0.7), 15.0)
    detector.run(world.frames[:ticks])
    return detector, world


@pytest.mark.parametrize("ticks", [0, 1, 50, 640, 1001])
def test_continues_bit_for_bit(ticks: int) -> None:
    """A detector loaded at any tick ends in the same bits as one that was never dumped."""
    detector, world = trained(ticks)
    loaded = Detector.load(detector.dump())

    one, other = detector.run(world.frames[ticks:]), loaded.run(world.frames[ticks:])

    assert loaded.dump() == detector.dump()
    assert_array_equal(one.score, other.score)
    assert_array_equal(one.evidence, other.evidence)
    assert one.journal == other.journal


def test_carries_knobs_names_and_place() -> None:
    """Series, params, interval, tick, hold and waiting journal entries come back."""
    detector, world = trained()
    detector.hold()
    detector.remove_series("s3")

    loaded = Detector.load(detector.dump())

    assert loaded.series == detector.series
    assert loaded.params == detector.params
    assert loaded.interval_seconds == 15.0
    assert loaded.tick == 1000
    assert loaded.held
    frames = np.delete(world.frames[1000:], 3, axis=1)
    assert loaded.run(frames).journal == detector.run(frames).journal


def test_loading_into_another_process_needs_no_pickle() -> None:
    """The header is JSON and the arrays are raw: nothing in it can run."""
    data = trained()[0].dump()
    (length,) = struct.unpack_from("<Q", data, 44)

    header = json.loads(data[52 : 52 + length])

    assert header["series"] == [f"s{j}" for j in range(7)]
    sizes = [np.dtype(a["dtype"]).itemsize * int(np.prod(a["shape"])) for a in header["arrays"]]
    assert 52 + length + sum(sizes) == len(data)


@pytest.mark.parametrize("place", [0, 9, 20, 60, 200, -1])
def test_a_changed_byte_is_refused(place: int) -> None:
    """Wherever one byte is changed, loading fails with a SnapshotError."""
    data = bytearray(trained()[0].dump())

    data[place] ^= 0xFF

    with pytest.raises(SnapshotError):
        Detector.load(bytes(data))


@pytest.mark.parametrize("length", [0, 7, 51, 400, -1])
def test_a_truncated_snapshot_is_refused(length: int) -> None:
    """A snapshot that was cut short is corrupt."""
    data = trained()[0].dump()

    with pytest.raises(SnapshotCorruptError):
        Detector.load(data[:length])


def test_a_newer_format_is_refused_by_name() -> None:
    """A format from the future is no damage: the message names both numbers."""
    data = bytearray(trained()[0].dump())

    struct.pack_into("<I", data, 8, snapshot.FORMAT + 1)

    with pytest.raises(SnapshotVersionError, match="newer"):
        Detector.load(bytes(data))


@pytest.mark.parametrize(
    "change",
    [
        {"series": ["a"]},
        {"series": None},
        {"params": {"no_such": 1}},
        {"interval_seconds": -5},
        {"tick": "x"},
        {"waiting": [{"change": "exploded"}]},
    ],
)
def test_content_that_makes_no_detector_is_refused(change: dict[str, object]) -> None:
    """A valid checksum over nonsense is still a corrupt snapshot."""
    header, arrays = snapshot.decode(trained()[0].dump())

    with pytest.raises(SnapshotCorruptError):
        Detector.load(snapshot.encode({**header, **change}, arrays))


def test_a_header_that_is_no_json_is_refused() -> None:
    """A checksum that matches does not make a header readable."""
    body = struct.pack("<Q", 3) + b"{x}"

    with pytest.raises(SnapshotCorruptError):
        snapshot.decode(
            struct.pack("<8sI32s", b"HEBBSNAP", 1, hashlib.sha256(body).digest()) + body
        )


def test_arrays_come_back_writable_and_exact() -> None:
    """Every dtype, shape and bit returns, NaN payloads and subnormals too."""
    arrays = {
        "a": np.array([[np.nan, -0.0, 5e-324], [np.inf, 1e308, 1.1]]),
        "b": np.zeros((2, 0), np.uint32),
        "c": np.arange(6, dtype=np.uint8).reshape(1, 2, 3),
    }

    header, read = snapshot.decode(snapshot.encode({"x": 0.1}, arrays))

    assert header == {"x": 0.1}
    for name, array in arrays.items():
        assert read[name].tobytes() == array.tobytes()
        assert read[name].shape == array.shape
        assert read[name].flags.writeable


def test_a_snapshot_of_format_1_continues() -> None:
    """Before format 2 the samples seen were not counted apart: those learnt stand in."""
    detector, world = trained()
    header, arrays = snapshot.decode(detector.dump())

    older = Detector.load(snapshot.encode(header, {**arrays, "moments": arrays["moments"][:-1]}))

    assert_array_equal(
        older.run(world.frames[1000:]).score, detector.run(world.frames[1000:]).score
    )
