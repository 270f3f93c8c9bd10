"""State learnt anew from the topic, as if some windows of time had never been.

The work is kept beside the live state, in `<state.folder>/<application_id>.relearn`, and goes on
where it was when it is started again. It reads up to where the live state is, never beyond, so that
the service goes on from the very same record: with other knowledge, and no record read twice or
left out. The swap is one save a partition, as at a checkpoint; the state before is kept aside.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import msgspec

from daemon.checkpoints import order_of
from daemon.errors import CheckpointError
from daemon.events import encode_event
from daemon.files.states import FileStates
from daemon.log import get_logger
from daemon.newest_state import Usable, newest_usable
from daemon.pipeline import PartitionPipeline
from daemon.pipeline_sections import PipelineSections
from daemon.ports import Clock, StateStore
from daemon.records import Channel, InputPartition, Message, RecordBatch
from daemon.snapshots import Origin, pieces

log = get_logger(__name__)

SAVE_SECONDS = 10.0
PLAN = "plan.json"

Bounds = Mapping[InputPartition, tuple[int, int]]


class Batches(Protocol):
    """Ranges of offsets as record batches."""

    @property
    def done(self) -> bool:
        """Whether every range is read."""
        ...

    def begin(self, ranges: Bounds) -> None:
        """Read these ranges from now on."""
        ...

    def poll(self) -> list[RecordBatch]:
        """Return what has come in."""
        ...


class Plan(msgspec.Struct, frozen=True):
    """What is learnt anew; kept beside the work, so that no other plan goes on with it."""

    windows: list[tuple[int, int]]
    since: int | None
    config_hash: str


@dataclass(slots=True)
class Relearning:
    """One plan, from its first record to the swap.

    Parameters
    ----------
    folder : Path
        `state.folder` of the service.
    live : sequence of StateStore
        Where the service keeps its state; the first one is on this disk.
    sections : PipelineSections
        As the service has them, with the windows.
    plan : Plan
        What is learnt.
    clock : Clock
        For when progress is saved.
    build : mapping of str to str
        What decides the last digits, for the record.
    """

    folder: Path
    live: Sequence[StateStore]
    sections: PipelineSections
    plan: Plan
    clock: Clock
    build: Mapping[str, str] = field(default_factory=dict)
    pipelines: dict[InputPartition, PartitionPipeline] = field(default_factory=dict)

    @property
    def place(self) -> Path:
        """Where the work is kept."""
        return self.folder / f"{self.sections.application_id}.relearn"

    @property
    def aside(self) -> Path:
        """Where the state before the swap is kept."""
        return self.folder / f"{self.sections.application_id}.before-relearn"

    def restore(self, partitions: Sequence[InputPartition], *, restart: bool = False) -> None:
        """Go on with the work that is there, or begin.

        Parameters
        ----------
        partitions : sequence of InputPartition
            All of the input.
        restart : bool
            Throw away what is there.

        Raises
        ------
        CheckpointError
            When it is the work of another plan.
        """
        if restart:
            shutil.rmtree(self.place, ignore_errors=True)
        store, path = FileStates(self.place, 2), self.place / PLAN
        if not path.is_file():
            path.write_bytes(msgspec.json.encode(self.plan))
        elif msgspec.json.decode(path.read_bytes(), type=Plan) != self.plan:
            msg = (
                f"{self.place} holds unfinished work with other windows or another configuration; "
                "give those again, or --restart"
            )
            raise CheckpointError(msg)
        for partition in partitions:
            self.pipelines[partition] = self._pipeline(store, partition)

    def _pipeline(self, store: FileStates, partition: InputPartition) -> PartitionPipeline:
        usable, refused = newest_usable(store.stored(partition), partition, self.sections)
        for each in refused:  # the one before it goes on, or the work begins anew
            log.warning("checkpoint refused", place=each.stored.place, reason=each.reason)
        return PartitionPipeline(partition, self.sections) if usable is None else usable.pipeline

    def find_live(self) -> dict[InputPartition, Usable]:
        """Find the latest state of each partition that the service could go on with."""
        found: dict[InputPartition, Usable] = {}
        sections = replace(self.sections, without=())
        for partition in self.pipelines:
            stored = [state for store in self.live for state in store.stored(partition)]
            usable, _ = newest_usable(stored, partition, sections)
            if usable is not None:
                found[partition] = usable
        return found

    def ranges(self, bounds: Bounds, live: Mapping[InputPartition, Usable]) -> Bounds:
        """Say what is left to read: from where the work is to where the service is.

        Parameters
        ----------
        bounds : mapping of InputPartition to (int, int)
            Where each partition begins and ends.
        live : mapping of InputPartition to Usable
            How far the service is; one without state goes to the end.

        Returns
        -------
        mapping of InputPartition to (int, int)
            First and next offset.
        """
        left = {}
        for partition, (first, end) in bounds.items():
            begun = self.pipelines[partition].next_offset
            goal = live[partition].stored.order[0] if partition in live else end
            left[partition] = (begun if begun >= 0 else min(first, goal), goal)
        return left

    def learn(self, batches: Batches, ranges: Bounds, progress: Callable[[int], None]) -> None:
        """Read ranges, saving from time to time; at the end everything is saved.

        Parameters
        ----------
        batches : Batches
            The input.
        ranges : mapping of InputPartition to (int, int)
            What to read.
        progress : callable of int
            Told how many offsets each batch takes it further.
        """
        batches.begin(ranges)
        store, saved = FileStates(self.place, 2), self.clock.monotonic()
        at = {partition: first for partition, (first, _) in ranges.items()}
        while not batches.done:
            for batch in batches.poll():
                self.pipelines[batch.partition].process(batch)
                progress(batch.next_offset - at[batch.partition])
                at[batch.partition] = batch.next_offset
            if self.clock.monotonic() - saved >= SAVE_SECONDS:
                self._save(store)
                saved = self.clock.monotonic()
        for partition, (_, end) in ranges.items():
            # What lies behind the last record there is no record.
            pipeline = self.pipelines[partition]
            pipeline.next_offset = max(pipeline.next_offset, end)
        self._save(store)

    def _save(self, store: FileStates) -> None:
        for partition, pipeline in self.pipelines.items():
            if pipeline.next_offset >= 0:
                written = pieces(pipeline.capture(), Origin(build=self.build))
                store.save(partition, order_of(pipeline), written)

    def swap(
        self, live: Mapping[InputPartition, Usable], publish: Callable[[list[Message]], None]
    ) -> int:
        """Give the service what was learnt, in place of its own state, and what people said of it.

        Parameters
        ----------
        live : mapping of InputPartition to Usable
            How far the service is, which does not run; `learn` has gone exactly so far.
        publish : callable of list of Message
            Publishes the resolves of incidents that nobody would follow any more.

        Returns
        -------
        int
            Notes of feedback that go on.

        Raises
        ------
        StateStoreError
            When a store cannot be written; doing it again completes it.
        """
        notes = sum(self._hand_on(each.pipeline) for each in live.values())
        publish([message for each in live.values() for message in self._left_open(each.pipeline)])
        own = self.folder / self.sections.application_id
        if own.is_dir() and not self.aside.exists():
            shutil.copytree(own, self.aside)
        for partition, pipeline in self.pipelines.items():
            order, origin = order_of(pipeline), Origin()
            if partition in live:
                order, origin = max(order, live[partition].stored.order), live[partition].origin
            # Later than the old state at the same place, also that on another machine's disk.
            order = order[0], order[1] + 1
            by_this = replace(
                origin,
                version=self.sections.version,
                config_hash=self.sections.config_hash,
                build=self.build,
            )
            written = pieces(pipeline.capture(), by_this)
            for store in self.live:
                store.save(partition, order, written)
        shutil.rmtree(self.place)
        return notes

    def _hand_on(self, before: PartitionPipeline) -> int:
        """Let detectors heed what their groups were told; returns how many notes go on."""
        after = self.pipelines[before.partition]
        after.heard = dict(before.heard)
        return sum(
            len(after.groups[name].detector.take_over(group.detector.notes))
            for name, group in before.groups.items()
            if name in after.groups
        )

    def _left_open(self, before: PartitionPipeline) -> Iterator[Message]:
        """Resolve the incidents of the service that are not open in what was learnt anew."""
        after = self.pipelines[before.partition].groups
        for name, group in before.groups.items():
            known = after.get(name)
            still = set() if known is None else known.incident_ids
            for event in group.end():
                if event.incident_id not in still:
                    yield Message(Channel.EVENTS, name.encode(), encode_event(event))
