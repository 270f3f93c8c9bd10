"""Events of several trackers in one order, and results without what nobody needs."""

from __future__ import annotations

import numpy as np

from daemon.pipeline import PartitionPipeline
from daemon.told import in_order, last_details
from streams import PARTITION, record_batch, related, sections, wide_records


def test_results_keep_every_verdict_and_the_last_details() -> None:
    """A long block costs no memory per series and row."""
    pipeline = PartitionPipeline(PARTITION, sections())
    pipeline.process(record_batch(wide_records(related(seed=1, ticks=20))))
    detector = pipeline.groups["cart"].detector
    result = detector.run(related(seed=2, ticks=30))

    kept = last_details(result)

    assert len(kept.score) == 30
    np.testing.assert_array_equal(kept.evidence, result.evidence[-1:])
    assert kept.evidence.base is None


def test_events_of_one_tracker_stay_as_they_are_and_several_go_by_time() -> None:
    """At the same tick the first tracker's come first."""
    values = related(seed=5, ticks=900, break_at=700)
    pipeline = PartitionPipeline(PARTITION, sections())
    first, second, *_ = pipeline.process(record_batch(wide_records(values))).events

    assert in_order([first, second], []) == (first, second)
    assert in_order([second], [first]) == (first, second)
    assert in_order([], []) == ()
