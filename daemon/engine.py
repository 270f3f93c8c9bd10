"""The loop: poll, process, send, checkpoint. One thread owns the source, the sink and all state.

What has been learnt is saved with the position it belongs to (`daemon.checkpoints`), after every
message it led to is acknowledged; then the position is committed, for those who watch the lag. A
partition goes on from its latest checkpoint. One that a rebalance hands straight back goes on with
what is in memory. Without a place for checkpoints (`replay`) positions alone are committed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field

from daemon.assigned import Assigned, EngineLimits, Owing, Refresh, positions_of, publish_nothing
from daemon.checkpoints import Checkpoints, Kept, Saved, order_of
from daemon.errors import SinkError
from daemon.events import encode_heartbeat
from daemon.http.health import START_SECONDS_MAX, HealthState
from daemon.log import get_logger, lost_lines
from daemon.mailbox import Mailbox
from daemon.metrics import Rebalance
from daemon.pipeline import PartitionPipeline, PipelineOutput
from daemon.pipeline_sections import PipelineSections
from daemon.ports import Clock, EventSink, RecordSource
from daemon.published import Ahead
from daemon.records import NANOSECONDS, Channel, InputPartition, Message, RecordBatch
from daemon.reports import report_groups, report_memory, report_output, report_scattered
from daemon.telemetry import Telemetry
from daemon.watchdog import Watchdog

POLL_SECONDS, COMMIT_SECONDS, FLUSH_SECONDS = 0.5, 5.0, 5.0
HEARTBEAT_SECONDS, MEASURE_SECONDS = 60.0, 1.0
#: No partition's hand-over begins later than this after the first one's.
HAND_OVER_SECONDS, HAND_OVER_RESERVE = 5.0, 3.0
#: A turn without records has this many times as much time for the copy of a checkpoint.
IDLE_COPY_FACTOR = 10.0
#: Part of the drain time kept for leaving the group and closing the output in an outage.
CLOSE_RESERVE_SECONDS = 6.0
#: Silence of the broker after which reading counts as interrupted.
CONTACT_SECONDS = 20.0

log = get_logger(__name__)


@dataclass(slots=True)
class Engine:
    """Drives pipelines from a source to a sink until told to stop or the source is exhausted.

    Implements `daemon.ports.AssignmentListener`. On the engine's thread `observe` is told of every
    batch's output and its pipeline, `refresh` once a second of all that is held. `prepared` returns
    when pipelines can be made.
    """

    source: RecordSource
    sink: EventSink
    clock: Clock
    sections: PipelineSections
    telemetry: Telemetry
    health: HealthState
    limits: EngineLimits = field(default_factory=EngineLimits)
    checkpoints: Checkpoints | None = None
    watchdog: Watchdog = field(default_factory=Watchdog)
    mailbox: Mailbox = field(default_factory=Mailbox)
    make: Callable[[InputPartition, PipelineSections], PartitionPipeline] = PartitionPipeline
    prepared: Callable[[], None] = lambda: None
    observe: Callable[[PartitionPipeline, PipelineOutput], None] = lambda _pipeline, _output: None
    refresh: Refresh = publish_nothing
    partitions: dict[InputPartition, Assigned] = field(default_factory=dict)
    _parked: dict[InputPartition, Assigned] = field(default_factory=dict)
    _last_commit: float = 0.0
    _last_measure: float = float("-inf")
    _deaf_until: float = float("-inf")
    _scattered: set[str] = field(default_factory=set)
    _owing: Owing = field(default_factory=Owing)
    _settled: bool = False
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
        with nullcontext() if self.checkpoints is None else self.checkpoints.undisturbed():
            for done, batch in enumerate(batches):
                self.source.prefetch(len(batches) - done)
                self._process(batch)
        now = self.clock.monotonic()
        if batches:
            self.telemetry.poll_done(now - started)
        self._close_idle(now)
        if self._settled:  # until then nobody can tell what is not here from what is on its way
            self.telemetry.feedback_heard(self.mailbox.deliver(self.partitions, self._secured))
        self._hold_back()
        self._send_heartbeats(now)
        if self.checkpoints is not None:
            factor = 1.0 if batches else IDLE_COPY_FACTOR
            self._checkpoint(self.checkpoints, factor * self.limits.copy_seconds)
        elif now - self._last_commit >= COMMIT_SECONDS:
            self.health.report("state", ok=True, reason="none is kept")
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
        first, expected = int(batch.offsets[0]), owned.pipeline.next_offset
        if self.checkpoints is not None and not 0 <= expected <= first:
            # From here on nothing is sent that a restart would not find again.
            owned.pipeline.next_offset = first
            self._keep(self.checkpoints.begin_at(owned.kept, anew=expected >= 0))
        self._publish(batch.partition, owned, owned.pipeline.process(batch))

    def _publish(self, partition: InputPartition, owned: Assigned, output: PipelineOutput) -> None:
        ahead = owned.kept.ahead
        withheld, differing = ahead.withheld, ahead.differing
        self.sink.send(ahead.withhold(output.messages))
        if ahead.withheld > withheld:
            self.telemetry.events_withheld(ahead.withheld - withheld)
        if ahead.differing > differing:
            log.warning("events differ from those published before", events=ahead.differing)
        report_output(self.telemetry, owned.pipeline, output)
        self.observe(owned.pipeline, output)

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
        settled = self._owing.seconds(self.clock.monotonic()) < CONTACT_SECONDS
        self.health.report("output", ok=settled and not self._paused, reason=reason)

    def _close_idle(self, now: float) -> None:
        """Close open frames of partitions that are quiet though the broker answers."""
        timeout = self.limits.idle_timeout
        if timeout is None:
            return
        # Silence while nothing is read says nothing of the input: it counts from the end of that.
        if self._paused or self.source.contact_age() > min(CONTACT_SECONDS, 1.0 + timeout / 2):
            self._deaf_until = now
        quiet = {
            partition: owned
            for partition, owned in self.partitions.items()
            if now - max(owned.last_record, self._deaf_until) >= timeout and owned.pipeline.pending
        }
        lag = self.source.lag() if quiet else {}
        for partition, owned in quiet.items():
            if not lag.get(partition) and self._secured(partition, closing=True):
                self._publish(partition, owned, owned.pipeline.close_idle())

    def _secured(self, partition: InputPartition, *, closing: bool = False) -> bool:
        """Make durable what is done here, so that a replay repeats it: heard, or idle closed."""
        owned = self.partitions[partition]
        if self.checkpoints is None or (closing and owned.pipeline.idle_end is None):
            return True
        if self._unsafe or not self._flushed(self._flush_seconds()):
            return False
        return bool(self.checkpoints.save([owned.kept], closing=closing, all_stores=True))

    def _checkpoint(self, checkpoints: Checkpoints, copy_seconds: float) -> None:
        """Save what has moved when it is time, and commit what has been saved."""
        self._keep(checkpoints.finished())
        reason = checkpoints.failing or "checkpoints are written"
        self.health.report("state", ok=not checkpoints.failing, reason=reason)
        if checkpoints.due and not self._unsafe:
            checkpoints.start(owned.kept for owned in self.partitions.values() if owned.moved)
        if checkpoints.wants_place and not self._unsafe and self._flushed(self._flush_seconds()):
            checkpoints.fix_places()
        checkpoints.advance(copy_seconds)

    def _keep(self, saved: Saved) -> None:
        """Note how far partitions are saved, and commit it."""
        for partition, order in saved.items():
            if partition in self.partitions:
                self.partitions[partition].kept.saved = order
        if saved:
            positions = {partition: order[0] for partition, order in saved.items()}
            self.telemetry.committed(success=self.source.commit(positions))

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
            key = str(partition).encode()
            self.sink.send([Message(Channel.HEARTBEAT, key, value)])
            self.telemetry.messages_sent({Channel.HEARTBEAT: 1})

    def _commit(self, timeout_seconds: float) -> None:
        """Commit the positions reached, provided all their output is acknowledged."""
        if self._unsafe:
            return
        if self.checkpoints is not None:
            if self._flushed(timeout_seconds):
                self._keep(self._saved(self.partitions))
            return
        moved = {
            partition: offset
            for partition, offset in positions_of(self.partitions).items()
            if offset > self.partitions[partition].committed
        }
        if not moved or not self._flushed(timeout_seconds):
            return
        success = self.source.commit(moved)
        self.telemetry.committed(success=success)
        if success:
            for partition, offset in moved.items():
                self.partitions[partition].committed = offset

    def _saved(self, partitions: Mapping[InputPartition, Assigned]) -> Saved:
        """Save partitions at hand-over, to every store and in time, those that have moved since."""
        if self.checkpoints is None:
            return {}
        for partition, order in self.checkpoints.finished().items():
            if partition in partitions:
                partitions[partition].kept.saved = order
        moved = [
            owned.kept
            for owned in partitions.values()
            if owned.pipeline.next_offset >= 0 and order_of(owned.pipeline) != owned.kept.handed
        ]
        seconds = max(0.1, min(HAND_OVER_SECONDS, self.limits.drain_seconds() - HAND_OVER_RESERVE))
        saved = self.checkpoints.save(moved, all_stores=True, seconds=seconds) if moved else {}
        for partition, order in saved.items():
            partitions[partition].kept.saved = partitions[partition].kept.handed = order
        return saved

    def _flush_seconds(self) -> float:
        """Return how long a flush may take, within what is left of a drain."""
        return max(0.1, min(FLUSH_SECONDS, self.limits.drain_seconds() - CLOSE_RESERVE_SECONDS))

    def _flushed(self, timeout_seconds: float) -> bool:
        try:
            flushed = self.sink.flush(timeout_seconds)
            return self._owing.note(self.clock.monotonic(), flushed=flushed)
        except SinkError:
            self._unsafe = True
            self.telemetry.output_failed()
            raise

    def _drain(self) -> None:
        """Publish what is queued, commit, leave the group, all within the time left."""
        log.info("draining")
        with ExitStack() as last:
            if self.checkpoints is not None:
                last.callback(self.checkpoints.close)
            last.callback(self.sink.close)
            last.callback(self.source.close)
            self._commit(self._flush_seconds())
            self._measure()

    def _measure(self) -> None:
        age, lag = self.source.contact_age(), self.source.lag()
        self.telemetry.input_contact(self.clock.now() - age)
        self.telemetry.input_lag(lag)
        self.telemetry.log_lines_lost(lost_lines())
        reason = f"the brokers of the group last answered {age:.0f} s ago"
        stuck = self._stuck(age, lag)
        if stuck:
            reason = f"{', '.join(map(str, stuck))} does not move though records wait"
        self.health.report("input", ok=age < CONTACT_SECONDS and not stuck, reason=reason)
        for owned in self.partitions.values():
            owned.groups_seen = report_groups(self.telemetry, owned.pipeline, owned.groups_seen)
        pipelines = [owned.pipeline for owned in self.partitions.values()]
        report_memory(self.telemetry, pipelines, self.sections)
        self._scattered = report_scattered(self.telemetry, pipelines, self._scattered)
        parked = [owned.pipeline for owned in self._parked.values()]
        self.refresh([*parked, *pipelines], self.clock.now(), settled=self._settled)

    def _stuck(self, age: float, lag: Mapping[InputPartition, int]) -> list[InputPartition]:
        """Find the partitions that do not move though they should, and tell of changes."""
        if self._paused or age >= CONTACT_SECONDS:
            self.watchdog.reset()
        positions = {each: owned.pipeline.next_offset for each, owned in self.partitions.items()}
        stuck = self.watchdog.look(positions, lag, self.clock.monotonic())
        for partition, owned in self.partitions.items():
            if owned.stuck != (partition in stuck):
                owned.stuck = not owned.stuck
                at = {"next_offset": owned.pipeline.next_offset, "lag": lag.get(partition, 0)}
                if owned.stuck:
                    log.error("partition stuck", partition=str(partition), **at)
                else:
                    log.info("partition moves again", partition=str(partition), **at)
        self.telemetry.partitions_stuck(len(stuck))
        return list(stuck)

    def assigned(self, partitions: Sequence[InputPartition]) -> Mapping[InputPartition, int]:
        """Go on with what this process held until just now; begin anew with the others."""
        now = self.clock.monotonic()
        kept = {p: self._parked[p] for p in partitions if p in self._parked}
        # Nobody else had them in between: a rebalance revokes everything and deals it out again.
        self._parked.clear()
        new = [partition for partition in partitions if partition not in kept]
        begun = self._begin(new) if new else {}
        self.partitions |= kept
        self.partitions |= {p: Assigned(each, last_record=now) for p, each in begun.items()}
        for partition, each in begun.items():
            if each.closing:  # decided before the crash, and not done or not saved
                owned = self.partitions[partition]
                self._publish(partition, owned, owned.pipeline.close_idle())
        self._rebalanced(Rebalance.ASSIGNED, partitions)
        return positions_of({p: self.partitions[p] for p in partitions})

    def _begin(self, partitions: Sequence[InputPartition]) -> Mapping[InputPartition, Kept]:
        self.health.beat(START_SECONDS_MAX)  # states may be large, and the broker slow
        self.prepared()
        if self.checkpoints is not None:
            return self.checkpoints.begin(partitions)
        return {p: Kept(self.make(p, self.sections), Ahead()) for p in partitions}

    def revoked(self, partitions: Sequence[InputPartition]) -> Mapping[InputPartition, int]:
        """Publish what is queued and hand over the positions it makes safe."""
        leaving = {p: self.partitions.pop(p) for p in partitions if p in self.partitions}
        self._parked.update(leaving)
        if self.checkpoints is not None:
            self.checkpoints.forget(leaving)  # they are saved here and now, or not at all
        self._rebalanced(Rebalance.REVOKED, partitions)
        safe = bool(leaving) and not self._unsafe and self._flushed(self._flush_seconds())
        if not safe and self.sink.discard():  # what is parked has led to what nobody will see
            self._parked.clear()
        if safe and self.checkpoints is not None:
            self._saved(leaving)
            return {p: o.kept.saved[0] for p, o in leaving.items() if o.kept.saved is not None}
        return positions_of(leaving) if safe else {}

    def lost(self, partitions: Sequence[InputPartition]) -> None:
        """Forget partitions another member owns already."""
        self.sink.discard()
        for partition in partitions:
            self.partitions.pop(partition, None)
            self._parked.pop(partition, None)
        if self.checkpoints is not None:
            self.checkpoints.forget(partitions)
        self._rebalanced(Rebalance.LOST, partitions)

    def _rebalanced(self, kind: Rebalance, partitions: Sequence[InputPartition]) -> None:
        self._settled, self._last_measure = kind is Rebalance.ASSIGNED, float("-inf")
        self.telemetry.rebalanced(kind, partitions)
        count = len(self.partitions)
        # A member may own nothing, when there are more of them than partitions: it is ready too.
        self.health.report("assignment", ok=True, reason=f"{count} partitions assigned")
        log.info(
            "assignment changed",
            kind=kind.value,
            partitions=list(map(str, partitions)),
            owned=count,
        )
