"""The loop: what is committed when, what a rebalance hands over, and how it stops."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from daemon.assigned import EngineLimits
from daemon.checkpoints import Checkpoints
from daemon.engine import Engine
from daemon.errors import SinkError
from daemon.files.states import FileStates
from daemon.http.health import HealthState
from daemon.keeper import Keeper
from daemon.pipeline import PartitionPipeline
from daemon.pipeline_sections import PipelineSections
from daemon.records import Channel, InputPartition, Message, RecordBatch
from daemon.telemetry import Telemetry
from fakes import Assign, FakeClock, FakeSink, FakeSource, Lose, Outage, Return, Revoke
from fakes import Step as ScriptStep
from streams import PARTITION, record_batch, related, sections, wide_records

OTHER = InputPartition("metrics", 1)


def engine(script: list[ScriptStep], limits: EngineLimits | None = None) -> Engine:
    """Build an engine over fakes that share a clock."""
    clock = FakeClock()
    return Engine(
        source=FakeSource(script, clock),
        sink=FakeSink(),
        clock=clock,
        sections=sections(framing={"idle_timeout": "60s"}),
        telemetry=Telemetry(clock, "hash"),
        health=HealthState(clock),
        limits=limits or EngineLimits(),
    )


def fakes(made: Engine) -> tuple[FakeSource, FakeSink]:
    """Return the fakes of an engine by their own types."""
    assert isinstance(made.source, FakeSource)
    assert isinstance(made.sink, FakeSink)
    return made.source, made.sink


def batches(count: int, size: int = 3) -> list[ScriptStep]:
    """Consecutive record batches of one partition."""
    values = wide_records(related(seed=1, ticks=count * size))
    return [record_batch(values[at * size : (at + 1) * size], at * size) for at in range(count)]


def never() -> bool:
    """Do not stop by request."""
    return False


def test_commits_what_is_published_and_closes() -> None:
    """At the end everything is sent, the reached position is committed, both ends are closed."""
    made = engine([Assign((PARTITION,)), *batches(4)])
    source, sink = fakes(made)

    made.run(never)

    assert source.committed[PARTITION] == 12
    assert source.closed
    assert sink.closed
    assert made.telemetry.value("samples_framed_total") == 12 * 6
    assert made.telemetry.value("commits_total", "success") >= 1
    assert source.prefetched == [1, 1, 1, 1]  # at the last batch of each turn


def test_the_first_partition_waits_for_what_it_needs() -> None:
    """The group is joined while kernels are loaded; no pipeline is made before they are."""
    made = engine([None, Assign((PARTITION,)), *batches(1)])
    begun: list[str] = []

    def make(partition: InputPartition, given: PipelineSections) -> PartitionPipeline:
        begun.append("made")
        return PartitionPipeline(partition, given)

    made.make, made.prepared = make, lambda: begun.append("prepared")

    made.run(never)

    assert begun == ["prepared", "made"]


def test_nothing_is_committed_while_output_is_unacknowledged() -> None:
    """A position moves only after what it led to has been acknowledged."""
    made = engine([Assign((PARTITION,)), *batches(2)])
    source, sink = fakes(made)
    sink.held = True

    made.run(never)

    assert PARTITION not in source.committed


def test_an_output_that_owes_acknowledgements_for_long_is_not_ready() -> None:
    """However few: nothing is saved meanwhile, so a crash would read all of it again."""
    made = engine([Assign((PARTITION,)), *batches(1), *[None] * 80])
    _, sink = fakes(made)
    sink.held = True
    ready: list[bool] = []

    def look() -> bool:
        ready.extend(check.ok for check in made.health.readiness() if check.name == "output")
        if len(ready) == 70:
            sink.held = False
        return False

    made.run(look)

    assert (ready[2], ready[69], ready[-1]) == (True, False, True)


def test_an_output_that_gives_up_stops_the_engine() -> None:
    """A failed flush is raised, counted, and nothing is committed past it."""
    made = engine([Assign((PARTITION,)), *batches(2)])
    source, sink = fakes(made)
    sink.fail_next = "no room"

    with pytest.raises(SinkError, match="no room"):
        made.run(never)

    assert source.committed == {}
    assert source.closed
    assert made.telemetry.value("producer_errors_total") == 1


def test_refused_messages_are_counted() -> None:
    """What the output cannot take at all shows in the metrics."""
    made = engine([Assign((PARTITION,)), *batches(1)])
    _, sink = fakes(made)
    sink.refusals["too_large"] = 3

    made.run(never)

    assert made.telemetry.value("messages_refused_total", "too_large") == 3


def test_what_cannot_be_handed_over_is_not_saved_later(tmp_path: Path) -> None:
    """What it led to may never be seen, so a checkpoint under way goes on without it."""
    made = engine([])
    _, sink = fakes(made)
    keeper = Keeper(FileStates(tmp_path, 2), 1e9)
    made.checkpoints = checkpoints = Checkpoints(
        [keeper], sink, made.sections, made.clock, made.telemetry
    )
    made.assigned([PARTITION])
    owned = made.partitions[PARTITION]
    (batch,) = batches(1)
    assert isinstance(batch, RecordBatch)
    owned.pipeline.process(batch)
    sink.held = True
    sink.send([Message(Channel.EVENTS, b"g", b"1")])
    checkpoints.start([owned.kept])

    made.revoked([PARTITION])

    assert not checkpoints.wants_place
    assert not checkpoints.busy
    assert list(keeper.store.stored(PARTITION)) == []


def test_revoked_partitions_hand_their_position_over() -> None:
    """On a revoke the position is committed and the state is gone; others go on."""
    made = engine([Assign((PARTITION, OTHER)), *batches(2), Revoke((PARTITION,)), None])
    source, _ = fakes(made)

    made.run(never)

    assert source.commits[0] == {PARTITION: 6}
    assert made.telemetry.value("rebalances_total", "revoked") == 2


def test_a_rebalance_that_hands_a_partition_back_keeps_what_was_learnt() -> None:
    """Another member joins: what stays here goes on where it was, what left and returns is new."""
    first, second, third = batches(3)
    made = engine(
        [
            *(Assign((PARTITION,)), first, Revoke((PARTITION,)), Assign((PARTITION,)), second),
            *(
                Revoke((PARTITION,)),
                Assign((OTHER,)),
                Revoke((OTHER,)),
                Assign((PARTITION,)),
                third,
            ),
        ]
    )
    seen: list[PartitionPipeline] = []
    made.observe = lambda pipeline, _: seen.append(pipeline)

    made.run(never)

    assert seen[0] is seen[1]
    assert seen[1] is not seen[2]


def test_what_went_to_another_member_is_not_gone_on_with() -> None:
    """A share of none ends what was parked: when the partition comes back it begins anew."""
    first, second = batches(2)
    moved = (Revoke((PARTITION,)), Assign(()), Assign((PARTITION,)))
    made = engine([Assign((PARTITION,)), first, *moved, second])
    seen: list[PartitionPipeline] = []
    made.observe = lambda pipeline, _: seen.append(pipeline)

    made.run(never)

    assert seen[0] is not seen[1]
    assert made.health.readiness()[2].ok


def test_while_partitions_are_shared_out_nobody_is_heard_and_what_is_held_is_shown() -> None:
    """What is not here may be on its way, so no letter is answered that it is not."""
    (first,) = batches(1)
    wait: list[ScriptStep] = [None] * 4
    script = [*wait, Assign((PARTITION,)), first, *wait, Revoke((PARTITION,)), *wait]
    made = engine([*script, Assign((PARTITION,)), *wait])
    letter = made.mailbox.send(PARTITION, "nothing", lambda detector: detector.notes)
    shown: list[tuple[bool, int, bool]] = []

    def note(pipelines: Sequence[PartitionPipeline], now: float, *, settled: bool) -> None:
        shown.append((settled, len(pipelines), letter.done()))

    made.refresh = note

    made.run(never)

    turns = [turn for turn, before in zip(shown, [None, *shown], strict=False) if turn != before]
    assert turns == [(False, 0, False), (True, 1, True), (False, 1, True), (True, 1, True)]


def test_lost_partitions_commit_nothing() -> None:
    """What another member owns already is forgotten without a word."""
    made = engine([Assign((PARTITION,)), *batches(1), Lose((PARTITION,)), None])
    source, _ = fakes(made)

    made.run(never)

    assert source.committed == {}


def test_reading_pauses_at_the_bound_and_goes_on_below_it() -> None:
    """Too many unacknowledged messages pause the source, not the loop."""
    made = engine([Assign((PARTITION,)), *batches(3)], EngineLimits(unacked_max=1))
    source, sink = fakes(made)
    sink.held = True
    turns: list[bool] = []

    def release_after_a_while() -> bool:
        turns.append(source.paused)
        if len(turns) == 8:
            sink.held = False
            sink.flush(0)
        return False

    made.run(release_after_a_while)

    assert any(turns)
    assert not source.paused
    assert source.committed[PARTITION] == 9


def test_a_quiet_partition_has_its_frames_closed() -> None:
    """Without records for the idle timeout, open frames are closed, if the broker answers."""
    limits = EngineLimits(idle_timeout=60.0)
    quiet: list[ScriptStep] = [None] * 200
    made = engine([Assign((PARTITION,)), *batches(1), *quiet], limits)

    made.run(lambda: made.telemetry.value("frames_total") >= 3)

    assert made.telemetry.value("frames_total") == 3
    assert 55 <= made.clock.monotonic() <= 65


def test_a_quiet_partition_is_closed_beside_a_busy_one() -> None:
    """The idle timeout counts per partition, however much the others bring."""
    limits = EngineLimits(idle_timeout=60.0)
    (quiet,) = batches(1)
    busy = [
        replace(each, partition=OTHER) for each in batches(100) if isinstance(each, RecordBatch)
    ]
    made = engine([Assign((PARTITION, OTHER)), quiet, *busy], limits)
    clock = made.clock
    assert isinstance(clock, FakeClock)
    pending: list[int] = []

    def each_turn_takes_a_second() -> bool:
        clock.advance(1.0)
        owned = made.partitions.get(PARTITION)
        pending.append(-1 if owned is None else owned.pipeline.pending)
        return False

    made.run(each_turn_takes_a_second)

    assert pending[10] > 0
    assert pending[80] == 0


def test_an_outage_is_no_silence() -> None:
    """While the broker does not answer, nothing is closed for being idle."""
    limits = EngineLimits(idle_timeout=60.0)
    quiet: list[ScriptStep] = [None] * 300
    made = engine([Assign((PARTITION,)), *batches(1), Outage(), *quiet, Return()], limits)
    source, _ = fakes(made)
    checks: list[bool] = []

    def until_the_return() -> bool:
        checks.append({c.name: c.ok for c in made.health.readiness()}["input"])
        return len(source._steps) <= 1

    made.run(until_the_return)

    assert made.telemetry.value("frames_total") < 3
    assert False in checks[50:]


@pytest.mark.parametrize(("timeout", "turns"), [(60.0, 300), (4.0, 20)])
def test_what_waited_through_an_outage_is_not_late(timeout: float, turns: int) -> None:
    """A partition is quiet when the broker answers for that long and brings nothing."""
    ticks = related(seed=1, ticks=3)
    first, second = ticks.copy(), ticks[2:].copy()
    first[2, 3:], second[0, :3] = np.nan, np.nan
    rest = wide_records(np.vstack([np.full((2, 6), np.nan), second]))[2:]
    away: list[ScriptStep] = [Outage(), *[None] * turns, Return(), None]
    script = [Assign((PARTITION,)), record_batch(wide_records(first)), *away, record_batch(rest, 3)]
    made = engine(script, EngineLimits(idle_timeout=timeout))

    made.run(never)

    assert made.telemetry.value("samples_framed_total") == 18
    assert made.telemetry.value("samples_dropped_total", "late") == 0


def test_heartbeats_name_partition_and_position() -> None:
    """Each minute a partition's heartbeat says how far it has come."""
    quiet: list[ScriptStep] = [None] * 130
    made = engine([Assign((PARTITION,)), *batches(1), *quiet])
    _, sink = fakes(made)

    made.run(never)

    beats = [m for m in sink.messages if m.channel is Channel.HEARTBEAT]
    assert [beat.key for beat in beats] == [b"metrics/0"] * 2
    assert json.loads(beats[-1].value)["next_offset"] == 3


def test_a_heartbeat_before_the_first_sample_has_no_watermark() -> None:
    """Nothing read yet is told as null, not as a time of 1970."""
    made = engine([Assign((PARTITION,)), None])
    _, sink = fakes(made)

    made.run(never)

    (beat,) = [m for m in sink.messages if m.channel is Channel.HEARTBEAT]
    assert json.loads(beat.value)["watermark"] is None


def test_heartbeats_can_be_switched_off() -> None:
    """Without the output no heartbeat is sent."""
    made = engine([Assign((PARTITION,)), *batches(1)])
    _, sink = fakes(made)
    off = made.sections.output.model_copy(update={"heartbeat": False})
    made.sections = replace(made.sections, output=off)

    made.run(never)

    assert [m for m in sink.messages if m.channel is Channel.HEARTBEAT] == []


def test_stops_when_asked() -> None:
    """A request to stop ends the loop at the next turn, and what was read is committed."""
    made = engine([Assign((PARTITION,)), *batches(50)])
    source, _ = fakes(made)
    asked: Callable[[], bool] = iter([False, False, False, True]).__next__

    made.run(asked)

    assert source.committed[PARTITION] == 6
