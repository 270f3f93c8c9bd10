"""Stand-ins for the world behind `daemon.ports`: a clock, a scripted source, a sink that fails.

They keep the same contract as the real ones; tests/service/test_ports.py runs over fake and real
alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Never

import numpy as np

from daemon.errors import SinkError
from daemon.ports import AssignmentListener
from daemon.records import Channel, InputPartition, Message, RecordBatch
from daemon.spans import Spans


def batch(
    partition: InputPartition,
    first_offset: int,
    values: Sequence[bytes | None],
    *,
    timestamp: int = -1,
    key: bytes | None = None,
) -> RecordBatch:
    """Make a record batch of consecutive offsets, all with one timestamp and one key."""
    count = len(values)
    return RecordBatch(
        partition=partition,
        offsets=np.arange(first_offset, first_offset + count, dtype=np.int64),
        timestamps=np.full(count, timestamp, dtype=np.int64),
        keys=Spans.of([key] * count),
        values=Spans.of(values),
        next_offset=first_offset + count,
    )


class FakeClock:
    """`daemon.ports.Clock` that moves only when told to, or when somebody sleeps."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now
        self._elapsed = 0.0
        self.slept: list[float] = []

    def now(self) -> float:
        """Unix seconds."""
        return self._now + self._elapsed

    def monotonic(self) -> float:
        """Seconds since this clock was made."""
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._elapsed += seconds

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back; the monotonic one knows nothing of it."""
        self._now += seconds


@dataclass(frozen=True)
class Assign:
    """Script step: these partitions become ours."""

    partitions: tuple[InputPartition, ...]


@dataclass(frozen=True)
class Revoke:
    """Script step: these partitions are handed over in order."""

    partitions: tuple[InputPartition, ...]


@dataclass(frozen=True)
class Lose:
    """Script step: these partitions are another's already."""

    partitions: tuple[InputPartition, ...]


@dataclass(frozen=True)
class Outage:
    """Script step: nothing comes and nothing can be committed until `Return`."""


@dataclass(frozen=True)
class Return:
    """Script step: the broker answers again."""


@dataclass(frozen=True)
class Abort:
    """Script step: `poll` raises this error, as after a crash inside the source."""

    error: Exception


Step = RecordBatch | Assign | Revoke | Lose | Outage | Return | Abort | None


@dataclass
class FakeSource:
    """`daemon.ports.RecordSource` that plays a script, one step a poll (None: nothing came).

    Repeat a batch in the script for a duplicate delivery; order batches at will for late records.
    Offsets that the listener asks for are honoured: what lies before them is not delivered, and a
    committed offset is where a later assignment begins.
    """

    script: Iterable[Step]
    clock: FakeClock = field(default_factory=FakeClock)
    committed: dict[InputPartition, int] = field(default_factory=dict)
    commits: list[dict[InputPartition, int]] = field(default_factory=list)
    owned: set[InputPartition] = field(default_factory=set)
    lags: dict[InputPartition, int] = field(default_factory=dict)
    paused: bool = False
    closed: bool = False
    prefetched: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._steps = list(self.script)
        self._listener: AssignmentListener | None = None
        self._outage = False
        self._contact = self.clock.monotonic()
        self._from: dict[InputPartition, int] = {}

    @property
    def exhausted(self) -> bool:
        """True when the script is at its end."""
        return not self._steps

    def start(self, listener: AssignmentListener) -> None:
        """Remember who is told about partitions."""
        self._listener = listener

    def poll(self, timeout_seconds: float) -> list[RecordBatch]:
        """Play the next step; time passes only when it brings nothing."""
        if isinstance(next(iter(self._steps), None), RecordBatch) and self.paused:
            self.clock.advance(timeout_seconds)
            return []
        step = self._steps.pop(0) if self._steps else None
        if isinstance(step, Abort):
            raise step.error
        if isinstance(step, (Outage, Return)):
            self._outage = isinstance(step, Outage)
        elif isinstance(step, (Assign, Revoke, Lose)):
            self._rebalance(step)
        if not self._outage:
            self._contact = self.clock.monotonic()
        if isinstance(step, RecordBatch) and not self._outage:
            return self._deliver(step)
        self.clock.advance(timeout_seconds)
        return []

    def pause(self) -> None:
        """Deliver no records until `resume`."""
        self.paused = True

    def resume(self) -> None:
        """Undo `pause`."""
        self.paused = False

    def commit(self, positions: Mapping[InputPartition, int]) -> bool:
        """Keep the positions of owned partitions; False in an outage."""
        if self._outage:
            return False
        ours = {each: offset for each, offset in positions.items() if each in self.owned}
        self._keep(ours)
        return len(ours) == len(positions)

    def lag(self) -> dict[InputPartition, int]:
        """Return what the test has set, for owned partitions."""
        return {each: lag for each, lag in self.lags.items() if each in self.owned}

    def prefetch(self, left: int) -> None:
        """Note the calls."""
        self.prefetched.append(left)

    def contact_age(self) -> float:
        """Seconds since the last step outside an outage."""
        return self.clock.monotonic() - self._contact

    def close(self) -> None:
        """Hand back what is owned, once."""
        if self.closed:
            return
        self.closed = True
        if self.owned:
            self._rebalance(Revoke(tuple(sorted(self.owned))))

    def _deliver(self, step: RecordBatch) -> list[RecordBatch]:
        if step.partition not in self.owned:
            return []
        first = int(np.searchsorted(step.offsets, self._from.get(step.partition, 0)))
        if first == len(step.values):
            return []
        return [
            RecordBatch(
                partition=step.partition,
                offsets=step.offsets[first:],
                timestamps=step.timestamps[first:],
                keys=step.keys[first:],
                values=step.values[first:],
                next_offset=step.next_offset,
            )
        ]

    def _rebalance(self, step: Assign | Revoke | Lose) -> None:
        if self._listener is None:
            _refuse("poll before start")
        if isinstance(step, Assign):
            self.owned.update(step.partitions)
            self._from.update({each: self.committed.get(each, 0) for each in step.partitions})
            self._from.update(self._listener.assigned(step.partitions))
        elif isinstance(step, Revoke):
            positions = self._listener.revoked(step.partitions)
            if not self._outage:
                self._keep(dict(positions))
            self.owned.difference_update(step.partitions)
        else:
            self._listener.lost(step.partitions)
            self.owned.difference_update(step.partitions)

    def _keep(self, positions: dict[InputPartition, int]) -> None:
        self.commits.append(positions)
        self.committed.update(positions)


