"""Events of several trackers in one order."""

from __future__ import annotations

from daemon.pipeline import PartitionPipeline
from daemon.told import in_order
from streams import PARTITION, record_batch, related, sections, wide_records


def test_events_of_one_tracker_stay_as_they_are_and_several_go_by_time() -> None:
    """At the same tick the first tracker's come first."""
    values = related(seed=5, ticks=900, break_at=700)
    pipeline = PartitionPipeline(PARTITION, sections())
    first, second, *_ = pipeline.process(record_batch(wide_records(values))).events

    assert in_order([first, second], []) == (first, second)
    assert in_order([second], [first]) == (first, second)
    assert in_order([], []) == ()
