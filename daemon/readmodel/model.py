"""The read model: what the engine tells it, kept as views that HTTP may read at any time.

The engine's thread calls `observe` for every batch and `refresh` once a second; it alone writes.
Readers take `view`, one reference that is replaced as a whole, so there is no lock and no reader
ever waits for the engine or the engine for a reader. Scores and graphs are as of the last refresh;
incidents are published with the batch that holds their event.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from daemon.events import Event
from daemon.learnt import GroupState
from daemon.pipeline import GroupStep, PartitionPipeline, PipelineOutput
from daemon.ports import Clock
from daemon.readmodel.graphs import GraphGallery, Urgency
from daemon.readmodel.groups import Standing, Standings
from daemon.readmodel.history import ScoreBuffer
from daemon.readmodel.incidents import IncidentBook
from daemon.readmodel.views import (
    GroupIdentity,
    JournalItem,
    PartitionView,
    View,
    group_id,
)
from daemon.records import NANOSECONDS, InputPartition, Series
from daemon.series_key import group_labels
from hebbstream import Detector

#: Share of the engine's second that copying graphs may take.
GRAPH_SECONDS = 0.01

#: What is told of new events: the group each belongs to, and the event.
Listener = Callable[[Sequence[tuple[GroupIdentity, Event]]], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of what is kept in memory for show.

    Attributes
    ----------
    history_max : int
        Scores kept per group.
    history_total_max : int
        Scores kept over all groups: with many groups each keeps fewer.
    incidents_max : int
        Incidents kept, open and ended together.
    journal_max : int
        Entries of the edge journal.
    """

    history_max: int = 720
    history_total_max: int = 2_000_000
    incidents_max: int = 1000
    journal_max: int = 10_000


@dataclass(frozen=True, slots=True)
class About:
    """What does not change while the process runs.

    Attributes
    ----------
    application_id, version, config_hash : str
        As in events.
    config : mapping
        The effective configuration, secrets hidden.
    interval : float
        Grid step, seconds.
    group_by : sequence of str
        Labels that make a group.
    trigger : float
        Score at which incidents open.
    started : float
        Unix seconds.
    """

    application_id: str = "hebbstream"
    version: str = ""
    config_hash: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    interval: float = 60.0
    group_by: Sequence[str] = ()
    trigger: float = 1.0
    started: float = 0.0


@dataclass(slots=True)
class _Record:
    """What the model remembers of a group between two steps."""

    identity: GroupIdentity
    scores: ScoreBuffer
    listed: list[Series] | None = None
    members: tuple[Series, ...] = ()

    def list_members(self, members: list[Series]) -> tuple[Series, ...]:
        """Copy a group's members when they have changed."""
        if self.listed is not members:
            self.listed, self.members = members, tuple(members)
        return self.members