@dataclass
class FakeSink:
    """`daemon.ports.EventSink` that keeps what it is sent and fails when told to.

    While `held`, messages stay unacknowledged. `fail_next` makes the next flush give up on what is
    unacknowledged: it raises, and those messages are gone.
    """

    messages: list[Message] = field(default_factory=list)
    held: bool = False
    fail_next: str | None = None
    closed: bool = False
    flushes: int = 0
    refusals: dict[str, int] = field(default_factory=dict)
    _waiting: list[Message] = field(default_factory=list)

    @property
    def backlog(self) -> int:
        """Messages not yet acknowledged."""
        return len(self._waiting)

    @property
    def refused(self) -> Mapping[str, int]:
        """What the test has set."""
        return self.refusals

    def send(self, messages: Iterable[Message]) -> None:
        """Queue messages."""
        self._waiting.extend(messages)
        if not self.held and self.fail_next is None:
            self._acknowledge()

    def flush(self, timeout_seconds: float) -> bool:
        """Acknowledge what waits, unless held; raise when told to fail."""
        self.flushes += 1
        if self.fail_next is not None:
            reason, self.fail_next = self.fail_next, None
            self._waiting.clear()
            raise SinkError(reason)
        if not self.held:
            self._acknowledge()
        return not self._waiting

    def discard(self) -> bool:
        """Return False: what was sent may land."""
        return False

    def position(self) -> Mapping[str, int]:
        """Count the events that are there."""
        return {"0": sum(message.channel is Channel.EVENTS for message in self.messages)}

    def published(self, since: Mapping[str, int] | None) -> Iterator[tuple[str, int, bytes]]:
        """Yield the events from a position on."""
        events = [m.value for m in self.messages if m.channel is Channel.EVENTS]
        first = len(events) if since is None else since.get("0", 0)
        yield from (("0", place, events[place]) for place in range(first, len(events)))

    def close(self) -> None:
        """Acknowledge what waits, unless held."""
        if not self.held:
            self._acknowledge()
        self.closed = True

    def _acknowledge(self) -> None:
        self.messages.extend(self._waiting)
        self._waiting.clear()


@dataclass
class RecordingListener:
    """`daemon.ports.AssignmentListener` that notes what it was told and answers as prepared."""

    start_at: dict[InputPartition, int] = field(default_factory=dict)
    done: dict[InputPartition, int] = field(default_factory=dict)
    calls: list[tuple[str, tuple[InputPartition, ...]]] = field(default_factory=list)
    owned: set[InputPartition] = field(default_factory=set)

    def assigned(self, partitions: Sequence[InputPartition]) -> Mapping[InputPartition, int]:
        """Note it; start where `start_at` says."""
        self.calls.append(("assigned", tuple(partitions)))
        self.owned.update(partitions)
        return {each: self.start_at[each] for each in partitions if each in self.start_at}

    def revoked(self, partitions: Sequence[InputPartition]) -> Mapping[InputPartition, int]:
        """Note it; commit what `done` holds."""
        self.calls.append(("revoked", tuple(partitions)))
        self.owned.difference_update(partitions)
        return {each: self.done[each] for each in partitions if each in self.done}

    def lost(self, partitions: Sequence[InputPartition]) -> None:
        """Note it."""
        self.calls.append(("lost", tuple(partitions)))
        self.owned.difference_update(partitions)

    def take(self, batches: Iterable[RecordBatch]) -> list[RecordBatch]:
        """Count batches as processed, so that their ends are handed back; returns them."""
        taken = list(batches)
        self.done.update({each.partition: each.next_offset for each in taken})
        return taken


def _refuse(reason: str) -> Never:
    raise RuntimeError(reason)
