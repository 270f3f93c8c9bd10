"""A partition's state as bytes: exact at every place, canonical, refused when it does not fit."""

from __future__ import annotations

import struct
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from daemon.errors import CheckpointError
from daemon.pipeline import PartitionPipeline
from daemon.pipeline_sections import PipelineSections
from daemon.records import InputPartition, Message
from daemon.snapshots import KIND, Origin, decode, encode
from hebbstream import SnapshotCorruptError, SnapshotVersionError, snapshot
from messy import SETTINGS, messy_batch, messy_records
from streams import PARTITION, sections

GOLDEN = Path(__file__).parents[1] / "data" / "snapshots" / "partition-1.bin"
GOLDEN_RECORDS = 700


@cache
def settings() -> PipelineSections:
    """Return the sections of the messy stream."""
    return sections(**SETTINGS)


def state_of(pipeline: PartitionPipeline) -> bytes:
    """Write a pipeline's state, without anything about its writer."""
    return encode(pipeline.capture(), Origin())


def restored(data: bytes) -> PartitionPipeline:
    """Make a pipeline from bytes."""
    capture, _ = decode(data, PARTITION, settings().shape)
    return PartitionPipeline.restored(capture, settings())


def by_key(parts: list[list[Message]]) -> dict[tuple[str, bytes | None], list[Message]]:
    """Part messages as topics do: their order is kept for each channel and key."""
    kept: dict[tuple[str, bytes | None], list[Message]] = {}
    for message in (message for part in parts for message in part):
        kept.setdefault((message.channel, message.key), []).append(message)
    return kept


