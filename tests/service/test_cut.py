"""A copy taken group by group while the partition goes on is the state at the place of the cut."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.pipeline import PartitionPipeline
from daemon.snapshots import Origin, encode
from messy import SETTINGS, messy_batch, messy_records
from streams import PARTITION, sections


@pytest.mark.parametrize("seed", range(3))
def test_equals_a_copy_taken_at_once(seed: int) -> None:
    """Whatever is copied early, late, before a change or after a group is gone."""
    rng = np.random.default_rng(seed)
    records = messy_records(seed, 200)
    pipeline = PartitionPipeline(PARTITION, sections(**SETTINGS))
    at, unfinished = 0, 0
    while at < len(records):
        end = min(len(records), at + int(rng.integers(1, 60)))
        pipeline.process(messy_batch(records, at, end))
        cut, expected = pipeline.cut(at_once=False), encode(pipeline.capture(), Origin())
        at = end
        while not cut.complete and at < len(records) and rng.random() < 0.8:
            end = min(len(records), at + int(rng.integers(1, 60)))
            pipeline.process(messy_batch(records, at, end))
            at = end
            if rng.random() < 0.3:
                cut.take_one()
        unfinished += not cut.complete

        assert encode(cut.whole(), Origin()) == expected
    assert unfinished


def test_a_later_cut_leaves_the_earlier_one_alone() -> None:
    """A copy at once may come in between, and the one under way stays what it was."""
    records = messy_records(5, 120)
    pipeline = PartitionPipeline(PARTITION, sections(**SETTINGS))
    half = len(records) // 2
    pipeline.process(messy_batch(records, 0, half))
    cut, expected = pipeline.cut(at_once=False), encode(pipeline.capture(), Origin())

    for at in range(half, len(records)):
        pipeline.process(messy_batch(records, at, at + 1))
        pipeline.capture()

    assert encode(cut.whole(), Origin()) == expected
    assert cut.head.next_offset == half


def test_one_that_is_given_up_copies_no_more() -> None:
    """The partition goes on without it, and the next one is whole."""
    records = messy_records(6, 120)
    pipeline = PartitionPipeline(PARTITION, sections(**SETTINGS))
    half = len(records) // 2
    pipeline.process(messy_batch(records, 0, half))
    cut = pipeline.cut(at_once=False)
    cut.take_one()

    cut.give_up()
    pipeline.process(messy_batch(records, half, len(records)))

    assert cut.complete
    assert cut.whole().groups == []
    assert pipeline.cut(at_once=False).whole().groups
