"""What the world may do to the service: it stays up, says so where it matters, and goes on.

A full disk at a checkpoint is in test_checkpoints.py; readers of the API that are slow or gone are
in http/test_stream.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from daemon.assigned import EngineLimits
from daemon.checkpoints import Checkpoints
from daemon.engine import Engine
from daemon.files.states import FileStates
from daemon.http.health import BEAT_SECONDS_MAX, HealthState
from daemon.keeper import Keeper
from daemon.records import Channel, InputPartition, Message, RecordBatch
from daemon.telemetry import Telemetry
from fakes import Assign, FakeClock, FakeSink, FakeSource, Outage, Return
from fakes import Step as ScriptStep
from simulation import Inline
from streams import PARTITION, record_batch, related, sections, wide_records

TICKS, SIZE = 1600, 20


@dataclass
class World:
    """An engine over fakes with its state on a disk, and what was seen of it each turn."""

    folder: Path
    script: list[ScriptStep]
    sink: FakeSink = field(default_factory=FakeSink)
    clock: FakeClock = field(default_factory=FakeClock)
    unacked_max: int = 20_000
    seen: list[dict[str, bool]] = field(default_factory=list)
    backlogs: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        telemetry, parts = Telemetry(self.clock, "hash"), sections()
        self.source = FakeSource(self.script, self.clock)
        self.store = FileStates(self.folder, 2)
        self.engine = Engine(
            source=self.source,
            sink=self.sink,
            clock=self.clock,
            sections=parts,
            telemetry=telemetry,
            health=HealthState(self.clock),
            limits=EngineLimits(unacked_max=self.unacked_max, idle_timeout=60.0),
            checkpoints=Checkpoints(
                [Keeper(self.store, 5.0)], self.sink, parts, self.clock, telemetry, pool=Inline()
            ),
        )

    def run(self, each_turn: Callable[[int], None] = lambda _: None) -> None:
        """Run to the end of the script; `each_turn` is told the number of the turn."""

        def look() -> bool:
            self.seen.append({check.name: check.ok for check in self.engine.health.readiness()})
            self.backlogs.append(self.sink.backlog)
            each_turn(len(self.seen))
            return False

        self.engine.run(look)

    @property
    def events(self) -> list[Message]:
        """What was published, incidents only."""
        return [each for each in self.sink.messages if each.channel is Channel.EVENTS]

    @property
    def saved(self) -> int:
        """Offset of the latest state on the disk."""
        return max(each.order[0] for each in self.store.stored(PARTITION))


def story() -> list[ScriptStep]:
    """Batches with a relation that breaks towards the end."""
    values = wide_records(related(seed=5, ticks=TICKS, break_at=1400))
    return [record_batch(values[at : at + SIZE], at) for at in range(0, TICKS, SIZE)]


@pytest.fixture
def calm(tmp_path: Path) -> World:
    """Return a run that nothing happens to."""
    world = World(tmp_path / "calm", [Assign((PARTITION,)), *_paced(story())])
    world.run()
    assert len(world.events) >= 2
    assert world.saved == TICKS
    return world


def _paced(steps: list[ScriptStep]) -> list[ScriptStep]:
    """Put a turn without records behind each batch, so that time passes."""
    return [each for step in steps for each in (step, None)]


def test_the_broker_is_away_for_minutes(calm: World, tmp_path: Path) -> None:
    """Not ready, no commit and no frame closed as idle; then all goes on as if nothing had been."""
    steps = _paced(story())
    away = [Outage(), *[None] * 600, Return()]  # five minutes
    world = World(tmp_path / "away", [Assign((PARTITION,)), *steps[:80], *away, *steps[80:]])
    commits: list[int] = []

    world.run(lambda turn: commits.append(len(world.source.commits)))

    outage = slice(80 + 60, 80 + 600)
    assert not any(turn["input"] for turn in world.seen[outage])
    assert all(turn["state"] and turn["loop"] for turn in world.seen[outage])
    assert len(set(commits[outage])) == 1
    assert world.seen[-1] == dict.fromkeys(world.seen[-1], True)
    assert world.events == calm.events
    assert world.saved == TICKS


def test_a_slow_broker_costs_bounded_memory(calm: World, tmp_path: Path) -> None:
    """Reading pauses at the bound, the service says so, and nothing is lost once it answers."""
    world = World(tmp_path / "slow", [Assign((PARTITION,)), *_paced(story())], unacked_max=5)
    world.engine.sections = sections(output={"scores": True})
    world.engine.checkpoints = None  # it would wait for each message by itself

    def broker(turn: int) -> None:
        world.sink.held = turn % 40 != 0
        if not world.sink.held:
            world.sink.flush(0.0)

    world.run(broker)
    world.sink.held = False
    world.sink.flush(0.0)

    assert max(world.backlogs) <= 5 + 3 * SIZE
    assert any(not turn["output"] for turn in world.seen)
    assert world.seen[-1]["loop"]
    assert world.engine.telemetry.value("producer_unacked_records") <= 5 + 3 * SIZE
    assert [each.value for each in world.events] == [each.value for each in calm.events]


def test_a_state_folder_that_cannot_be_written(calm: World, tmp_path: Path) -> None:
    """It works on without commits, not ready; when the folder is mended, it saves again."""
    world = World(tmp_path / "state", [Assign((PARTITION,)), *_paced(story())])
    place = tmp_path / "state" / PARTITION.topic / str(PARTITION.partition)
    aside = tmp_path / "aside"

    def disk(turn: int) -> None:
        if turn == 20:
            place.replace(aside)
            place.write_text("no folder any more")
        if turn == 100:
            place.unlink()
            aside.replace(place)

    world.run(disk)

    failures = world.engine.telemetry.value("checkpoints_total", "disk", "failure")
    assert failures > 0
    assert not any(turn["state"] for turn in world.seen[45:95])
    assert all(turn["input"] and turn["loop"] for turn in world.seen[45:95])
    assert world.seen[-1]["state"]
    assert world.events == calm.events
    assert world.saved == TICKS


@pytest.mark.parametrize("jump", [-3600.0, 86_400.0], ids=["back an hour", "on a day"])
def test_the_wall_clock_jumps(calm: World, tmp_path: Path, jump: float) -> None:
    """No decision depends on it: same events, same states, ready all along."""
    world = World(tmp_path / "jumps", [Assign((PARTITION,)), *_paced(story())])

    world.run(lambda turn: world.clock.jump(jump) if turn in (50, 51, 90) else None)

    assert world.events == calm.events
    assert world.seen == calm.seen
    assert world.source.commits == calm.source.commits
    stored, expected = (
        {each.order: each.read() for each in one.store.stored(PARTITION)} for one in (world, calm)
    )
    assert stored == expected


def test_a_partition_that_stops_is_told(tmp_path: Path) -> None:
    """Records wait, the broker answers, nothing comes: not ready, counted; over when it moves."""
    steps = _paced(story())
    world = World(
        tmp_path / "stuck", [Assign((PARTITION,)), *steps[:40], *[None] * 200, *steps[40:]]
    )
    other = InputPartition("metrics", 7)
    told: list[float] = []

    def broker(turn: int) -> None:
        world.source.lags = {PARTITION: 1000 - turn if turn < 40 else 960, other: 5}
        told.append(world.engine.telemetry.value("partitions_stuck"))

    world.run(broker)

    assert told[40 + 100] == 0.0
    assert set(told[40 + 125 : 40 + 195]) == {1.0}
    assert not any(turn["input"] for turn in world.seen[40 + 125 : 40 + 195])
    assert told[-1] == 0.0
    assert world.seen[-1]["input"]


def test_restoring_for_minutes_is_no_hanging_loop(tmp_path: Path) -> None:
    """Whoever asks whether the service lives would end it, and it would begin anew for ever."""
    world = World(tmp_path, [Assign((PARTITION,))])
    alive: list[bool] = []

    def restore() -> None:
        for _ in range(4):
            world.clock.sleep(90.0)
            alive.append(world.engine.health.alive().ok)

    world.engine.prepared = restore

    world.run()

    assert alive == [True, True, True, False]
    world.clock.sleep(BEAT_SECONDS_MAX + 1.0)
    assert not world.engine.health.alive().ok


def test_a_topic_made_anew_goes_on_with_what_was_learnt(calm: World, tmp_path: Path) -> None:
    """Its offsets begin again below those of the states there are, which give way to new ones."""
    steps = [step for step in story() if isinstance(step, RecordBatch)]
    anew = [_renumbered(step, at * SIZE) for at, step in enumerate(steps[50:])]
    world = World(tmp_path / "anew", [Assign((PARTITION,)), *_paced([*steps[:50], *anew])])

    world.run()
    after = World(tmp_path / "anew", [Assign((PARTITION,)), None])
    reached: list[tuple[int, int]] = []

    def look(_turn: int) -> None:
        for each in after.engine.partitions.values():
            tick = each.pipeline.groups["cart"].detector.copy().tick
            reached.append((each.pipeline.next_offset, tick))

    after.run(look)

    assert all(turn["state"] for turn in world.seen[1:])
    assert len(world.events) == len(calm.events)
    assert world.saved == SIZE * len(anew) < SIZE * 50
    assert world.source.committed[PARTITION] == world.saved
    assert reached[-1][0] == world.saved
    assert reached[-1][1] > TICKS - 10


def _renumbered(batch: RecordBatch, first: int) -> RecordBatch:
    """Put records at other offsets; they keep their times."""
    offsets = first + np.arange(len(batch.values), dtype=np.int64)
    return replace(batch, offsets=offsets, next_offset=first + len(batch.values))