def feed(
    pipeline: PartitionPipeline, records: list[bytes], places: list[int]
) -> list[list[Message]]:
    """Process records in batches that end at `places`; returns each batch's messages."""
    return [
        pipeline.process(messy_batch(records, first, last)).messages
        for first, last in pairwise(places)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_goes_on_bit_for_bit_wherever_it_was_taken(seed: int) -> None:
    """Restored at many places, cut otherwise: equal message bytes and equal state bytes."""
    rng = np.random.default_rng(seed)
    records = messy_records(seed, 300)
    places = [0, *np.unique(rng.integers(1, len(records), 60)).tolist(), len(records)]
    straight, hopping = (PartitionPipeline(PARTITION, settings()) for _ in range(2))

    for first, last in pairwise(places):
        expected = feed(straight, records, [first, last])
        middle = int(rng.integers(first, last + 1))
        hopping = restored(state_of(hopping))
        parts = feed(hopping, records, [first, middle]) + feed(hopping, records, [middle, last])

        assert by_key(parts) == by_key(expected)
        assert state_of(hopping) == state_of(straight)

    assert hopping.close_idle().messages == straight.close_idle().messages
    assert state_of(hopping) == state_of(straight)


@pytest.mark.slow
def test_an_open_incident_goes_on() -> None:
    """Taken in the middle of incidents of each kind, the rest of each is told with its id."""
    records = messy_records(1, 400)
    pipeline = PartitionPipeline(PARTITION, settings())
    seen: set[str] = set()

    for first in range(0, len(records), 40):
        feed(pipeline, records, [first, min(first + 40, len(records))])
        pipeline = restored(state_of(pipeline))
        for group in pipeline.groups.values():
            seen |= group.incidents_open.keys()

    assert seen >= {"level", "relation", "silence"}


def test_a_group_that_ends_is_resolved_after_a_restore() -> None:
    """The last frame of an open incident is part of the state: its resolve has equal bytes."""
    records = messy_records(1, 400)
    pipeline = PartitionPipeline(PARTITION, settings())
    feed(pipeline, records, [0, 2700])
    other = restored(state_of(pipeline))
    open_ones = [group.incidents_open for group in pipeline.groups.values()]

    ends = [
        [event for group in each.groups.values() for event in group.end()]
        for each in (pipeline, other)
    ]

    assert {"silence": 1} in open_ones
    assert ends[0] == ends[1]
    assert ends[0]


def test_tells_who_wrote_it_and_how_far_the_output_was() -> None:
    """Version, build, output position and events that are ahead come back as given."""
    origin = Origin("1.0", "abc", {"numpy": "2"}, {"0": 17}, {"id": "digest"})

    data = encode(PartitionPipeline(PARTITION, settings()).capture(closing=True), origin)

    capture, read = decode(data, PARTITION, settings().shape)
    assert read == origin
    assert capture.closing
    assert capture.next_offset == -1


@pytest.mark.parametrize("place", [0, 8, 20, 60, 500, -1])
def test_a_damaged_one_is_refused(place: int) -> None:
    """Wherever a byte is changed, or the end is cut off, nothing is restored."""
    data = bytearray(state_of(PartitionPipeline(PARTITION, settings())))
    data[place] ^= 1

    for damaged in (bytes(data), bytes(data[:-3]), b""):
        with pytest.raises((SnapshotCorruptError, SnapshotVersionError)):
            decode(damaged, PARTITION, settings().shape)


def test_a_newer_format_is_refused_with_both_numbers() -> None:
    """An older version says what it can read."""
    data = bytearray(state_of(PartitionPipeline(PARTITION, settings())))
    struct.pack_into("<I", data, 8, KIND.format + 1)

    with pytest.raises(SnapshotVersionError, match=f"format {KIND.format + 1} is newer"):
        decode(bytes(data), PARTITION, settings().shape)


def test_other_settings_are_refused_with_what_would_be_forgotten() -> None:
    """The message names the settings that changed, and how much was learnt with the old ones."""
    pipeline = PartitionPipeline(PARTITION, settings())
    feed(pipeline, messy_records(1, 60), [0, 200])
    data = state_of(pipeline)
    changed = sections(**SETTINGS | {"framing": {"interval": "30s"}})

    with pytest.raises(CheckpointError, match=r"framing.interval changed.*2 groups and 10 series"):
        decode(data, PARTITION, changed.shape)
    with pytest.raises(CheckpointError, match="that of metrics/0"):
        decode(data, InputPartition("metrics", 1), settings().shape)


def test_other_knobs_keep_what_is_learnt() -> None:
    """Alert budget, lateness and incident windows may change without forgetting anything."""
    pipeline = PartitionPipeline(PARTITION, settings())
    feed(pipeline, messy_records(1, 60), [0, 200])
    changed = sections(
        **SETTINGS
        | {
            "detector": {"alert_budget_per_day": 1},
            "incidents": {"recover_after": 9},
            "framing": {"interval": "60s", "lateness": "10s"},
        }
    )

    capture, _ = decode(state_of(pipeline), PARTITION, changed.shape)
    other = PartitionPipeline.restored(capture, changed)

    assert other.groups["cart"].detector.tick == pipeline.groups["cart"].detector.tick > 0
    assert other.groups["cart"].detector.params.alert_budget_per_day == 1


def test_content_that_contradicts_itself_is_refused() -> None:
    """A checksum says nothing about sense: members that are no series make no pipeline."""
    pipeline = PartitionPipeline(PARTITION, settings())
    feed(pipeline, messy_records(1, 60), [0, 200])
    header, arrays = snapshot.decode(state_of(pipeline), KIND)
    arrays["framed_members"] = arrays["framed_members"] + 100

    with pytest.raises(SnapshotCorruptError):
        restored(snapshot.encode(header, arrays, KIND))


def golden_state() -> PartitionPipeline:
    """Learn what the golden file of format 1 holds."""
    pipeline = PartitionPipeline(PARTITION, settings())
    feed(pipeline, messy_records(7, 120), [0, GOLDEN_RECORDS])
    return pipeline


def test_reads_the_golden_file_of_format_1() -> None:
    """A file written when format 1 was new is read and goes on, whatever has changed since."""
    pipeline = restored(GOLDEN.read_bytes())

    outputs = feed(pipeline, messy_records(7, 120), [GOLDEN_RECORDS, 900])

    assert pipeline.next_offset == 900
    assert pipeline.old_knobs == 2  # its detectors are of a format with fewer knobs
    assert {len(group.members) for group in pipeline.groups.values()} == {5}
    assert all(group.detector.tick > 60 for group in pipeline.groups.values())
    assert len(outputs) == 1
