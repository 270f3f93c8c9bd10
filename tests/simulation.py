"""A service that crashes, under a broker and a disk that do not: everything drawn from one seed.

A `World` holds what outlives a process: input, events, committed offsets, state files. A `Life` is
one process on it, ended by a crash before a drawn step, a sink that gives up, or the input's end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from daemon.assigned import EngineLimits
from daemon.checkpoints import Checkpoints, Keeper
from daemon.engine import Engine
from daemon.errors import SinkError
from daemon.files.states import FileStates
from daemon.http.health import HealthState
from daemon.pipeline_sections import PipelineSections
from daemon.ports import AssignmentListener
from daemon.records import Channel, InputPartition, Message, RecordBatch
from daemon.snapshots import Origin, decode, encode
from daemon.telemetry import Telemetry
from fakes import FakeClock
from messy import SETTINGS, messy_batch, messy_records
from streams import sections

PARTITIONS = (InputPartition("metrics", 0), InputPartition("metrics", 1))
TICKS = 110
#: The input falls quiet here, for long enough that open frames are closed as idle.
QUIET_AT = 600
QUIET_SECONDS = 120.0
STATE_SECONDS = 5.0


class CrashError(BaseException):
    """The process is gone: nothing of it runs on."""


@cache
def simulated_sections() -> PipelineSections:
    """Return the sections every life runs with."""
    return sections(**SETTINGS)


@cache
def story(seed: int) -> tuple[list[bytes], ...]:
    """Make the input of each partition."""
    return tuple(messy_records(seed * 10 + each.partition, TICKS) for each in PARTITIONS)


class Inline(Executor):
    """Runs what it is given at once, so that a seed repeats."""

    def submit(self, fn: Callable[..., Any], /, *args: object, **kwargs: object) -> Future[Any]:
        """Run it; what it raises is in the future."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - as an executor does
            future.set_exception(error)
        return future


@dataclass
class World:
    """What outlives a process."""

    folder: Path
    records: tuple[list[bytes], ...]
    events: list[Message] = field(default_factory=list)
    committed: dict[InputPartition, int] = field(default_factory=dict)
    released: set[InputPartition] = field(default_factory=set)
    withheld: int = 0

    def state(self, partition: InputPartition) -> bytes:
        """Read the latest state of a partition, without who wrote it."""
        stored = max(FileStates(self.folder, 2).stored(partition), key=lambda each: each.order)
        capture, _ = decode(stored.read(), partition, simulated_sections().shape)
        return encode(capture, Origin())

    def told(self) -> dict[tuple[str, int], list[bytes]]:
        """Return the events of each group and partition in order, the first of equal ones only."""
        kept: dict[tuple[str, int], dict[bytes, None]] = {}
        for message in self.events:
            event = msgspec.json.decode(message.value)
            kept.setdefault((event["group"], event["source"]["partition"]), {})[message.value] = (
                None
            )
        return {key: list(values) for key, values in kept.items()}

    def closed_idle(self, partition: InputPartition) -> bool:
        """Tell whether it is durable that the partition's open frames are closed as idle."""
        stored = FileStates(self.folder, 2).stored(partition)
        return max(each.order for each in stored)[1] > 0

    def repeats(self) -> int:
        """Count events that are there more than once; their bytes must be the same."""
        ids = Counter(msgspec.json.decode(message.value)["event_id"] for message in self.events)
        assert len(ids) == len({message.value for message in self.events})
        return sum(ids.values()) - len(ids)

    def damage(self, rng: np.random.Generator) -> None:
        """Cut or change the latest state of a partition that an older one can stand in for."""
        partition = PARTITIONS[int(rng.integers(len(PARTITIONS)))]
        stored = sorted(FileStates(self.folder, 2).stored(partition), key=lambda each: each.order)
        # A decision to close idle frames is only in the states from then on.
        if len(stored) < 2 or stored[-1].order[1] != stored[-2].order[1]:
            return
        path = Path(stored[-1].place)
        data = bytearray(path.read_bytes())
        if rng.random() < 0.5:
            data = data[: int(rng.integers(len(data)))]
        else:
            data[int(rng.integers(len(data)))] ^= 255
        path.write_bytes(bytes(data))


@dataclass
class Life:
    """One process: its dice, its step counter, and whether it still lives."""

    world: World
    rng: np.random.Generator
    crash_at: int
    faulty: bool = True
    steps: int = 0
    dead: bool = False
    clock: FakeClock = field(default_factory=FakeClock)

    def step(self, _name: str) -> None:
        """Pass a numbered step, or crash before it."""
        self.steps += 1
        if self.dead or self.steps == self.crash_at:
            self.dead = True
            raise CrashError

    def chance(self, probability: float) -> bool:
        """Throw the dice."""
        return self.faulty and bool(self.rng.random() < probability)

    def engine(self) -> Engine:
        """Build the engine of this life."""
        telemetry = Telemetry(self.clock, "hash")
        sink = SimulatedSink(self)
        store = FileStates(self.world.folder, 2, self.step)
        return Engine(
            source=SimulatedSource(self),
            sink=sink,
            clock=self.clock,
            sections=simulated_sections(),
            telemetry=telemetry,
            health=HealthState(self.clock),
            limits=EngineLimits(idle_timeout=60.0, copy_seconds=-1.0),
            checkpoints=Checkpoints(
                keepers=[Keeper(store, STATE_SECONDS)],
                sink=sink,
                sections=simulated_sections(),
                clock=self.clock,
                telemetry=telemetry,
                step=self.step,
                pool=Inline(),
            ),
        )

    def run(self) -> bool:
        """Live; returns whether the end of the input was reached in order."""
        engine = self.engine()
        try:
            engine.run(lambda: False)
        except (CrashError, SinkError):
            return False
        finally:
            self.world.withheld += int(engine.telemetry.value("events_withheld_total"))
        return not self.dead


