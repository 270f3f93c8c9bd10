"""A group follows its members."""

from __future__ import annotations

import numpy as np

from daemon.events import State
from daemon.pipeline import PartitionPipeline
from shown import broken_world
from streams import PARTITION, record_batch, related, sections, wide_records


def test_who_leaves_is_gone_and_who_joins_comes_last() -> None:
    """In the detector and among the members alike."""
    values = related(seed=1, ticks=30)
    values[:20, 5] = np.nan
    values[2:, 1] = np.nan
    pipeline = PartitionPipeline(PARTITION, sections(framing={"retention": "5m"}))

    pipeline.process(record_batch(wide_records(values)))
    pipeline.close_idle()

    (group,) = pipeline.groups.values()
    assert [series.name for series in group.members] == ["m0", "m2", "m3", "m4", "m5"]
    assert group.detector.series == tuple(series.key for series in group.members)


def test_what_is_open_can_be_told_without_an_event() -> None:
    """Under the id of the last event, and nothing of the incident moves."""
    world = broken_world()
    group = world.pipeline.groups["a"]
    (known,) = world.model.view.incidents.values()
    before = group.tracker.dump()

    ((event, told),) = group.standing()

    assert (event.event_id, told) == (known.latest.event_id, known.event_count)
    assert event.state is State.UPDATE
    assert group.tracker.current is not None
    assert event.peak_score == group.tracker.current.peak
    assert group.tracker.dump() == before
    assert world.pipeline.groups["b"].standing() == []


def test_rhythms_follow_their_series_while_nobody_is_missed() -> None:
    """Members may change while silence is off; when it is on again each has its own rhythm."""
    values = related(seed=1, ticks=60, series=7)
    values[:30, 6] = np.nan
    values[30:, 1] = np.nan
    records, retention = wide_records(values), {"retention": "5m"}
    on, off = ({"silence": {"enabled": enabled}} for enabled in (True, False))
    pipeline = PartitionPipeline(PARTITION, sections(framing=retention, incidents=on))
    pipeline.process(record_batch(records[:30]))

    without = sections(framing=retention, incidents=off)
    pipeline = PartitionPipeline.restored(pipeline.capture(), without)
    pipeline.process(record_batch(records[30:], 30))
    again = sections(framing=retention, incidents=on)
    (group,) = PartitionPipeline.restored(pipeline.capture(), again).groups.values()

    assert group.silence.presence.keys == tuple(series.key for series in group.members)
    assert group.silence.presence.born.tolist() == [0] * 5 + [-1]
