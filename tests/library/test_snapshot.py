"""Snapshots: exact, plain, and refused when damaged."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from generators import coupled, trained, wild
from hebbstream import (
    Detector,
    DetectorParams,
    SnapshotCorruptError,
    SnapshotError,
    SnapshotVersionError,
    snapshot,
)
from hebbstream.kernels import layout as at
from hebbstream.settings import SUBSPACE_RULES


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


@pytest.mark.parametrize("rule", [*SUBSPACE_RULES])
def test_what_any_rule_has_learnt_is_read(rule: str) -> None:
    """Whatever a rule keeps beside the components comes back, weights below 0 as well."""
    world = coupled(1, 2000, 7)
    params = DetectorParams.model_validate({"subspace": {"rule": rule}})
    detector = Detector(world.names, params)
    for start in range(0, 1500, 250):
        detector.run(world.frames[start : start + 250])
        assert Detector.load(detector.dump()).dump() == detector.dump()
    loaded = Detector.load(detector.dump())

    one, other = detector.run(world.frames[1500:]), loaded.run(world.frames[1500:])

    assert_array_equal(one.score, other.score)
    assert loaded.dump() == detector.dump()


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


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_bytes_of_any_kind_are_read(kind: Callable[[bytes], memoryview]) -> None:
    """A driver of a database hands over its own kind of bytes; text is named for what it is."""
    data = Detector("ab").dump()

    assert Detector.load(kind(data)).dump() == data
    with pytest.raises(TypeError, match="'str'"):
        Detector.load(data.hex())  # type: ignore[arg-type]


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
        {"series": "abcdefg"},
        {"series": list(range(7))},
        {"tick": -1},
        {"tick": 1.5},
        {"tick": 2**63},
        {"interval_seconds": 10**400},
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


def test_text_is_written_as_json_whatever_is_in_it() -> None:
    """Half a surrogate pair cannot be UTF-8, and names may have one."""
    for texts in (["a", 'say "hi"', "\u00e9", "\U0001f600"], ["a", "\ud800"], []):
        assert json.loads(snapshot.as_json(texts).encode()) == texts


def spoil(name: str, place: int | tuple[int, int], number: float) -> bytes:
    """Make a snapshot whose checksum is right, with one impossible number in an array."""
    header, arrays = snapshot.decode(trained()[0].dump())
    arrays[name][place] = number
    return snapshot.encode(header, arrays)


@pytest.mark.parametrize(
    ("name", "place", "number"),
    [
        ("ends", (1, 0), 7),
        ("ends", (1, 0), 0),
        ("ends", (0, 0), 2**32 - 1),
        ("linked", 0, 9),
        ("activity", (at.DEGREE, 0), 99),
        ("activity", (at.ACTIVITY_COUNT, 0), -1),
        ("values", (at.SPREAD, 0), -1),
        ("status", at.PENDING, at.PAIR_BLOCK_TICKS),
        ("status", at.PENDING, -1),
        ("status", at.PENDING, 1.5),
        ("totals", at.COMPONENTS, 17),
        ("totals", at.COMPONENTS, -1),
        ("components", (at.AGE, 0), -1),
        ("residual", (0, 0), -1),
        ("moments", (at.COUNT, 0), -1),
        ("moments", (at.LOW, 0), 1e9),
        ("clock", (at.CLOCK_COUNT, 0), -1),
        ("gate", at.PACE, 0),
        ("gate", at.LEVEL_PACE, -1),
        ("gate", at.LEFT_USUAL, -1),
        ("tails", (at.TAIL_ALERT, at.TOP), at.BINS),
        ("tails", (at.TAIL_ALERT, at.TOP), 0.5),
        ("tails", (at.TAIL_ALERT, at.INCREMENT), 0),
        ("histograms", (0, 0), -1),
        ("moments", (at.MEAN, 0), np.nan),
        ("weights", (0, 0), np.inf),
    ],
)
def test_what_no_detector_can_have_learnt_is_refused(
    name: str, place: int | tuple[int, int], number: float
) -> None:
    """Kernels index unchecked: a number that would lead them astray never gets there."""
    data = spoil(name, place, number)

    with pytest.raises(SnapshotCorruptError, match="does not make a detector"):
        Detector.load(data)


@pytest.mark.parametrize("ticks", [1, 90, 400, 1500])
def test_any_state_that_was_reached_is_read(ticks: int) -> None:
    """Whatever bad input a detector saw, and whoever joined or left, its own snapshot is sound."""
    frames = wild(9, ticks, 7)
    detector = Detector("abcdefg")
    detector.run(frames)
    detector.remove_series("c")
    detector.add_many(["x", "y"])
    detector.run(wild(8, 100, 8))

    assert Detector.load(detector.dump()).dump() == detector.dump()
