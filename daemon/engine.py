"""The loop: poll, process, send, commit. One thread owns the source, the sink and all state.

Positions are committed only after everything they led to has been acknowledged, so a crash repeats
work and never loses an event. Learned state lives in memory: a partition that is taken over from
another process starts from its committed position with nothing learnt; one that a rebalance hands
straight back goes on with what it had.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from daemon.errors import SinkError
from daemon.events import encode_heartbeat
from daemon.http.health import HealthState
from daemon.log import get_logger
from daemon.metrics import Rebalance
from daemon.pipeline import PartitionPipeline, PipelineOutput
from daemon.pipeline_sections import PipelineSections
from daemon.ports import Clock, EventSink, RecordSource
from daemon.records import NANOSECONDS, Channel, InputPartition, Message, RecordBatch
from daemon.telemetry import BatchReport, GroupReport, Telemetry

POLL_SECONDS = 0.5
COMMIT_SECONDS = 5.0
HEARTBEAT_SECONDS = 60.0
MEASURE_SECONDS = 1.0
FLUSH_SECONDS = 5.0
DRAIN_SECONDS = 8.0

#: Part of the drain time kept for leaving the group and closing the output, which take this long
#: in an outage.
CLOSE_RESERVE_SECONDS = 6.0


#: Silence of the broker after which reading counts as interrupted.
CONTACT_SECONDS = 20.0

log = get_logger(__name__)


@dataclass(slots=True)
class Assigned:
    """A partition this process owns now."""

    pipeline: PartitionPipeline
    last_record: float
    last_heartbeat: float = float("-inf")
    committed: int = -1
    groups_seen: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """Bounds the engine keeps.

    Attributes
    ----------
    unacked_max : int
        Messages sent and not acknowledged at which reading pauses.
    idle_timeout : float or None
        Seconds without records after which a partition's open frames are closed.
    drain_seconds : callable
        Time left for an orderly stop, in seconds.
    """

    unacked_max: int = 20_000
    idle_timeout: float | None = None
    drain_seconds: Callable[[], float] = lambda: DRAIN_SECONDS


@dataclass(slots=True)
class Engine:
    """Drives pipelines from a source to a sink until told to stop or the source is exhausted.

    Implements `daemon.ports.AssignmentListener`. `observe` is told, on the engine's thread, of
    every batch's output and of the pipeline it came from; `refresh` once a second of all pipelines
    and the wall clock.
    """

    source: RecordSource
    sink: EventSink
    clock: Clock
    sections: PipelineSections
    telemetry: Telemetry
    health: HealthState
    limits: EngineLimits = field(default_factory=EngineLimits)
    observe: Callable[[PartitionPipeline, PipelineOutput], None] = lambda _pipeline, _output: None
    refresh: Callable[[Sequence[PartitionPipeline], float], None] = lambda _pipelines, _now: None
    partitions: dict[InputPartition, Assigned] = field(default_factory=dict)
    _parked: dict[InputPartition, Assigned] = field(default_factory=dict)
    _last_commit: float = 0.0
    _last_measure: float = float("-inf")
    _paused: bool = False
    _unsafe: bool = False

    def run(self, stopping: Callable[[], bool]) -> None:
        """Work until `stopping` returns True or the source has no more to give, then drain.

        Raises
        ------
        SourceError, SinkError
            For what waiting cannot mend.
        """
        self._last_commit = self.clock.monotonic()
        self.source.start(self)
        try:
            while not stopping():
                batches = self._turn()
                if self.source.exhausted and not batches:
                    for partition, owned in self.partitions.items():
                        self._publish(partition, owned, owned.pipeline.close_idle())
                    break
        except BaseException:
            # Something that was processed may not have been published: no position is safe.
            self._unsafe = True
            raise
        finally:
            self._drain()

    def _turn(self) -> list[RecordBatch]:
        self.health.beat()
        self.telemetry.loop_beat()
        batches = self.source.poll(POLL_SECONDS)
        started = self.clock.monotonic()
        for batch in batches:
            self._process(batch)
        now = self.clock.monotonic()
        if batches:
            self.telemetry.poll_done(now - started)
        self._close_idle(now)
        self._hold_back()
        self._send_heartbeats(now)
        if now - self._last_commit >= COMMIT_SECONDS:
            self._last_commit = now
            self._commit(self._flush_seconds())
        if now - self._last_measure >= MEASURE_SECONDS:
            self._last_measure = now
            self._measure()
        return batches

    def _process(self, batch: RecordBatch) -> None:
        owned = self.partitions.get(batch.partition)
        if owned is None:  # revoked while the poll was returning: its new owner reads it again
            return
        owned.last_record = self.clock.monotonic()
        self._publish(batch.partition, owned, owned.pipeline.process(batch))

    def _publish(self, partition: InputPartition, owned: Assigned, output: PipelineOutput) -> None:
        self.sink.send(output.messages)
        self._count(partition, owned, output)
        self.observe(owned.pipeline, output)

    def _count(self, partition: InputPartition, owned: Assigned, output: PipelineOutput) -> None:
        telemetry, newest = self.telemetry, owned.pipeline.newest
        telemetry.batch_done(
            BatchReport(
                partition,
                records=output.records,
                samples=output.samples,
                framed=output.framed,
                pending=owned.pipeline.pending,
                dropped=output.dropped,
                dead_letters=output.dead_letters,
                newest_event_time=None if newest is None else newest / NANOSECONDS,
            )
        )
        telemetry.messages_sent(Counter(message.channel for message in output.messages))
        for step in output.steps:
            telemetry.frames_done(step.result.score)
            telemetry.journal_done(step.result.journal)
        for event in output.events:
            telemetry.incident_event(event.state, event.severity)

    def _hold_back(self) -> None:
        """Pause reading while too much is unacknowledged: an outage costs bounded memory."""
        backlog = self.sink.backlog
        self.telemetry.output_backlog(backlog)
        self.telemetry.output_refused(self.sink.refused)
        if not self._paused and backlog >= self.limits.unacked_max:
            self._paused = True
            self.source.pause()
            log.warning("reading paused: too many unacknowledged messages", backlog=backlog)
        elif self._paused and backlog <= self.limits.unacked_max // 2:
            self._paused = False
            self.source.resume()
            log.info("reading resumed", backlog=backlog)
        reason = f"{backlog} messages wait for their acknowledgement"
        self.health.report("output", ok=not self._paused, reason=reason)

    def _close_idle(self, now: float) -> None:
        """Close open frames of partitions that are quiet though the broker answers."""
        timeout = self.limits.idle_timeout
        if timeout is None or self._paused:
            return
        quiet = {
            partition: owned
            for partition, owned in self.partitions.items()
            if now - owned.last_record >= timeout and owned.pipeline.pending
        }
        if not quiet or self.source.contact_age() > CONTACT_SECONDS:
            return
        lag = self.source.lag()
        for partition, owned in quiet.items():
            if not lag.get(partition):
                self._publish(partition, owned, owned.pipeline.close_idle())

    def _send_heartbeats(self, now: float) -> None:
        if not self.sections.output.heartbeat:
            return
        for partition, owned in self.partitions.items():
            if now - owned.last_heartbeat < HEARTBEAT_SECONDS:
                continue
            owned.last_heartbeat = now
            value = encode_heartbeat(
                self.sections.application_id,
                partition,
                time=round(self.clock.now() * NANOSECONDS),
                watermark=owned.pipeline.watermark if owned.pipeline.newest is not None else None,
                next_offset=owned.pipeline.next_offset,
                groups=len(owned.pipeline.groups),
                version=self.sections.version,
            )
            key = f"{partition.topic}/{partition.partition}".encode()
            self.sink.send([Message(Channel.HEARTBEAT, key, value)])
            self.telemetry.messages_sent({Channel.HEARTBEAT: 1})

    def _commit(self, timeout_seconds: float) -> None:
        """Commit the positions reached, provided all their output is acknowledged."""
        if self._unsafe:
            return
        moved = {
            partition: offset
            for partition, offset in self._positions(self.partitions).items()
            if offset > self.partitions[partition].committed
        }
        if not moved or not self._flushed(timeout_seconds):
            return
        success = self.source.commit(moved)
        self.telemetry.committed(success=success)
        if success:
            for partition, offset in moved.items():
                self.partitions[partition].committed = offset

    def _flush_seconds(self) -> float:
        """Return how long a flush may take, within what is left of a drain."""
        left = self.limits.drain_seconds() - CLOSE_RESERVE_SECONDS
        return max(0.1, min(FLUSH_SECONDS, left))

    def _flushed(self, timeout_seconds: float) -> bool:
        try:
            return self.sink.flush(timeout_seconds)
        except SinkError:
            self._unsafe = True
            self.telemetry.output_failed()
            raise

    @staticmethod
    def _positions(partitions: Mapping[InputPartition, Assigned]) -> dict[InputPartition, int]:
        return {
            partition: owned.pipeline.next_offset
            for partition, owned in partitions.items()
            if owned.pipeline.next_offset >= 0
        }

    def _drain(self) -> None:
        """Publish what is queued, commit, leave the group, all within the time left."""
        log.info("draining")
        try:
            self._commit(self._flush_seconds())
            self._measure()
        finally:
            try:
                self.source.close()
            finally:
                self.sink.close()

    def _measure(self) -> None:
        age = self.source.contact_age()
        self.telemetry.input_contact(self.clock.now() - age)
        self.telemetry.input_lag(self.source.lag())
        self.health.report(
            "input", ok=age < CONTACT_SECONDS, reason=f"the broker last answered {age:.0f} s ago"
        )
        for partition, owned in self.partitions.items():
            for name in owned.groups_seen - owned.pipeline.groups.keys():
                self.telemetry.group_gone(partition, name)
            owned.groups_seen = set(owned.pipeline.groups)
            for name, group in owned.pipeline.groups.items():
                report = GroupReport(
                    series=len(group.members),
                    components=group.component_count,
                    edges=group.edge_count,
                    incidents_open=group.incidents_open,
                )
                self.telemetry.group(partition, name, report)
        self.refresh([owned.pipeline for owned in self.partitions.values()], self.clock.now())

    def assigned(self, partitions: Sequence[InputPartition]) -> Mapping[InputPartition, int]:
        """Go on with what this process held until just now; begin anew with the others."""
        now = self.clock.monotonic()
        kept = {p: self._parked[p] for p in partitions if p in self._parked}
        # Nobody else had them in between: a rebalance revokes everything and deals it out again.
        self._parked.clear()
        for partition in partitions:
            self.partitions[partition] = kept.get(partition) or Assigned(
                PartitionPipeline(partition, self.sections), last_record=now
            )
        self._rebalanced(Rebalance.ASSIGNED, partitions)
        return self._positions(kept)

    def revoked(self, partitions: Sequence[InputPartition]) -> Mapping[InputPartition, int]:
        """Publish what is queued and hand over the positions it makes safe."""
        leaving = {p: self.partitions.pop(p) for p in partitions if p in self.partitions}
        self._parked.update(leaving)
        self._rebalanced(Rebalance.REVOKED, partitions)
        safe = bool(leaving) and not self._unsafe and self._flushed(self._flush_seconds())
        return self._positions(leaving) if safe else {}

    def lost(self, partitions: Sequence[InputPartition]) -> None:
        """Forget partitions another member owns already."""
        for partition in partitions:
            self.partitions.pop(partition, None)
            self._parked.pop(partition, None)
        self._rebalanced(Rebalance.LOST, partitions)

    def _rebalanced(self, kind: Rebalance, partitions: Sequence[InputPartition]) -> None:
        self.telemetry.rebalanced(kind, partitions)
        count = len(self.partitions)
        # A member may own nothing, when there are more of them than partitions: it is ready too.
        self.health.report("assignment", ok=True, reason=f"{count} partitions assigned")
        log.info(
            "assignment changed",
            kind=kind.value,
            partitions=[f"{each.topic}/{each.partition}" for each in partitions],
            owned=count,
        )
