"""What a partition starts with, what is saved, and what a failing store does to the service."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Any, Literal

import pytest

from daemon.assigned import EngineLimits
from daemon.checkpoints import Checkpoints, Kept, order_of
from daemon.engine import Engine
from daemon.errors import CheckpointError, StateStoreError
from daemon.files.states import FileStates
from daemon.http.health import HealthState
from daemon.keeper import Keeper
from daemon.mailbox import Heard
from daemon.pipeline import PartitionPipeline, PipelineOutput
from daemon.ports import Pieces, StateStore, StoredState
from daemon.published import Ahead
from daemon.records import Channel, InputPartition, RecordBatch
from daemon.snapshots import Origin, decode, encode
from daemon.telemetry import Telemetry
from fakes import Assign, FakeClock, FakeSink, FakeSource, Lose, Revoke
from fakes import Step as ScriptStep
from simulation import Inline
from streams import PARTITION, record_batch, related, sections, wide_records


@dataclass
class FullDisk:
    """A store that cannot be written to until it is mended."""

    inner: StateStore
    full: bool = True
    name: str = "disk"

    def stored(self, partition: InputPartition) -> list[StoredState]:
        """List what is there."""
        return self.inner.stored(partition)

    def save(self, partition: InputPartition, order: tuple[int, int], pieces: Pieces) -> None:
        """Refuse, or save."""
        if self.full:
            msg = "no space left on device"
            raise StateStoreError(msg)
        self.inner.save(partition, order, pieces)

    def close(self) -> None:
        """Nothing to release."""


def make(
    folder: Path,
    script: list[ScriptStep],
    on_refused: Literal["stop", "forget"] = "stop",
    **changes: object,
) -> Engine:
    """Build an engine that keeps its state in a folder."""
    clock, sink = FakeClock(), FakeSink()
    telemetry = Telemetry(clock, "hash")
    parts = sections(**{"framing": {"idle_timeout": "60s"}} | changes)
    return Engine(
        source=FakeSource(script, clock),
        sink=sink,
        clock=clock,
        sections=parts,
        telemetry=telemetry,
        health=HealthState(clock),
        checkpoints=Checkpoints(
            [Keeper(FileStates(folder, 2), 0.1)],
            sink,
            parts,
            clock,
            telemetry,
            on_refused=on_refused,
            pool=Inline(),
        ),
    )


def checkpoints_of(engine: Engine) -> Checkpoints:
    """Return those of an engine that has some."""
    assert engine.checkpoints is not None
    return engine.checkpoints


def batches(count: int, first: int = 0, size: int = 3) -> list[ScriptStep]:
    """Consecutive record batches of one partition, each followed by a poll without any."""
    values = wide_records(related(seed=1, ticks=(first + count) * size))
    steps: list[ScriptStep] = []
    for at in range(first, first + count):
        steps += [record_batch(values[at * size : (at + 1) * size], at * size), None]
    return steps


def test_a_second_process_goes_on_where_the_first_one_stopped(tmp_path: Path) -> None:
    """Without any committed offset: the one inside the state is the truth."""
    make(tmp_path, [Assign((PARTITION,)), *batches(4)]).run(lambda: False)
    second = make(tmp_path, [Assign((PARTITION,)), *batches(2, first=3)])

    second.run(lambda: False)

    assert second.telemetry.value("restores_total") == 1
    assert second.telemetry.value("records_total", "metrics", "0") == 3
    assert isinstance(second.source, FakeSource)
    assert second.source.committed[PARTITION] == 15


def test_metrics_that_got_other_names_go_on(tmp_path: Path) -> None:
    """With a rename from the new name to the learnt one nothing is forgotten."""
    make(tmp_path, [Assign((PARTITION,)), *batches(4)]).run(lambda: False)
    values = [value.replace(b'"m', b'"n') for value in wide_records(related(seed=1, ticks=18))[12:]]
    renamed = [record_batch(values, 12), None]
    rename = {f"n{index}": f"m{index}" for index in range(6)}
    second = make(tmp_path, [Assign((PARTITION,)), *renamed], series={"rename": rename})
    seen: list[tuple[int, list[str]]] = []

    def look() -> bool:
        for owned in second.partitions.values():
            for group in owned.pipeline.groups.values():
                names = [series.name for series in group.members]
                seen.append((group.detector.tick, names))
        return False

    second.run(look)

    assert second.telemetry.value("restores_total") == 1
    assert seen[-1][0] > seen[0][0] > 0
    assert seen[-1][1] == seen[0][1]
    assert all(name.startswith("m") for name in seen[-1][1])


def test_what_was_said_is_saved_before_it_is_answered(tmp_path: Path) -> None:
    """A process that is killed right after the answer has not forgotten what it was told."""
    made = make(tmp_path, [Assign((PARTITION,)), *batches(8)])
    answers: list[Future[Heard]] = []
    found: list[tuple[int, int]] = []

    def killed() -> bool:
        groups = [group for owned in made.partitions.values() for group in owned.pipeline.groups]
        if not answers and groups:
            (group,) = groups
            answers.append(made.mailbox.send(PARTITION, group, lambda each: (each.new_trend(),)))
        elif answers and answers[0].done():
            stored = FileStates(tmp_path, 2).stored(PARTITION)
            latest = max(stored, key=lambda each: each.order)
            capture, _ = decode(latest.read(), PARTITION, made.sections.shape)
            (restored,) = PartitionPipeline.restored(capture, made.sections).groups.values()
            reached = made.partitions[PARTITION].pipeline.next_offset
            found.append((len(restored.detector.notes), capture.next_offset - reached))
            return True
        return False

    checkpoints_of(made).keepers[0].interval = 1e9  # nothing else is written
    made.run(killed)

    assert answers[0].result(0).saved
    assert found == [(1, 0)]
    assert made.telemetry.value("feedback_total", "NEW_TREND") == 1


def test_only_what_is_saved_is_committed(tmp_path: Path) -> None:
    """A full disk stops the commits, not the service; it is not ready and says why, then mends."""
    made = make(tmp_path, [Assign((PARTITION,)), *batches(6)])
    disk = FullDisk(FileStates(tmp_path, 2))
    checkpoints_of(made).keepers[0] = Keeper(disk, 0.1)
    assert isinstance(made.source, FakeSource)
    seen: list[tuple[bool, dict[InputPartition, int]]] = []

    def look() -> bool:
        state = {check.name: check for check in made.health.readiness()}["state"]
        assert isinstance(made.source, FakeSource)
        seen.append((state.ok, dict(made.source.committed)))
        disk.full = len(seen) < 8
        return False

    made.run(look)

    assert (False, {}) in seen
    assert all(not committed for ok, committed in seen if not ok)
    assert seen[-1][0]
    assert made.source.committed[PARTITION] == 18
    assert made.telemetry.value("checkpoints_total", "disk", "failure") > 0


def test_a_lost_partition_is_dropped_without_writing(tmp_path: Path) -> None:
    """Another member owns it by now: what was not saved is not saved any more."""
    made = make(tmp_path, [Assign((PARTITION,)), batches(1)[0], Lose((PARTITION,))])
    checkpoints_of(made).keepers[0].interval = 1e9

    made.run(lambda: False)

    stored = FileStates(tmp_path, 2).stored(PARTITION)
    assert [each.order for each in stored] == [(0, 0)]


def test_a_revoked_partition_is_saved_before_it_goes(tmp_path: Path) -> None:
    """The next owner finds all of it."""
    made = make(tmp_path, [Assign((PARTITION,)), batches(1)[0], Revoke((PARTITION,))])
    checkpoints_of(made).keepers[0].interval = 1e9

    made.run(lambda: False)

    assert max(each.order for each in FileStates(tmp_path, 2).stored(PARTITION)) == (3, 0)
    assert isinstance(made.source, FakeSource)
    assert made.source.committed[PARTITION] == 3


def contradictory(data: bytes) -> bytes:
    """Write it whole, with a group that lacks a series which its detector knows."""
    capture, origin = decode(data, PARTITION, sections().shape)
    short = replace(capture.groups[0], members=capture.groups[0].members[:-1])
    return encode(replace(capture, groups=[short]), origin)


@pytest.mark.parametrize("spoil", [lambda data: data[:-9], contradictory])
def test_a_bad_one_gives_way_to_the_one_before(
    tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    """It is set aside with its reason, and what comes after is saved again."""
    make(tmp_path, [Assign((PARTITION,)), *batches(4)]).run(lambda: False)
    latest = max(FileStates(tmp_path, 2).stored(PARTITION), key=lambda each: each.order)
    Path(latest.place).write_bytes(spoil(latest.read()))
    second = make(tmp_path, [Assign((PARTITION,)), *batches(5)])

    second.run(lambda: False)

    assert second.telemetry.value("checkpoints_refused_total") == 1
    assert second.telemetry.value("restores_total") == 1
    assert max(e.order for e in FileStates(tmp_path, 2).stored(PARTITION))[0] == 15


def test_when_none_can_be_used_it_stops_or_forgets_as_told(tmp_path: Path) -> None:
    """Other groups make the state meaningless: by default nothing is forgotten silently."""
    make(tmp_path, [Assign((PARTITION,)), *batches(4)]).run(lambda: False)
    other: dict[str, Any] = {"grouping": {"group_by": []}}

    with pytest.raises(CheckpointError, match=r"grouping.group_by changed.*1 groups and 6 series"):
        make(tmp_path, [Assign((PARTITION,))], **other).run(lambda: False)
    forgetful = make(tmp_path, [Assign((PARTITION,)), *batches(5)], "forget", **other)
    forgetful.run(lambda: False)

    assert forgetful.telemetry.value("restores_total") == 0
    assert forgetful.telemetry.value("records_total", "metrics", "0") == 15
    assert max(e.order for e in FileStates(tmp_path, 2).stored(PARTITION))[0] == 15


def test_published_events_are_found_from_the_position_in_the_state(tmp_path: Path) -> None:
    """What another process published since the checkpoint is withheld from the replay."""
    values = wide_records(related(seed=5, ticks=1600, break_at=1400))
    story = [record_batch(values[at : at + 100], at) for at in range(0, 1600, 100)]
    first = make(tmp_path, [Assign((PARTITION,)), *story[:14], None])
    first.run(lambda: False)
    assert isinstance(first.sink, FakeSink)
    crashed = make(tmp_path, [Assign((PARTITION,)), *story])
    checkpoints_of(crashed).keepers[0] = Keeper(FullDisk(FileStates(tmp_path, 2)), 1e9)
    crashed.run(lambda: False)
    assert isinstance(crashed.sink, FakeSink)
    published = [m for m in crashed.sink.messages if m.channel is Channel.EVENTS]
    third = make(tmp_path, [Assign((PARTITION,)), *story])
    assert isinstance(third.sink, FakeSink)
    third.sink.messages.extend([replace(m) for m in published])

    third.run(lambda: False)

    assert published
    assert [m for m in third.sink.messages if m.channel is Channel.EVENTS] == published
    assert third.telemetry.value("events_withheld_total") == len(published)


def crowd(ticks: int, groups: int = 5) -> list[ScriptStep]:
    """Batches of several groups, one tick each."""
    values = [
        wide_records(related(seed=each, ticks=ticks), f"service-{each}") for each in range(groups)
    ]
    return [record_batch([part[tick] for part in values], tick * groups) for tick in range(ticks)]


def test_a_copy_in_slices_is_the_state_at_its_place(tmp_path: Path) -> None:
    """The partition goes on while it is copied, and what is written is one of its past states."""
    slow = make(tmp_path / "slow", [Assign((PARTITION,)), *crowd(40)])
    slow.limits = EngineLimits(copy_seconds=-1.0)
    written: dict[tuple[int, int], bytes] = {}
    disk = checkpoints_of(slow).keepers[0].store

    class Noting(FullDisk):
        def save(self, partition: InputPartition, order: tuple[int, int], pieces: Pieces) -> None:
            written[order] = b"".join(pieces)
            disk.save(partition, order, pieces)

    checkpoints_of(slow).keepers[0] = Keeper(Noting(disk), 0.0)

    slow.run(lambda: False)

    parts = slow.sections
    pipeline = PartitionPipeline(PARTITION, parts)
    states = {}
    for step in crowd(40):
        assert isinstance(step, RecordBatch)
        pipeline.process(step)
        states[order_of(pipeline)] = encode(pipeline.capture(), Origin())
    steps = [order for order in written if order in states]
    assert len(steps) > 4
    for order in steps:
        capture, _ = decode(written[order], PARTITION, parts.shape)
        assert encode(capture, Origin()) == states[order]


def test_a_copy_under_way_is_given_up_with_its_partition(tmp_path: Path) -> None:
    """What another member owns by now is not written, however much of it is copied."""
    made = make(tmp_path, [Assign((PARTITION,)), *crowd(6), None, Lose((PARTITION,))])
    made.limits = EngineLimits(copy_seconds=-1.0)
    checkpoints_of(made).keepers[0].interval = 0.4  # only the turn without records takes time

    made.run(lambda: False)

    assert [each.order[0] for each in FileStates(tmp_path, 9).stored(PARTITION)] == [0]
    assert not checkpoints_of(made).busy


def test_a_hand_over_does_not_wait_for_a_disk_that_hangs(tmp_path: Path) -> None:
    """Its time ends; what is not saved is repaired by a replay, and the write still counts."""
    disk, released = FullDisk(FileStates(tmp_path, 2), full=False), Event()

    class Hanging(FullDisk):
        def save(self, partition: InputPartition, order: tuple[int, int], pieces: Pieces) -> None:
            released.wait(20.0)
            disk.save(partition, order, pieces)

    made = make(tmp_path, [])
    checkpoints = checkpoints_of(made)
    checkpoints.keepers[0] = Keeper(Hanging(disk.inner), 0.0)
    checkpoints.pool = None
    kept = Kept(PartitionPipeline(PARTITION, made.sections), Ahead())
    kept.pipeline.process(record_batch(wide_records(related(seed=1, ticks=9))))
    checkpoints.start([kept])
    checkpoints.fix_places()
    checkpoints.advance(1.0)

    in_time = checkpoints.save([kept], seconds=0.05)
    released.set()
    checkpoints.close()

    assert in_time == {}
    assert checkpoints.finished() == {PARTITION: (9, 0)}
    assert not checkpoints.busy


def test_a_checkpoint_is_rested_from_as_long_as_it_took(tmp_path: Path) -> None:
    """A disk that needs longer than the interval gets a third of the time, not all of it."""
    made = make(tmp_path, [])
    checkpoints = checkpoints_of(made)
    assert isinstance(made.clock, FakeClock)
    clock: FakeClock = made.clock
    disk = checkpoints.keepers[0].store

    class Slow(FullDisk):
        def save(self, partition: InputPartition, order: tuple[int, int], pieces: Pieces) -> None:
            clock.advance(7.0)
            disk.save(partition, order, pieces)

    checkpoints.keepers[0] = Keeper(Slow(disk), 5.0)
    kept = Kept(PartitionPipeline(PARTITION, made.sections), Ahead())
    kept.pipeline.process(record_batch(wide_records(related(seed=1, ticks=9))))
    checkpoints.start([kept])
    checkpoints.fix_places()
    checkpoints.advance(1.0)
    checkpoints.finished()

    clock.advance(13.0)
    early = checkpoints.due
    clock.advance(1.0)

    assert (early, checkpoints.due) == (False, True)


def test_the_writer_gives_way_while_records_are_worked_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And only then: what the engine itself waits for is written at full speed."""
    made = make(tmp_path, [Assign((PARTITION,)), *batches(3)])
    checkpoints, process, seen = checkpoints_of(made), PartitionPipeline.process, list[bool]()

    def watched(pipeline: PartitionPipeline, batch: RecordBatch) -> PipelineOutput:
        seen.append(checkpoints._quiet.is_set())
        return process(pipeline, batch)

    monkeypatch.setattr(PartitionPipeline, "process", watched)
    made.run(lambda: False)

    # Before the first record its beginning is saved, by the engine itself.
    assert seen == [True, False, False]
    assert checkpoints._quiet.is_set()