class SimulatedSink:
    """Events to the world's topic; what is not acknowledged when the process dies may be lost."""

    refused: Mapping[str, int] = {}

    def __init__(self, life: Life) -> None:
        self._life = life
        self._queued: list[Message] = []

    @property
    def backlog(self) -> int:
        """Messages queued."""
        return len(self._queued)

    def send(self, messages: Iterable[Message]) -> None:
        """Queue events, some of which land at once; a crash may come between any two."""
        for message in messages:
            if message.channel is Channel.EVENTS:
                self._life.step("send an event")
                self._queued.append(message)
                if self._life.chance(0.5):
                    self._land()

    def _land(self) -> None:
        if not self._life.dead:
            self._life.world.events.extend(self._queued)
            self._queued.clear()

    def flush(self, timeout_seconds: float) -> bool:
        """Let what is queued land, unless the broker is slow or gives up."""
        self._life.step("flush")
        if self._life.chance(0.03):
            self._queued.clear()
            msg = "the broker gave up"
            raise SinkError(msg)
        if self._life.chance(0.1):
            return False
        self._land()
        return True

    def position(self) -> Mapping[str, int]:
        """Where the next event stands."""
        return {"0": len(self._life.world.events)}

    def published(self, since: Mapping[str, int] | None) -> Iterator[tuple[str, int, bytes]]:
        """Read the topic from a position on."""
        self._life.step("read back")
        events = self._life.world.events
        first = len(events) if since is None else since.get("0", 0)
        yield from (("0", place, events[place].value) for place in range(first, len(events)))

    def close(self) -> None:
        """Let what is queued land."""
        self._land()


class SimulatedSource:
    """The world's input in batches of drawn sizes, with rebalances and a quiet stretch."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._at: dict[InputPartition, int] = {}
        self._listener: AssignmentListener | None = None
        self._waited: dict[InputPartition, float] = {}

    @property
    def exhausted(self) -> bool:
        """True when every record has been delivered."""
        return bool(self._at) and all(
            self._at[each] >= len(self._life.world.records[each.partition]) for each in PARTITIONS
        )

    def start(self, listener: AssignmentListener) -> None:
        """Remember who is told."""
        self._listener = listener

    def poll(self, timeout_seconds: float) -> list[RecordBatch]:
        """Deliver a few records of a partition, or rebalance."""
        self._life.step("poll")
        if not self._at:
            self._assign()
        elif self._life.chance(0.02):
            self._hand_over()
        self._life.clock.advance(float(self._life.rng.exponential(1.5)))
        partition = PARTITIONS[int(self._life.rng.integers(len(PARTITIONS)))]
        first, end = self._at[partition], self._end(partition)
        last = min(end, first + 1 + int(self._life.rng.integers(120)))
        if first == last:
            return []
        self._at[partition] = last
        records = self._life.world.records[partition.partition]
        return [messy_batch(records, first, last, partition)]

    def _end(self, partition: InputPartition) -> int:
        """Offset up to which records are there: those behind the quiet stretch come after it."""
        world = self._life.world
        if partition not in world.released and self._at[partition] >= QUIET_AT:
            began = self._waited.setdefault(partition, self._life.clock.monotonic())
            quiet = self._life.clock.monotonic() - began
            if quiet < QUIET_SECONDS or not world.closed_idle(partition):
                return QUIET_AT
            world.released.add(partition)
        limit = len(world.records[partition.partition])
        return limit if partition in world.released else QUIET_AT

    def _assign(self) -> None:
        assert self._listener is not None
        known = self._listener.assigned(PARTITIONS)
        for each in PARTITIONS:
            self._at[each] = known.get(each, self._life.world.committed.get(each, 0))
            self._waited.pop(each, None)

    def _hand_over(self) -> None:
        assert self._listener is not None
        if self._life.chance(0.3):
            self._listener.lost(PARTITIONS)
        else:
            self.commit(self._listener.revoked(PARTITIONS))
        self._assign()

    def pause(self) -> None:
        """Never asked for here."""

    def resume(self) -> None:
        """Never asked for here."""

    def commit(self, positions: Mapping[InputPartition, int]) -> bool:
        """Keep the positions, for a start without state."""
        if not self._life.dead:
            self._life.world.committed.update(positions)
        return not self._life.dead

    def lag(self) -> Mapping[InputPartition, int]:
        """Count what is there and not delivered."""
        return {each: self._end(each) - self._at[each] for each in self._at}

    def contact_age(self) -> float:
        """Return 0: the broker always answers."""
        return 0.0

    def close(self) -> None:
        """Hand back what is owned."""
        if self._at and self._listener is not None and not self._life.dead:
            self.commit(self._listener.revoked(PARTITIONS))
