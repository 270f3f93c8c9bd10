"""State and positions as one: what is saved, in which order, and what a partition starts with.

The unit is the input partition, and the offset inside its state is the truth. A checkpoint goes

1. flush: everything the state has led to is acknowledged;
2. place: ask where the next event will stand;
3. copy: fix the place and copy group by group, in slices between the hot path's work, a group at
   the latest before it changes (`daemon.cut`);
4. write: encode it and give it to the stores, in a thread of its own, one partition at a time;
5. commit: tell the consumer group, for the tools that show lag.

A crash between any two of them leaves the state before, or the state after; the records behind it
are read again, and `daemon.published` keeps the events they repeat from being sent again.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from daemon.copying import Copy, Copying, Steps
from daemon.errors import CheckpointError, SinkError
from daemon.keeper import Keeper
from daemon.log import get_logger
from daemon.newest_state import Usable, newest_usable
from daemon.pipeline import PartitionPipeline
from daemon.pipeline_sections import PipelineSections
from daemon.ports import Clock, EventSink, StoredState
from daemon.published import Ahead, earliest
from daemon.records import InputPartition
from daemon.restored import tell_restored
from daemon.roster import Rosters
from daemon.snapshots import Origin, pieces
from daemon.telemetry import Telemetry

log = get_logger(__name__)

#: A checkpoint is rested from this many times as long as it took: it may never take all the time.
REST_FACTOR = 2.0
#: While the hot path works, the thread that writes waits so long before each small piece.
YIELD_SECONDS = 0.002
FLUSH_SECONDS, FLUSH_SLICE_SECONDS, FLUSH_PAUSE_SECONDS = 60.0, 1.0, 0.1

#: How far partitions are safe.
Saved = dict[InputPartition, tuple[int, int]]


@dataclass(slots=True)
class Kept:
    """What belongs to a partition: its pipeline, and the events ahead of it.

    `saved` is how far it is saved, `handed` how far in every store.
    """

    pipeline: PartitionPipeline
    ahead: Ahead
    saved: tuple[int, int] | None = None
    handed: tuple[int, int] | None = None
    closing: bool = False
    rosters: Rosters = field(default_factory=Rosters)


def order_of(pipeline: PartitionPipeline, *, closing: bool = False) -> tuple[int, int]:
    """Say how far a pipeline is: of two states of a partition the later one is greater."""
    end = pipeline.idle_end if closing else None
    return pipeline.next_offset, pipeline.idle_until if end is None else end


@dataclass(slots=True)
class Checkpoints:
    """Saves partitions and restores them.

    Parameters
    ----------
    keepers : list of Keeper
        Where to; the first one decides what counts as saved.
    sink : EventSink
        Where the events are.
    sections : PipelineSections
        For pipelines that are made.
    clock : Clock
        For when the next one is due.
    telemetry : Telemetry
        Told of each.
    build : mapping of str to str
        What decides the last digits, for the record.
    on_refused : str
        stop or forget, see `StateSection`.
    step : callable of str
        Told before each numbered step, for tests that end the process there.
    partitions : callable of str, optional
        Says how many partitions a topic has, for seeds; see `newest_usable`.
    pool : Executor, optional
        What writes; one thread of its own when absent.
    """

    keepers: list[Keeper]
    sink: EventSink
    sections: PipelineSections
    clock: Clock
    telemetry: Telemetry
    build: Mapping[str, str] = field(default_factory=dict)
    on_refused: Literal["stop", "forget"] = "stop"
    step: Callable[[str], None] = lambda _: None
    partitions: Callable[[str], int] | None = None
    pool: Executor | None = None
    _quiet: threading.Event = field(default_factory=threading.Event)
    _copying: Copying = field(default_factory=Copying)
    _writing: deque[Future[Saved]] = field(default_factory=deque)
    _steps: Steps[Kept] = field(default_factory=Steps)
    _receivers: Sequence[Keeper] = ()
    _began: float = 0.0
    _rested: float = float("-inf")

    @property
    def failing(self) -> str:
        """Why stores were not written the last time; empty when all were."""
        return "; ".join(keeper.failure for keeper in self.keepers if keeper.failure)

    @property
    def busy(self) -> bool:
        """Whether a checkpoint is under way."""
        return bool(len(self._steps) or self._under_way)

    @property
    def _under_way(self) -> bool:
        return bool(len(self._copying) or self._writing)

    @property
    def wants_place(self) -> bool:
        """Whether the next partitions of a checkpoint wait for their place to be fixed."""
        return bool(len(self._steps)) and not self._under_way

    @property
    def due(self) -> bool:
        """Whether any store should be written, and the one before is done and rested from."""
        rested = self.clock.monotonic() >= self._rested
        return rested and not self.busy and bool(self._due_keepers())

    def _due_keepers(self) -> list[Keeper]:
        now = self.clock.monotonic()
        return [keeper for keeper in self.keepers if keeper.due(now)]

    def begin(self, partitions: Sequence[InputPartition]) -> dict[InputPartition, Kept]:
        """Restore partitions from the latest state there is of each.

        Parameters
        ----------
        partitions : sequence of InputPartition
            Those that were just assigned.

        Returns
        -------
        dict
            For every one of them; a new pipeline for one of which no state is stored.

        Raises
        ------
        CheckpointError
            When there is state and none can be used, and `on_refused` is stop.
        StateStoreError, SinkError
            When a store or the events cannot be read.
        """
        started = self.clock.monotonic()
        self._flush()
        found = {partition: self._latest(partition) for partition in partitions}
        positions = {
            partition: state.origin.position
            for partition, state in found.items()
            if state is not None and state.capture.next_offset >= 0
        }  # a seed has led to no events here
        ahead = {p: Ahead(state.origin.ahead if state else None) for p, state in found.items()}
        for name, place, value in self.sink.published(earliest(positions.values())):
            for partition, position in positions.items():
                if place >= position.get(name, 0) and ahead[partition].add(partition, value):
                    break
        kept = {}
        for partition, state in found.items():
            if state is None:
                pipeline = PartitionPipeline(partition, self.sections)
                kept[partition] = Kept(pipeline, ahead[partition])
                continue
            kept[partition] = Kept(
                state.pipeline,
                ahead[partition],
                order_of(state.pipeline),
                closing=state.capture.closing,
            )
            tell_restored(state.pipeline, state.origin, self.build, len(ahead[partition].known))
        restored = sum(state is not None for state in found.values())
        if restored:
            self.telemetry.restored(restored, self.clock.monotonic() - started)
        return kept

    def _flush(self) -> None:
        """Let what this process has sent before land, or reading back would not find it."""
        deadline = self.clock.monotonic() + FLUSH_SECONDS
        while not self.sink.flush(FLUSH_SLICE_SECONDS):
            if self.clock.monotonic() > deadline:
                msg = f"nothing was acknowledged for {FLUSH_SECONDS:g} s before partitions began"
                raise SinkError(msg)
            self.clock.sleep(FLUSH_PAUSE_SECONDS)

    def _latest(self, partition: InputPartition) -> Usable | None:
        """Find the latest state that can be used; refuse the others by name and reason."""
        stored = self._stored(partition)
        usable, refused = newest_usable(stored, partition, self.sections, self.partitions)
        for each in refused:
            log.warning("checkpoint refused", place=each.stored.place, reason=each.reason)
        self.telemetry.states_refused(len(refused))
        if refused and usable is None:
            why = "; ".join(map(str, refused))
            name = str(partition)
            if self.on_refused == "stop":
                msg = (
                    f"no checkpoint of {name} can be used: {why} "
                    "(state.on_refused: forget sets them aside and learns anew)"
                )
                raise CheckpointError(msg)
            log.error("state forgotten", partition=name, checkpoints=len(refused), reason=why)
        for each in refused:  # it would count as later than what is written from here on
            each.stored.set_aside()
        return usable

    def start(self, kept: Iterable[Kept]) -> None:
        """Begin a checkpoint of partitions: `fix_places` is called while it `wants_place`.

        It takes them in steps, for all at once would hold up every group in the same turns.
        """
        self._receivers, self._began = self._due_keepers(), self.clock.monotonic()
        self._stamp(self._receivers)
        self._steps.deal({each.pipeline.partition: each for each in kept})

    def fix_places(self) -> None:
        """Fix the place of the next partitions, all output being acknowledged; then `advance`."""
        self._copying.add(self._copies(self._steps.take(), at_once=False))

    def advance(self, seconds: float) -> None:
        """Go on with the copy for so long; what is complete is written in a thread."""
        if not len(self._copying):
            return
        started = self.clock.monotonic()
        for copy in self._copying.advance(seconds, self.clock):
            self.pool = self.pool or ThreadPoolExecutor(1, "checkpoint")
            self._writing.append(self.pool.submit(self._write, [copy], self._receivers))
        self.telemetry.checkpoint_paused(self.clock.monotonic() - started)

    def forget(self, partitions: Iterable[InputPartition]) -> None:
        """Give up copies that are not complete: the partitions are another's, or saved anew."""
        gone = set(partitions)
        self._copying.forget(gone)
        self._steps.forget(gone)

    def finished(self) -> Saved:
        """Return what is written by now: how far each partition is safe, once."""
        saved: Saved = {}
        while self._writing and self._writing[0].done():
            saved |= self._writing.popleft().result()
        if saved and not self.busy:
            now = self.clock.monotonic()
            self._rested = now + REST_FACTOR * (now - self._began)
        return saved

    def save(
        self,
        kept: Sequence[Kept],
        *,
        closing: bool = False,
        all_stores: bool = False,
        seconds: float = float("inf"),
    ) -> Saved:
        """Copy partitions whose output is acknowledged, and write the copies before returning.

        Parameters
        ----------
        kept : sequence of Kept
            What to save.
        closing : bool
            That their idle frames will be closed is part of the state.
        all_stores : bool
            Also to stores that are not due.
        seconds : float
            No partition is begun after them; a replay repairs what is not saved.

        Returns
        -------
        dict
            How far each partition is safe; those that were not written are left out.
        """
        until = self.clock.monotonic() + seconds
        if not self._written(seconds):
            log.warning("checkpoint left out: no time", partition="all, one is still being written")
            return {}
        self._quiet.set()  # this is the hot path's own thread
        self.forget(each.pipeline.partition for each in kept)
        keepers = self.keepers if all_stores else self.keepers[:1]
        self._stamp(keepers)
        saved: Saved = {}
        for each in kept:
            if self.clock.monotonic() > until:
                log.warning("checkpoint left out: no time", partition=str(each.pipeline.partition))
                continue
            copies = self._copies([each], at_once=True, closing=closing)
            saved |= self._write(copies, keepers)
        return saved

    def begin_at(self, kept: Kept, *, anew: bool) -> Saved:
        """Save where reading begins, in every store, and return how far it is safe.

        `anew` says that the topic was deleted and made again. Its states are farther on than it is
        and would count as later for as long, so they are set aside.
        """
        if anew:
            self._written(float("inf"))
            for stored in self._stored(kept.pipeline.partition):
                stored.set_aside()
            where = str(kept.pipeline.partition)
            log.warning("topic made anew; its states set aside", partition=where)
        return self.save([kept], all_stores=True)

    def _stored(self, partition: InputPartition) -> list[StoredState]:
        return [state for keeper in self.keepers for state in keeper.store.stored(partition)]

    def _written(self, seconds: float) -> bool:
        """Wait for what is being written."""
        pending = [future for future in self._writing if not future.done()]
        return not pending or not wait(pending, min(seconds, threading.TIMEOUT_MAX)).not_done

    def _stamp(self, keepers: Iterable[Keeper]) -> None:
        now = self.clock.monotonic()
        for keeper in keepers:
            keeper.last = now

    def _copies(self, kept: Iterable[Kept], *, at_once: bool, closing: bool = False) -> list[Copy]:
        started = self.clock.monotonic()
        self.step("checkpoint 2: place")
        position = dict(self.sink.position())
        self.step("checkpoint 3: copy")
        copies = [
            Copy(
                each.pipeline.cut(at_once=at_once, closing=closing),
                Origin(
                    version=self.sections.version,
                    config_hash=self.sections.config_hash,
                    build=self.build,
                    position=position,
                    ahead=each.ahead.known,
                ),
                order_of(each.pipeline, closing=closing),
                each.rosters,
            )
            for each in kept
        ]
        if copies:
            self.telemetry.checkpoint_paused(self.clock.monotonic() - started)
        return copies

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Let the thread that writes work little while the block runs."""
        self._quiet.clear()
        try:
            yield
        finally:
            self._quiet.set()

    def _breathe(self) -> None:
        self._quiet.wait(YIELD_SECONDS)
        self.clock.sleep(0)

    def _write(self, copies: Iterable[Copy], keepers: Sequence[Keeper]) -> Saved:
        saved: Saved = {}
        for copy in copies:
            partition = copy.partition
            self.step("checkpoint 4: write")
            written = pieces(copy.cut.whole(), copy.origin, self._breathe, copy.rosters)
            for keeper in keepers:
                if keeper.save(partition, copy.order, written, self.telemetry):
                    saved[partition] = copy.order
        return saved

    def close(self) -> None:
        """Wait for what is being written, then release the stores."""
        if self.pool is not None:
            self.pool.shutdown(wait=True)
        for keeper in self.keepers:
            keeper.store.close()
