"""Which of several stored states is gone on with, and what is said of the others."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from daemon.newest_state import newest_usable
from daemon.pipeline import PartitionPipeline
from daemon.ports import StoredState
from daemon.snapshots import Origin, encode
from streams import PARTITION, record_batch, related, sections, wide_records


def contradictory(pipeline: PartitionPipeline) -> bytes:
    """Write a state whole and well-formed in which a group lacks a series that its detector has."""
    capture = pipeline.capture()
    group = capture.groups[0]
    short = replace(group, members=group.members[:-1])
    return encode(replace(capture, groups=[short, *capture.groups[1:]]), Origin())


def stored(order: int, data: bytes) -> StoredState:
    """Keep a state in memory; one without bytes cannot be read."""

    def read() -> bytes:
        if not data:
            msg = "the disk is gone"
            raise OSError(msg)
        return data

    return StoredState((order, 0), f"state {order}", read, partial(Path.unlink, Path("none")))


def states() -> tuple[bytes, bytes]:
    """Return a good state, and a later one that decodes and makes no pipeline."""
    pipeline = PartitionPipeline(PARTITION, sections())
    values = wide_records(related(seed=1, ticks=40))
    pipeline.process(record_batch(values[:20], 0))
    good = encode(pipeline.capture(), Origin(version="1"))
    pipeline.process(record_batch(values[20:], 20))
    return good, contradictory(pipeline)


def test_the_latest_that_makes_a_pipeline_is_taken() -> None:
    """Past one that cannot be read, one torn, and one that contradicts itself; in any order."""
    good, contradiction = states()
    rows = [stored(10, good), stored(40, contradiction), stored(50, b""), stored(45, b"torn")]

    usable, refused = newest_usable(rows, PARTITION, sections())

    assert usable is not None
    assert usable.stored.order == (10, 0)
    assert usable.pipeline.next_offset == usable.capture.next_offset == 20
    assert usable.origin.version == "1"
    assert [each.stored.order[0] for each in refused] == [50, 45, 40]
    assert str(refused[0]) == "state 50: the disk is gone"
    assert "not a snapshot" in refused[1].reason
    assert "knows other series than the group" in refused[2].reason


@pytest.mark.parametrize("count", [0, 1])
def test_none_is_usable(count: int) -> None:
    """Nothing stored, or nothing that can be used: no state, and every reason."""
    rows = [stored(1, b"torn")] * count

    usable, refused = newest_usable(rows, PARTITION, sections())

    assert usable is None
    assert len(refused) == count


@pytest.mark.parametrize(("made_for", "refused_for"), [(3, [1, 4]), (0, [])])
def test_a_seed_is_for_one_number_of_partitions(made_for: int, refused_for: list[int]) -> None:
    """With another its groups come elsewhere; one that does not say what it is for will do."""
    capture = replace(PartitionPipeline(PARTITION, sections()).capture(), next_offset=-1)
    rows = [stored(0, encode(capture, Origin(partitions=made_for)))]

    found = {
        count: newest_usable(rows, PARTITION, sections(), {PARTITION.topic: count}.__getitem__)
        for count in (1, 3, 4)
    }

    assert [count for count, (usable, _) in found.items() if usable is None] == refused_for
    reasons = [refused[0].reason for _, refused in found.values() if refused]
    assert all(f"--partitions {made_for}, and topic" in reason for reason in reasons)


def test_the_state_of_a_service_may_meet_any_number() -> None:
    """It goes on while its topic grows; nobody is asked."""
    good, _ = states()
    unknown: dict[str, int] = {}

    usable, _ = newest_usable([stored(20, good)], PARTITION, sections(), unknown.__getitem__)

    assert usable is not None


def test_states_before_the_usable_one_are_not_read() -> None:
    """They may be large, and are nobody's business."""
    good, _ = states()

    usable, refused = newest_usable([stored(1, b""), stored(20, good)], PARTITION, sections())

    assert usable is not None
    assert refused == []