class ReadModel:
    """Collects on the engine's thread, publishes to every other.

    Parameters
    ----------
    about : About
        What does not change.
    clock : Clock
        For the time that copying graphs takes, and for readers who ask how old a view is.
    limits : Limits
        Bounds.

    Attributes
    ----------
    view : View
        The last one published.
    """

    def __init__(self, about: About, clock: Clock, limits: Limits | None = None) -> None:
        self.about = about
        self.clock = clock
        self.limits = limits or Limits()
        self.view = View(as_of=about.started)
        self._interval = round(about.interval * NANOSECONDS)
        self._records: dict[InputPartition, dict[str, _Record]] = {}
        self._followed: dict[InputPartition, PartitionPipeline] = {}
        self._taken_up: set[InputPartition] = set()
        self._identities: dict[str, GroupIdentity] = {}
        self._count = 0
        self._rows_max = self.limits.history_max
        self._groups: dict[str, Standing] = {}
        self._graphs = GraphGallery(clock, GRAPH_SECONDS)
        self._incidents = IncidentBook(self.limits.incidents_max)
        self._moved: dict[str, tuple[_Record, GroupStep, GroupState]] = {}
        self._unsettled: dict[str, Standing] = {}
        self._journal: deque[JournalItem] = deque(maxlen=self.limits.journal_max)
        self._journal_sequence = 0
        self._journal_changed = False
        self._groups_changed = False
        self._incidents_changed = False
        self._listeners: tuple[Listener, ...] = ()

    def listen(self, listener: Listener) -> None:
        """Have new events told to `listener`, on the engine's thread, once they can be read."""
        self._listeners = (*self._listeners, listener)

    def observe(self, pipeline: PartitionPipeline, output: PipelineOutput) -> None:
        """Take in what a batch became.

        Parameters
        ----------
        pipeline : PartitionPipeline
            Where it went through.
        output : PipelineOutput
            Its steps and events.
        """
        told: list[tuple[GroupIdentity, Event]] = []
        self._follow(pipeline)
        records = self._records.setdefault(pipeline.partition, {})
        for step in output.steps:
            if len(step.block.ticks):
                self._take(records, pipeline, step, told)
        for event in output.ended:
            identity = self._record(pipeline.partition, event.group, fresh=False).identity
            self._incidents.take(identity, event)
            told.append((identity, event))
        if told:
            self.view = replace(
                self.view, version=self.view.version + 1, incidents=self._incidents.all()
            )
            for listener in self._listeners:
                listener(told)

    def refresh(
        self, pipelines: Iterable[PartitionPipeline], now: float, *, settled: bool = True
    ) -> None:
        """Forget what is gone, copy what is due, publish.

        Parameters
        ----------
        pipelines : iterable of PartitionPipeline
            Those this process owns now.
        now : float
            Unix seconds.
        settled : bool, optional
            False while partitions are being shared out, or have never been.
        """
        owned = {pipeline.partition: pipeline for pipeline in pipelines}
        self._forget_the_gone(owned)
        self._take_up(owned)
        self._stand()
        copied = self._graphs.refresh(lambda key: self._detector(owned, key), now)
        changed = (
            self._groups_changed
            or self._journal_changed
            or self._incidents_changed
            or copied > 0
            or settled is not self.view.settled
        )
        self.view = View(
            as_of=now,
            version=self.view.version + changed,
            groups=Standings(dict(self._groups)) if self._groups_changed else self.view.groups,
            graphs=self._graphs.all() if copied or self._groups_changed else self.view.graphs,
            identities=dict(self._identities) if self._groups_changed else self.view.identities,
            incidents=self._incidents.all() if self._incidents_changed else self.view.incidents,
            journal=tuple(self._journal) if self._journal_changed else self.view.journal,
            partitions=tuple(_partition_view(pipeline) for pipeline in owned.values()),
            settled=settled,
        )
        self._groups_changed = self._journal_changed = self._incidents_changed = False

    def _stand(self) -> None:
        """Note how the groups stand that have moved on; those that have not can be put away."""
        self._groups_changed |= bool(self._moved)
        for key in self._unsettled.keys() - self._moved.keys():
            self._unsettled[key].settle()
        self._unsettled = {
            key: Standing(
                record.identity,
                record.list_members(group.members),
                step,
                record.scores.span(),
                group.detector.pace,
                self._interval,
            )
            for key, (record, step, group) in self._moved.items()
        }
        self._groups.update(self._unsettled)
        self._moved.clear()

    def _take(
        self,
        records: Mapping[str, _Record],
        pipeline: PartitionPipeline,
        step: GroupStep,
        told: list[tuple[GroupIdentity, Event]],
    ) -> None:
        block, verdicts = step.block, step.verdicts
        record = None if block.starts else records.get(block.group)
        if record is None:
            record = self._record(pipeline.partition, block.group, fresh=block.starts)
        identity = record.identity
        record.scores.append(block.ticks, verdicts.told, self._rows_max)
        group = pipeline.groups.get(block.group)
        if group is not None:  # else it has gone with the same batch
            self._moved[identity.id] = record, step, group
        if verdicts.journal:
            self._note_changes(identity, step)
        for event in step.events:
            self._incidents.take(identity, event)
            told.append((identity, event))
        urgent = verdicts.journal or block.joined or block.left or step.events
        is_urgent = bool(urgent) or self._incidents.open_in(identity.id)
        self._graphs.mark(identity.id, Urgency.CHANGED if is_urgent else Urgency.ORDINARY)

    def _note_changes(self, identity: GroupIdentity, step: GroupStep) -> None:
        for entry in step.verdicts.journal:
            self._journal_sequence += 1
            self._journal_changed = True
            self._journal.append(
                JournalItem(
                    sequence=self._journal_sequence,
                    identity=identity,
                    time=self._stamp(int(step.block.ticks[entry.row])),
                    change=entry.change.value,
                    source=entry.source,
                    target=entry.target,
                    lag_ticks=entry.lag,
                    weight=entry.weight,
                    component=entry.component,
                )
            )

    def _record(self, partition: InputPartition, name: str, *, fresh: bool) -> _Record:
        """Find what is known of a group; nothing is known of one that begins anew."""
        records = self._records.setdefault(partition, {})
        if fresh and name in records:
            self._forget(records.pop(name))
        record = records.get(name)
        if record is None:
            identity = self.identify(partition, name)
            record = records[name] = _Record(identity, ScoreBuffer())
            self._identities[identity.id] = identity
            self._groups_changed = True
            self._counted(1)
        return record

    def identify(self, partition: InputPartition, name: str) -> GroupIdentity:
        """Say which group a name is, in a partition."""
        labels = group_labels(name, self.about.group_by)
        return GroupIdentity(group_id(partition, name), name, labels, partition)

    def _follow(self, pipeline: PartitionPipeline) -> None:
        """Begin anew with a partition that was lost and restored: nothing old is mixed in."""
        partition = pipeline.partition
        if self._followed.get(partition, pipeline) is not pipeline:
            for record in self._records.pop(partition, {}).values():
                self._forget(record)
            self._taken_up.discard(partition)
        self._followed[partition] = pipeline

    def _take_up(self, owned: Mapping[InputPartition, PartitionPipeline]) -> None:
        """Show what partitions hold that were restored, or have come back."""
        for partition in self._followed.keys() - owned.keys():
            del self._followed[partition]
            self._taken_up.discard(partition)
        for partition, pipeline in owned.items():
            self._follow(pipeline)
            if partition in self._taken_up:
                continue
            self._taken_up.add(partition)
            for name, group in pipeline.groups.items():
                identity = self._record(partition, name, fresh=False).identity
                for event, told in group.standing():
                    self._incidents_changed |= self._incidents.restore(identity, event, told)

    def _counted(self, more: int) -> None:
        """Share the rows of history among so many groups more."""
        self._count += more
        share = self.limits.history_total_max // max(1, self._count)
        self._rows_max = max(1, min(self.limits.history_max, share))

    def _forget(self, record: _Record) -> None:
        """Drop a group; its open incidents are followed no more."""
        key = record.identity.id
        self._groups.pop(key, None)
        self._identities.pop(key, None)
        self._moved.pop(key, None)
        self._graphs.forget(key)
        self._groups_changed = True
        self._counted(-1)
        self._incidents_changed |= self._incidents.leave(key)

    def _forget_the_gone(self, owned: Mapping[InputPartition, PartitionPipeline]) -> None:
        """Drop groups that vanished and those of partitions that moved."""
        for partition, records in list(self._records.items()):
            pipeline = owned.get(partition)
            gone = set(records) if pipeline is None else records.keys() - pipeline.groups.keys()
            for name in gone:
                self._forget(records.pop(name))
            if not records:
                del self._records[partition]

    def _detector(
        self, owned: Mapping[InputPartition, PartitionPipeline], key: str
    ) -> Detector | None:
        known = self._groups.get(key)
        if known is None:
            return None
        pipeline = owned.get(known.identity.partition)
        group = None if pipeline is None else pipeline.groups.get(known.identity.name)
        return None if group is None else group.detector

    def _stamp(self, tick: int) -> int:
        return (tick + 1) * self._interval


def _partition_view(pipeline: PartitionPipeline) -> PartitionView:
    return PartitionView(
        partition=pipeline.partition,
        groups=len(pipeline.groups),
        next_offset=pipeline.next_offset,
        watermark=pipeline.watermark,
        pending_samples=pipeline.pending,
    )
