"""A service that crashes, under a broker and a disk that do not: everything drawn from one seed.

A `Life` is one process on a `World`, ended by a crash before a drawn step, a sink that gives up, or
the input's end. A `Sleeper` is a life that stops before a drawn step and wakes, a zombie, in the
middle of the life of the one that has taken its partitions over.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import numpy as np

from daemon.assigned import EngineLimits
from daemon.checkpoints import Checkpoints
from daemon.engine import Engine
from daemon.errors import SinkError
from daemon.files.states import FileStates
from daemon.http.health import HealthState
from daemon.keeper import Keeper
from daemon.ports import AssignmentListener, Pieces, StoredState
from daemon.records import Channel, InputPartition, Message, RecordBatch
from daemon.slots import Slots
from daemon.telemetry import Telemetry
from fakes import FakeClock
from messy import messy_batch, messy_records
from simulated_world import PARTITIONS, World, simulated_sections

TICKS = 110
#: The input falls quiet here, for long enough that open frames are closed as idle.
QUIET_AT = 600
QUIET_SECONDS = 120.0
STATE_SECONDS, CHANGELOG_SECONDS = 5.0, 15.0


class CrashError(BaseException):
    """The process is gone: nothing of it runs on."""


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
class Life:
    """One process: its dice, its step counter, and whether it still lives."""

    world: World
    rng: np.random.Generator
    crash_at: int
    faulty: bool = True
    steps: int = 0
    dead: bool = False
    lost: bool = False
    clock: FakeClock = field(default_factory=FakeClock)
    at_step: Callable[[int, str], None] = lambda _step, _name: None

    def step(self, name: str) -> None:
        """Pass a numbered step, or crash before it."""
        self.steps += 1
        self.at_step(self.steps, name)
        if self.dead or self.steps == self.crash_at:
            self.dead = True
            raise CrashError

    def chance(self, probability: float) -> bool:
        """Throw the dice."""
        return self.faulty and bool(self.rng.random() < probability)

    def engine(self) -> Engine:
        """Build the engine of this life."""
        telemetry = Telemetry(self.clock, "hash")
        sink = self.sink = SimulatedSink(self)
        self.source = SimulatedSource(self)
        disk = FileStates(self.world.folder, 2, self.step)
        stores = (disk, STATE_SECONDS), (SimulatedChangelog(self), CHANGELOG_SECONDS)
        return Engine(
            source=self.source,
            sink=sink,
            clock=self.clock,
            sections=simulated_sections(),
            telemetry=telemetry,
            health=HealthState(self.clock),
            limits=EngineLimits(idle_timeout=60.0, copy_seconds=-1.0),
            checkpoints=Checkpoints(
                keepers=[Keeper(*each) for each in stores],
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


class Sleeper:
    """A life in a thread of its own that stops before a step until it is woken.

    Only one of it and the one who waits for it runs at a time, so that a seed repeats.

    Parameters
    ----------
    life : Life
        It is told that its partitions are another's when it wakes.
    sleep_at : int
        The step before which it stops at the earliest; never while the input is quiet, where the
        clock decides.
    kind : str
        What the step's name begins with.
    """

    def __init__(self, life: Life, sleep_at: int, kind: str) -> None:
        self._life = life
        self._sleep_at, self._kind = sleep_at, kind
        self._woken, self._still = threading.Event(), threading.Event()
        self._done = False
        self._failure: BaseException | None = None
        life.at_step = self._pass
        self._thread = threading.Thread(target=self._run)

    def sleep(self) -> bool:
        """Run to the step; returns whether it sleeps, and has not ended before."""
        self._thread.start()
        self._still.wait()
        self._raise()
        return not self._done

    def wake(self) -> None:
        """Let it run to its end: what it had sent lands, then it does what it was about to do."""
        if self._life.lost:
            return
        self._life.lost = True
        before = self._life.world.on_topic()
        if self._life.chance(0.5):
            self._life.sink.land()
        self._woken.set()
        self._thread.join()
        self._raise()
        after = self._life.world.on_topic()
        assert all(after[each] >= before[each] for each in PARTITIONS), "a later state is gone"

    def _pass(self, step: int, name: str) -> None:
        wanted = step >= self._sleep_at and name.startswith(self._kind)
        if wanted and not self._life.lost and not self._life.source.quiet:
            self._still.set()
            self._woken.wait()

    def _run(self) -> None:
        try:
            self._life.run()
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self._failure = error
        self._done = True
        self._still.set()

    def _raise(self) -> None:
        if self._failure is not None:
            raise self._failure


class SimulatedChangelog:
    """States on the world's changelog, record by record; a crash may come between any two."""

    name = "changelog"

    def __init__(self, life: Life) -> None:
        self._life = life
        self._slots: dict[InputPartition, Slots] = {}

    def stored(self, partition: InputPartition) -> list[StoredState]:
        """Read them, and take them over."""
        self._slots[partition] = self._life.world.take_over(partition)
        return [
            StoredState(
                state.order,
                f"changelog {slot}",
                partial(bytes, state.data),
                partial(self._forget, partition, slot),
            )
            for slot, state in self._slots[partition].whole().items()
        ]

    def save(self, partition: InputPartition, order: tuple[int, int], pieces: Pieces) -> None:
        """Write one, then delete what it replaces."""
        slots = self._slots[partition]
        records = slots.writes(b"".join(pieces), order, 1)
        offsets = {key: self._send(key, value) for key, value in records}
        self._delete(partition, slots.written(offsets))

    def close(self) -> None:
        """Nothing to release."""

    def _forget(self, partition: InputPartition, slot: str) -> None:
        self._delete(partition, self._slots[partition].forget(slot))

    def _delete(self, partition: InputPartition, keys: list[str]) -> None:
        for key in keys:
            self._send(key, None)
        self._slots[partition].deleted(keys)

    def _send(self, key: str, value: bytes | None) -> int:
        self._life.step("changelog: send a record")
        return self._life.world.append(key, value)


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
                    self.land()

    def land(self) -> None:
        """Let the broker have what is queued."""
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
        self.land()
        return True

    def discard(self) -> bool:
        """Return False: what was sent may land."""
        return False

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
        self.land()


class SimulatedSource:
    """The world's input in batches of drawn sizes, with rebalances and a quiet stretch."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._at: dict[InputPartition, int] = {}
        self._listener: AssignmentListener | None = None
        self._waited: dict[InputPartition, float] = {}

    @property
    def quiet(self) -> bool:
        """Whether a partition waits for its frames to be closed as idle."""
        return QUIET_AT in self._at.values()

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
        if self._life.lost:
            assert self._listener is not None
            self._listener.lost(PARTITIONS)
            self._life.dead = True
            raise CrashError
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
        stale = self._life.dead or self._life.lost
        if not stale:
            self._life.world.committed.update(positions)
        return not stale

    def lag(self) -> Mapping[InputPartition, int]:
        """Count what is there and not delivered."""
        return {each: self._end(each) - self._at[each] for each in self._at}

    def prefetch(self, left: int) -> None:
        """Do nothing: records are at hand."""

    def contact_age(self) -> float:
        """Return 0: the broker always answers."""
        return 0.0

    def close(self) -> None:
        """Hand back what is owned."""
        if self._at and self._listener is not None and not self._life.dead:
            self.commit(self._listener.revoked(PARTITIONS))
