"""Partitions in step: in order of time, nothing lost, nobody overtaken."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.merging import Merged, Merger
from daemon.records import InputPartition, RecordBatch
from daemon.spans import Spans

A, B = InputPartition("metrics", 0), InputPartition("metrics", 1)


def batch(partition: InputPartition, first: int, times: list[int]) -> RecordBatch:
    """Make a batch whose values say where they are from."""
    values = [b"%d/%d" % (partition.partition, first + n) for n in range(len(times))]
    return RecordBatch(
        partition=partition,
        offsets=np.arange(first, first + len(times), dtype=np.int64),
        timestamps=np.array(times, np.int64),
        keys=Spans.of([None] * len(times)),
        values=Spans.of(values),
        next_offset=first + len(times),
    )


def told(merged: Merged) -> list[bytes | None]:
    """List the values in order."""
    return [
        merged.batches[number].values[row]
        for number, row in zip(merged.batch.tolist(), merged.row.tolist(), strict=True)
    ]


def test_the_one_ahead_waits() -> None:
    """Until the others have come as far; what is over is handed out in order of time."""
    merger = Merger()
    merger.add(batch(A, 0, [10, 20, 30, 40]))

    alone = merger.take([A, B])
    merger.add(batch(B, 7, [15, 25]))
    together = merger.take([A, B])
    rest = merger.take([A])

    assert told(alone) == []
    assert told(together) == [b"0/0", b"1/7", b"0/1", b"1/8"]
    assert together.positions == {A: 2, B: 9}
    assert told(rest) == [b"0/2", b"0/3"]
    assert rest.positions == {A: 4}
    assert merger.held == {}


def test_order_within_a_partition_is_kept() -> None:
    """Though times step back, or are missing."""
    merger = Merger()
    merger.add(batch(A, 0, [20, 10, -1]))
    merger.add(batch(A, 3, [15, 30]))
    merger.add(batch(B, 0, [25]))

    assert told(merger.take([])) == [b"0/0", b"0/1", b"0/2", b"0/3", b"1/0", b"0/4"]


def test_what_is_forgotten_is_not_handed_out() -> None:
    """The partition is another's."""
    merger = Merger()
    merger.add(batch(A, 0, [1]))
    merger.add(batch(B, 0, [2]))

    merger.forget([A])

    assert merger.held == {B: 1}
    assert told(merger.take([])) == [b"1/0"]


@pytest.mark.parametrize("seed", range(5))
def test_in_any_delivery_every_record_comes_once_and_no_time_steps_back(seed: int) -> None:
    """As long as each partition's own times do not, and all are waited for."""
    rng = np.random.default_rng(seed)
    merger, out = Merger(), []
    at, times = (
        {A: 0, B: 0},
        {A: np.cumsum(rng.integers(0, 5, 300)), B: np.cumsum(rng.integers(0, 9, 300))},
    )
    positions = {A: 0, B: 0}
    while any(done < 300 for done in positions.values()):
        partition = (A, B)[int(rng.integers(2))]
        first, last = at[partition], min(300, at[partition] + int(rng.integers(1, 40)))
        if first < last:
            merger.add(batch(partition, first, times[partition][first:last].tolist()))
            at[partition] = last
        merged = merger.take([each for each in (A, B) if at[each] < 300])
        positions.update(merged.positions)
        out += told(merged)

    moments = [int(times[(A, B)[int(n)]][int(o)]) for n, o in ((v or b"").split(b"/") for v in out)]
    assert len(set(out)) == len(out) == 600
    assert moments == sorted(moments)
