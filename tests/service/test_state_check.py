"""What a start would make of the state on the disk is said before, and nothing is touched."""

from __future__ import annotations

from pathlib import Path

from daemon.checkpoints import order_of
from daemon.files.states import FileStates
from daemon.pipeline import PartitionPipeline
from daemon.records import InputPartition
from daemon.snapshots import Origin, encode
from daemon.state_check import Verdict, check_folder
from streams import PARTITION, record_batch, related, sections, wide_records

OTHER = InputPartition("metrics", 12)


def filled(folder: Path) -> FileStates:
    """Leave two states of each of two partitions."""
    parts = sections()
    store = FileStates(folder / parts.application_id, 2)
    for partition in (PARTITION, OTHER):
        pipeline = PartitionPipeline(partition, parts)
        values = wide_records(related(seed=1, ticks=40))
        for at in (0, 20):
            pipeline.process(record_batch(values[at : at + 20], at))
            store.save(partition, order_of(pipeline), [encode(pipeline.capture(), Origin())])
    return store


def test_what_goes_on_is_counted(tmp_path: Path) -> None:
    """By partition, in order of their numbers; knobs may change."""
    filled(tmp_path)

    found = check_folder(str(tmp_path), sections(incidents={"trigger": 1.3}))

    assert found == [
        Verdict(each, next_offset=40, groups=1, series=6) for each in (PARTITION, OTHER)
    ]


def test_what_would_be_forgotten_is_named_with_the_change(tmp_path: Path) -> None:
    """Old value, new value, groups and series; the files stay as they are."""
    store = filled(tmp_path)
    before = [each.place for each in store.stored(PARTITION)]

    first, _ = check_folder(str(tmp_path), sections(grouping={"group_by": []}))
    slower, _ = check_folder(str(tmp_path), sections(framing={"interval": "5m"}))

    assert 'grouping.group_by was ["service"], is []' in first.reason
    assert "1 groups and 6 series" in first.reason
    assert "framing.interval was 60.0, is 300.0" in slower.reason
    assert [each.place for each in store.stored(PARTITION)] == before


def test_an_older_one_stands_in_for_a_torn_one(tmp_path: Path) -> None:
    """As at a start; when all are torn, the newest one's reason is told."""
    store = filled(tmp_path)
    newest, oldest = sorted(store.stored(OTHER), key=lambda each: each.order, reverse=True)
    Path(newest.place).write_bytes(b"torn")

    stood_in = check_folder(str(tmp_path), sections())[1]
    Path(oldest.place).write_bytes(b"torn")
    none = check_folder(str(tmp_path), sections())[1]

    assert (stood_in.next_offset, stood_in.reason) == (20, "")
    assert "not a snapshot" in none.reason


def test_other_knobs_that_need_other_sizes_are_told(tmp_path: Path) -> None:
    """Those detectors go on with the ones they have."""
    filled(tmp_path)

    found = check_folder(str(tmp_path), sections(detector={"subspace": {"components_max": 3}}))

    assert [(each.old_knobs, each.reason) for each in found] == [(1, ""), (1, "")]


def test_a_folder_without_state_is_empty_and_stays_away(tmp_path: Path) -> None:
    """Looking makes nothing."""
    assert check_folder(str(tmp_path / "none"), sections()) == []
    assert not (tmp_path / "none").exists()
