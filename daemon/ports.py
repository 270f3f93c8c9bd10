"""The seams between the pure middle and the world: what a source, a sink and a clock must do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from daemon.records import InputPartition, Message, RecordBatch


class Clock(Protocol):
    """Wall clock and monotonic clock; the only way the daemon learns the time."""

    def now(self) -> float:
        """Unix seconds."""
        ...

    def monotonic(self) -> float:
        """Seconds that never step back, for ages and deadlines."""
        ...

    def sleep(self, seconds: float) -> None:
        """Block for `seconds`."""
        ...


class AssignmentListener(Protocol):
    """Told by a source which partitions come and go.

    Called while the engine thread is blocked inside `RecordSource.poll` or `close`, possibly on
    another thread; the two never run at the same time, so the listener may touch the engine's
    state. It must not call the source.
    """

    def assigned(self, partitions: Sequence[InputPartition]) -> Mapping[InputPartition, int]:
        """Take partitions over; returns the offsets to start from that are known better here.

        None of them when the others have them all: what was handed back before is theirs.
        """
        ...

    def revoked(self, partitions: Sequence[InputPartition]) -> Mapping[InputPartition, int]:
        """Hand partitions back; returns the next offsets whose output is safe, to commit."""
        ...

    def lost(self, partitions: Sequence[InputPartition]) -> None:
        """Forget partitions another member already owns: drop the state, write nothing."""
        ...


class RecordSource(Protocol):
    """Where records come from. One thread owns it."""

    @property
    def exhausted(self) -> bool:
        """True when no record will ever come again (a file's end); always False for a topic."""
        ...

    def start(self, listener: AssignmentListener) -> None:
        """Connect and begin to be assigned partitions; returns at once when the broker is away."""
        ...

    def poll(self, timeout_seconds: float) -> list[RecordBatch]:
        """Return at most one batch per partition; empty when nothing came in time.

        Never raises for an outage: it returns nothing and `contact_age` grows.
        Raises SourceError for what waiting cannot mend: no such topic, no permission, lost offsets.
        """
        ...

    def prefetch(self, left: int) -> None:
        """Have the next records brought, once it is time, without waiting.

        Whoever has taken records calls it before each batch, with how many are `left` to be worked
        on before it polls again: what is brought early is old when it is taken, and what is brought
        late is waited for. Without a call they are brought by the next poll.
        """
        ...

    def pause(self) -> None:
        """Deliver no records until `resume`, but keep the membership alive through `poll`."""
        ...

    def resume(self) -> None:
        """Undo `pause`."""
        ...

    def commit(self, positions: Mapping[InputPartition, int]) -> bool:
        """Tell the group how far the output is safe; False when it could not be told, for now."""
        ...

    def lag(self) -> Mapping[InputPartition, int]:
        """Count the records from the position to each partition's end, without a round trip."""
        ...

    def contact_age(self) -> float:
        """Seconds since the source last had proof that its broker answers; 0 for files."""
        ...

    def close(self) -> None:
        """Leave: the listener's `revoked` runs, its offsets are committed, connections close."""
        ...


class EventSink(Protocol):
    """Where messages go. Bounded: the engine asks `backlog` before it polls for more."""

    def send(self, messages: Iterable[Message]) -> None:
        """Queue messages, in order per key. Never blocks longer than a metadata look-up."""
        ...

    @property
    def backlog(self) -> int:
        """Messages sent and not yet acknowledged."""
        ...

    @property
    def refused(self) -> Mapping[str, int]:
        """Messages that cannot be published at all and were left out, by reason."""
        ...

    def flush(self, timeout_seconds: float) -> bool:
        """Wait until all that was sent is acknowledged; False when time ran out.

        Raises SinkError when a message was given up on.
        """
        ...

    def position(self) -> Mapping[str, int]:
        """Where the next event will stand at the earliest, by partition of the events' output.

        Of use right after a `flush`: everything sent before stands below it.
        """
        ...

    def published(self, since: Mapping[str, int] | None) -> Iterator[tuple[str, int, bytes]]:
        """Read the events that are there already, from a position to the present end.

        Yields partition, place and value. A partition that `since` does not name is read from its
        beginning; None reads nothing. From now on `position` is at that end or beyond.
        Raises SinkError when they cannot be read.
        """
        ...

    def discard(self) -> bool:
        """Give up what was sent and cannot be seen yet, where there is such a thing.

        For partitions that are another's now. Returns whether anything was given up.
        """
        ...

    def close(self) -> None:
        """Flush within a bound, then release everything."""
        ...


@dataclass(frozen=True, slots=True)
class StoredState:
    """A checkpoint that is there: how far, where for people, how to read it and to set it aside.

    `order` is the next offset, then how far idle frames are closed; of two states of a partition
    the one with the greater order is the later one.
    """

    order: tuple[int, int]
    place: str
    read: Callable[[], bytes]
    set_aside: Callable[[], object]


#: Bytes of a state: these, one after the other.
Pieces = Sequence[bytes]


class StateStore(Protocol):
    """Keeps checkpoints of partitions; `name` is that of its kind, a metric label."""

    name: str

    def stored(self, partition: InputPartition) -> list[StoredState]:
        """List what is there of a partition, in any order; StateStoreError when it cannot be."""
        ...

    def save(self, partition: InputPartition, order: tuple[int, int], pieces: Pieces) -> None:
        """Keep a state durably, or raise StateStoreError; never in place of a later one."""
        ...

    def close(self) -> None:
        """Release everything."""
        ...
