"""One row of a block as plain values and back."""

from __future__ import annotations

import json
from dataclasses import fields

import numpy as np
import pytest

from daemon.moments import Moment
from daemon.pipeline import PartitionPipeline
from hebbstream import BROKEN_DTYPE, Detector
from streams import PARTITION, record_batch, related, sections, wide_records


def moment(row: int) -> Moment:
    """Take a row of a block of six series."""
    pipeline = PartitionPipeline(PARTITION, sections())
    (step,) = pipeline.process(record_batch(wide_records(related(1, 30)))).steps
    members = pipeline.groups["cart"].members
    result = Detector([series.key for series in members]).run(step.block.frames)
    return Moment(step.block, result, members, row)


def test_comes_back_as_a_block_of_one_row() -> None:
    """Tick, watermark, values and verdict of the row are the same, through JSON."""
    one = moment(12)

    other = Moment.load(json.loads(json.dumps(one.dump())), "cart", one.members)

    assert (other.row, other.tick) == (0, one.tick)
    assert other.result.first_tick == one.result.first_tick + 12
    assert other.block.watermarks[0] == one.block.watermarks[12]
    np.testing.assert_array_equal(other.block.frames[0], one.block.frames[12])
    np.testing.assert_array_equal(other.result.scale[0], one.result.scale[12])


def test_alone_it_holds_nothing_that_others_share() -> None:
    """What is told of the row is the same, and every array is as long as the row."""
    one = moment(12)
    one.result.broken[12] = np.zeros(2, BROKEN_DTYPE)
    one.result.elevated[11] = np.zeros(6, np.int64)

    alone = one.alone()

    assert alone.dump() == one.dump()
    assert (alone.row, alone.tick) == (0, one.tick)
    assert alone.result.broken == {0: one.result.broken[12]}
    assert alone.result.elevated == {}
    for part in (alone.block, alone.result):
        for each in fields(part):
            value = getattr(part, each.name)
            assert not isinstance(value, np.ndarray) or value.base is None, each.name


def test_does_not_fit_other_members() -> None:
    """A row of six values is none of a group of five."""
    one = moment(3)

    with pytest.raises(ValueError, match="does not fit"):
        Moment.load(one.dump(), "cart", one.members[:5])
