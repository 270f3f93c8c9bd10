"""What the engine knows of a partition: whether there is anything to save."""

from __future__ import annotations

from daemon.assigned import Assigned, EngineLimits, Owing, positions_of
from daemon.checkpoints import Kept
from daemon.pipeline import PartitionPipeline
from daemon.published import Ahead
from streams import PARTITION, record_batch, related, sections, wide_records


def test_moves_with_records_and_with_idle_frames() -> None:
    """Before the first record there is nothing to save; after it whatever is not saved yet."""
    owned = Assigned(Kept(PartitionPipeline(PARTITION, sections()), Ahead()), last_record=0.0)
    before = owned.moved

    owned.pipeline.process(record_batch(wide_records(related(seed=1, ticks=3))))
    after = owned.moved
    owned.kept.saved = (3, 0)
    saved = owned.moved
    owned.pipeline.close_idle()

    assert (before, after, saved, owned.moved) == (False, True, False, True)


def test_a_partition_has_a_position_from_its_first_record_on() -> None:
    """Before it there is none to commit."""
    owned = Assigned(Kept(PartitionPipeline(PARTITION, sections()), Ahead()), last_record=0.0)
    before = positions_of({PARTITION: owned})

    owned.pipeline.process(record_batch(wide_records(related(seed=1, ticks=3))))

    assert (before, positions_of({PARTITION: owned})) == ({}, {PARTITION: 3})


def test_without_a_stop_under_way_the_drain_time_is_whole() -> None:
    """Tests and replays have no stop request."""
    assert EngineLimits().drain_seconds() == 8.0


def test_the_output_owes_from_the_first_flush_in_vain_on() -> None:
    """Until one succeeds, which is said as well."""
    owing = Owing()

    before = owing.seconds(5.0)
    returned = [owing.note(10.0, flushed=False), owing.note(20.0, flushed=False)]
    during = owing.seconds(25.0)
    returned.append(owing.note(30.0, flushed=True))

    assert (before, during, owing.seconds(40.0)) == (0.0, 15.0, 0.0)
    assert returned == [False, False, True]
