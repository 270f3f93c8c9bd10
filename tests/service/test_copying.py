"""Copies are taken in order, a slice at a time, and given up with their partition."""

from __future__ import annotations

from daemon.copying import Copy, Copying, Steps
from daemon.pipeline import PartitionPipeline
from daemon.records import InputPartition
from daemon.roster import Rosters
from daemon.snapshots import Origin
from fakes import FakeClock
from streams import record_batch, related, sections, wide_records

FIRST, SECOND = InputPartition("metrics", 0), InputPartition("metrics", 1)


def copying(groups: int) -> Copying:
    """Begin copies of two partitions with groups each."""
    made = Copying()
    parts = sections()
    for partition in (FIRST, SECOND):
        pipeline = PartitionPipeline(partition, parts)
        for each in range(groups):
            values = wide_records(related(seed=each, ticks=4), f"service-{each}")
            pipeline.process(record_batch(values, each * 4))
        pipeline.close_idle()
        made.add([Copy(pipeline.cut(at_once=False), Origin(), (groups * 4, 0), Rosters())])
    return made


def test_a_slice_is_one_group_when_there_is_no_time() -> None:
    """A partition comes out when its last group is copied, then the next one is begun."""
    made = copying(groups=3)

    slices = [[c.partition for c in made.advance(-1.0, FakeClock())] for _ in range(7)]

    assert slices == [[], [], [FIRST], [], [], [SECOND], []]
    assert len(made) == 0


def test_with_time_all_are_complete_at_once() -> None:
    """Nobody waits for a turn that is not needed."""
    assert [c.partition for c in copying(groups=3).advance(1.0, FakeClock())] == [FIRST, SECOND]


def test_what_is_given_up_does_not_come_out() -> None:
    """The others do."""
    made = copying(groups=2)
    list(made.advance(-1.0, FakeClock()))

    made.forget([FIRST])

    assert [c.partition for c in made.advance(1.0, FakeClock())] == [SECOND]


def test_partitions_are_dealt_into_four_steps_at_most() -> None:
    """In order; who is another's meanwhile is left out, and another deal begins anew."""
    places = [InputPartition("metrics", number) for number in range(9)]
    steps: Steps[int] = Steps()

    steps.deal({place: place.partition for place in places})
    steps.forget([places[4]])
    taken = []
    while len(steps):
        taken.append(steps.take())
    steps.deal({FIRST: 7})

    assert taken == [[0, 1, 2], [3, 5, 6], [7, 8]]
    assert steps.take() == [7]
