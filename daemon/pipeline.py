"""One input partition from records to messages: decode, frame, learn and score, incidents.

Pure: no clock, no I/O, no threads. The same records in the same order give the same messages, byte
for byte, however they were split into batches; `replay` and the live service run this same code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from msgspec import MsgspecError

from daemon.admission import may_stay_away, plain_rules
from daemon.announcer import TrackerIdentity
from daemon.cut import Cut
from daemon.events import Event, encode_edge, encode_event, encode_score
from daemon.finding import Finding, find
from daemon.formats import make_codec
from daemon.framing import Framed, Framer, in_one_call
from daemon.incidents import IncidentTracker
from daemon.learnt import GroupState
from daemon.pipeline_sections import PipelineSections
from daemon.records import (
    F64,
    I64,
    NANOSECONDS,
    Channel,
    DropReason,
    FrameBlock,
    InputPartition,
    Message,
    RecordBatch,
    dead_letter,
)
from daemon.scan import scan_all
from daemon.series import SeriesTable
from daemon.silence import SilenceTracker
from daemon.snapshots import Capture
from daemon.windows import outside
from hebbstream import Detector, Note, SnapshotCorruptError, Verdicts, run_all
from hebbstream.blocks import Verdict

_NO_EVENTS: tuple[Event, ...] = ()


@dataclass(slots=True)
class GroupStep:
    """A block of frames of one group, what the detector said of it, and the events it led to."""

    block: FrameBlock
    verdicts: Verdicts
    events: tuple[Event, ...]


@dataclass(slots=True)
class PipelineOutput:
    """What one batch became: messages in order, and the figures that account for every record.

    `ended` holds the resolves of incidents whose group is gone; every other event is in its step.
    `scores` are those of all steps together, float64[G, T] of G groups that went through one call.
    `forgotten` counts groups that ended to make room for others.
    """

    messages: list[Message] = field(default_factory=list)
    records: int = 0
    samples: int = 0
    framed: int = 0
    dropped: Counter[DropReason] = field(default_factory=Counter)
    dead_letters: Counter[str] = field(default_factory=Counter)
    steps: list[GroupStep] = field(default_factory=list)
    scores: list[F64] = field(default_factory=list)
    ended: list[Event] = field(default_factory=list)
    forgotten: int = 0

    @property
    def events(self) -> list[Event]:
        """Every event, those of endings last."""
        return [*(event for step in self.steps for event in step.events), *self.ended]


class PartitionPipeline:
    """Everything hebbstream knows about one input partition.

    Parameters
    ----------
    partition : InputPartition
        Whose records will come; part of every incident's id.
    sections : PipelineSections
        How to read, frame, learn and report.

    Attributes
    ----------
    next_offset : int
        The next record to read; -1 before the first.
    heard : dict of str to int
        The next record of the feedback topic that this partition has not heard, by its partition.
    old_knobs : int
        Detectors that were restored and go on with the knobs they had.
    """

    def __init__(self, partition: InputPartition, sections: PipelineSections) -> None:
        self.partition = partition
        self.next_offset = -1
        self.heard: dict[str, int] = {}
        self.old_knobs = 0
        self._sections = sections
        self._interval = round(sections.framing.interval * NANOSECONDS)
        self._table = SeriesTable(
            sections.series, sections.metrics, sections.grouping, sections.input
        )
        self._codec = make_codec(sections.input, self._table)
        self._framer = Framer(
            sections.framing, sections.grouping, sections.metrics, self._table, sections.memory
        )
        self._groups: dict[str, GroupState] = {}
        self._cut: Cut | None = None
        self._clocked: I64 | None = None
        self._times: F64 = np.zeros(0)

    @property
    def groups(self) -> dict[str, GroupState]:
        """Live groups by name; owned by the engine's thread."""
        return self._groups

    @property
    def pending(self) -> int:
        """Samples in frames that are still open."""
        return self._framer.pending

    @property
    def newest(self) -> int | None:
        """Newest event time seen, Unix nanoseconds; None before the first sample."""
        return self._framer.newest

    @property
    def watermark(self) -> int:
        """Event time up to which frames are closed, Unix nanoseconds."""
        return self._framer.watermark

    def process(self, batch: RecordBatch) -> PipelineOutput:
        """Take one batch through every stage."""
        output = PipelineOutput(records=len(batch.values))
        samples = outside(self._codec.decode(batch), self._sections.without)
        output.samples = len(samples.series) + sum(samples.dropped.values())
        output.dropped.update(samples.dropped)
        for letter in samples.dead_letters:
            output.dead_letters[letter.reason] += 1
            if self._sections.output.dead_letters:
                what = (letter.offset, letter.key, letter.value, letter.reason, letter.detail)
                output.messages.append(dead_letter(self.partition, *what))
        self._take(self._framer.push(samples, batch), output)
        self.next_offset = batch.next_offset
        return output

    def hear(self, name: str, say: Callable[[Detector], tuple[Note, ...]]) -> tuple[Note, ...]:
        """Let something be said to the detector of a group, between two batches."""
        self.before_change(name)
        return say(self._groups[name].detector)

    def find(self, incident_id: str) -> tuple[str, Finding] | None:
        """Look for an incident that is open or was the last of its group; with the group's name."""
        newest = self.watermark // self._interval - 1
        for name, group in self._groups.items():
            found = find(group, incident_id, newest, self._interval)
            if found is not None:
                return name, found
        return None

    def capture(self, *, closing: bool = False) -> Capture:
        """Copy everything that is held, between two batches.

        Parameters
        ----------
        closing : bool, optional
            `close_idle` is decided: who restores the copy must call it first.
        """
        return self.cut(at_once=True, closing=closing).whole()

    def cut(self, *, at_once: bool, closing: bool = False) -> Cut:
        """Begin a copy of what is held now; one that is not complete and not at once is given up.

        Parameters
        ----------
        at_once : bool
            It is completed before anything changes.
        closing : bool, optional
            As for `capture`.
        """
        head = Capture(
            partition=self.partition,
            next_offset=self.next_offset,
            shape=self._sections.shape,
            rules=plain_rules(self._sections.series),
            closing=closing,
            heard=dict(self.heard),
            framer=self._framer.state(),
            groups=(),
        )
        cut = Cut(head, self._groups)
        if not at_once:
            self._cut = cut
        return cut

    def before_change(self, name: str) -> None:
        """Let the copy that is being taken have a group as it still is.

        Called before a group's detector or trackers change in any way, from outside too.
        """
        if self._cut is not None:
            self._cut.take(name)
            if self._cut.complete:
                self._cut = None

    @classmethod
    def restored(cls, capture: Capture, sections: PipelineSections) -> Self:
        """Make a pipeline that goes on bit for bit where `capture` was taken.

        Raises
        ------
        SnapshotError
            When the capture contradicts itself or does not fit the knobs.
        """
        pipeline = cls(capture.partition, sections)
        try:
            pipeline.next_offset = capture.next_offset
            pipeline.heard = dict(capture.heard)
            pipeline._framer.restore(capture.framer)
            for each in capture.groups:
                detector = pipeline._load(b"".join(each.detector_pieces()))
                group = pipeline._create(each.name, detector)
                group.members = list(each.members)
                if group.detector.series != tuple(series.key for series in group.members):
                    msg = f"the detector of group {each.name} knows other series than the group"
                    raise SnapshotCorruptError(msg)
                group.restore(each)
                away = may_stay_away(capture.rules, sections.series, group.members)
                if away and pipeline.newest is not None:
                    # Up to here a sample may have been read before, and wait in an open frame.
                    group.silence.excuse(away, pipeline.newest // pipeline._interval + 1)
        except (LookupError, TypeError, ValueError, MsgspecError) as error:
            msg = f"the state does not make a pipeline: {error!r}"
            raise SnapshotCorruptError(msg) from error
        return pipeline

    def _load(self, data: bytes) -> Detector:
        """Load a detector with the knobs in force, or with its own where those need other sizes."""
        try:
            return Detector.load(data, self._sections.detector, verified=True)
        except SnapshotCorruptError:
            detector = Detector.load(data, verified=True)
            self.old_knobs += 1
            return detector

    @property
    def idle_until(self) -> int:
        """Time up to which `close_idle` has closed frames; 0 when it never has."""
        return self._framer.idle_until

    @property
    def idle_end(self) -> int | None:
        """Time up to which `close_idle` would close frames; None when it would do nothing."""
        return self._framer.idle_end()

    def close_idle(self) -> PipelineOutput:
        """Close the open frames as if time had gone on: the input is quiet, or at its end."""
        output = PipelineOutput()
        self._take(self._framer.close_idle(), output)
        return output

    def _take(self, framed: Framed, output: PipelineOutput) -> None:
        output.framed += framed.framed
        output.forgotten += framed.forgotten
        output.dropped.update(framed.dropped)
        for blocks in in_one_call(framed.blocks):
            self._step(blocks, output)
        for name in framed.vanished:
            self._retire(name, output)

    def _retire(self, name: str, output: PipelineOutput) -> None:
        """Forget a group; what was open in it is over."""
        self.before_change(name)
        group = self._groups.pop(name, None)
        for event in [] if group is None else group.end():
            output.ended.append(event)
            output.messages.append(Message(Channel.EVENTS, name.encode(), encode_event(event)))

    def _step(self, blocks: Sequence[FrameBlock], output: PipelineOutput) -> None:
        """Take a block of each of several groups, all of the same ticks, to messages."""
        groups = [self._ready(block, output) for block in blocks]
        pairs = list(zip(groups, blocks, strict=True))
        shifts = scan_all(groups, blocks)
        results = run_all(
            [group.detector for group in groups],
            [block.frames for block in blocks],
            self._stamps(blocks[0]),
            edges_at=[[each.row for each in found if len(each.stopped)] for found in shifts],
        )
        output.scores.append(results.score)
        peaks, counts = results.score.max(axis=1).tolist(), results.counts()
        told = results.rows() if self._sections.output.scores else None
        for g, verdicts in enumerate(results.verdicts()):
            (group, block), events = pairs[g], _NO_EVENTS
            if not group.pass_by(len(verdicts), peaks[g], shifts[g]):
                events = group.observe(block, results[g], shifts[g])
            group.component_count, group.edge_count = counts[g]
            output.steps.append(GroupStep(block, verdicts, events))
            if events:
                key = block.group.encode()
                output.messages += [
                    Message(Channel.EVENTS, key, encode_event(one)) for one in events
                ]
            if verdicts.journal and self._sections.output.edges:
                output.messages.extend(self._journal(block, verdicts))
            if told is not None:
                output.messages += self._scores(block, told[g])

    def _ready(self, block: FrameBlock, output: PipelineOutput) -> GroupState:
        """Find or make the group of a block, with the members it has from there on."""
        if block.starts:
            self._retire(block.group, output)
        self.before_change(block.group)
        group = self._groups.get(block.group) or self._create(block.group, self._beginner())
        group.change_members(block)
        return group

    def _stamps(self, block: FrameBlock) -> F64:
        """Return the grid times of a block, Unix seconds."""
        if block.ticks is not self._clocked:  # all groups that tick together share them
            self._clocked = block.ticks
            stamps = (block.ticks + 1) * (self._interval / NANOSECONDS)
            self._times = stamps.astype(np.float64, copy=False)
        return self._times

    def _beginner(self) -> Detector:
        sections = self._sections
        return Detector((), sections.detector, interval_seconds=sections.framing.interval)

    def _create(self, name: str, detector: Detector) -> GroupState:
        sections = self._sections
        identity = TrackerIdentity(
            application_id=sections.application_id,
            partition=self.partition,
            group=name,
            labels=self._table.group_labels(name),
            config_hash=sections.config_hash,
            version=sections.version,
        )
        follow = (sections.incidents, sections.metrics, identity, self._interval)
        group = GroupState(
            detector=detector,
            tracker=IncidentTracker(*follow),
            silence=SilenceTracker(*follow),
            members=[],
        )
        self._groups[name] = group
        return group

    def _journal(self, block: FrameBlock, verdicts: Verdicts) -> Iterator[Message]:
        key = block.group.encode()
        for entry in verdicts.journal:
            if entry.component < 0:
                time = (int(block.ticks[entry.row]) + 1) * self._interval
                yield Message(Channel.EDGES, key, encode_edge(block.group, entry, time))

    def _scores(self, block: FrameBlock, told: Sequence[Verdict]) -> list[Message]:
        group, key, interval = block.group, block.group.encode(), self._interval
        return [
            Message(Channel.SCORES, key, encode_score(group, (tick + 1) * interval, verdict))
            for tick, verdict in zip(block.ticks.tolist(), told, strict=True)
        ]
