"""Brings the series of each group together: from topics however keyed to one keyed by group.

Records go on unchanged, in the order of their times over all partitions, keyed by their group. One
that holds several groups is taken apart. What is written is acknowledged before its position is
committed, so a crash repeats records and loses none; a sample that comes twice counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from daemon.config import Config
from daemon.files.keys import GroupKeys
from daemon.formats.splitting import pieces
from daemon.http.health import HealthState
from daemon.kafka.writer import OutputRecord
from daemon.log import get_logger
from daemon.merging import Merged, Merger
from daemon.metrics import Rebalance
from daemon.ports import Clock, RecordSource
from daemon.records import NANOSECONDS, InputPartition, RecordBatch
from daemon.spans import Spans
from daemon.telemetry import Telemetry

POLL_SECONDS = 0.5
#: Records held of one partition at which it waits for the others.
HELD_MAX = 50_000
#: A partition that has more to come and yields nothing is waited for no longer than this.
PATIENCE_SECONDS = 10.0
TELL_SECONDS = 60.0
MEASURE_SECONDS = 1.0
#: An input that has not answered for so long is not ready.
CONTACT_SECONDS = 20.0
#: What must hold before it is ready.
CHECKS = ("input", "assignment", "output")

#: As an output topic of the service; long enough to learn anew from.
RETENTION_DAYS = 7

log = get_logger(__name__)


class Writer(Protocol):
    """Writes records and waits until they are acknowledged."""

    def write(self, records: Iterator[OutputRecord]) -> int:
        """Write them; SinkError or UnreachableError when that fails for good."""
        ...


class Source(RecordSource, Protocol):
    """A source that can hold some partitions back."""

    def hold(self, partitions: Sequence[InputPartition]) -> None:
        """Deliver nothing of these for now, and of all others what comes."""
        ...


@dataclass(slots=True)
class Rekeyer:
    """Drives records from a source to a writer; implements `daemon.ports.AssignmentListener`.

    Attributes
    ----------
    written, apart, whole : int
        Records written; records that were taken apart; records of no single group that could not
        be, or not be read, and went on as they are under their own key.
    """

    source: Source
    writer: Writer
    config: Config
    clock: Clock
    telemetry: Telemetry
    health: HealthState
    written: int = 0
    apart: int = 0
    whole: int = 0
    _merger: Merger = field(default_factory=Merger)
    _owned: set[InputPartition] = field(default_factory=set)
    _progress: float = 0.0
    _warned: bool = False
    _measured: float = float("-inf")

    def run(self, stopping: Callable[[], bool]) -> None:
        """Work until told to stop or the source is exhausted.

        Raises
        ------
        SourceError, SinkError, UnreachableError
            For what waiting cannot mend.
        """
        keys, told = GroupKeys(self.config), self.clock.monotonic()
        self._progress = told
        self.source.start(self)
        try:
            while not stopping():
                self.beat()
                batches = self.source.poll(POLL_SECONDS)
                if batches:  # to come while these are written
                    self.source.prefetch(0)
                for batch in batches:
                    if batch.partition in self._owned:
                        self._merger.add(batch)
                        self.telemetry.records_read(batch.partition, len(batch.values))
                self._pass_on(keys)
                self._measure()
                if self.source.exhausted and not batches:
                    break
                if self.clock.monotonic() - told >= TELL_SECONDS:
                    told = self.clock.monotonic()
                    log.info("rekeyed", written=self.written, apart=self.apart, whole=self.whole)
        finally:
            self.source.close()

    def beat(self) -> None:
        """Say that the loop goes round; for the probes."""
        self.health.beat()
        self.telemetry.loop_beat()

    def _measure(self) -> None:
        now = self.clock.monotonic()
        if now - self._measured < MEASURE_SECONDS:
            return
        self._measured, age = now, self.source.contact_age()
        self.telemetry.input_contact(self.clock.now() - age)
        self.telemetry.input_lag(self.source.lag())
        counts = {"written": self.written, "apart": self.apart, "whole": self.whole}
        self.telemetry.rekeyed(counts)
        reason = f"the brokers of the group last answered {age:.0f} s ago"
        self.health.report("input", ok=age < CONTACT_SECONDS, reason=reason)
        self.health.report("output", ok=True, reason=f"{self.written} records written")

    def _pass_on(self, keys: GroupKeys) -> None:
        now = self.clock.monotonic()
        impatient = now - self._progress > PATIENCE_SECONDS
        lag, held = self.source.lag(), self._merger.held
        behind = [each for each in self._owned if lag.get(each, 1)]  # not known yet: wait for it
        waited = [each for each in behind if each in held] if impatient else behind
        merged = self._merger.take(waited)
        if merged.positions:
            self._warn_of_old(merged)
            self.written += self.writer.write(self._records(merged, keys))
            self.telemetry.committed(success=self.source.commit(merged.positions))
        if merged.positions or not held:
            self._progress = now
        self.source.hold([each for each, count in self._merger.held.items() if count >= HELD_MAX])

    def _warn_of_old(self, merged: Merged) -> None:
        """Say once that a broker deletes by the records' own times."""
        if self._warned:
            return
        oldest = min(int(batch.timestamps.max(initial=-1)) for batch in merged.batches)
        age = self.clock.now() - oldest / NANOSECONDS
        if oldest > 0 and age > RETENTION_DAYS * 86_400:
            self._warned = True
            log.warning(
                "records are older than a topic made here keeps them", days=round(age / 86_400)
            )

    def _records(self, merged: Merged, keys: GroupKeys) -> Iterator[OutputRecord]:
        """Yield what to write, in order."""
        named = [keys.keys(batch) for batch in merged.batches]
        for number, row in zip(merged.batch.tolist(), merged.row.tolist(), strict=True):
            batch = merged.batches[number]
            key, stamp = named[number][row], int(batch.timestamps[row])
            value = batch.values[row]
            if key is not None or value is None:
                yield OutputRecord(batch.keys[row] if key is None else key, value, stamp)
            else:
                yield from self._parts(value, batch.keys[row], stamp, keys)

    def _parts(
        self, value: bytes, key: bytes | None, stamp: int, keys: GroupKeys
    ) -> Iterator[OutputRecord]:
        """Take a record of several groups apart; what cannot be read goes on as it is."""
        found = pieces(value, self.config.input.format)
        groups: dict[bytes | None, list[bytes]] = {}
        for name, piece in zip(keys.keys(_batch_of(found, stamp)), found, strict=True):
            groups.setdefault(name, []).append(piece)
        if len(groups) == 1:
            self.whole += None in groups
            yield OutputRecord(next(iter(groups)) or key, value, stamp)
            return
        self.apart += 1
        for name, parts in groups.items():
            yield OutputRecord(name or key, b"\n".join(parts), stamp)

    def assigned(self, partitions: Sequence[InputPartition]) -> Mapping[InputPartition, int]:
        """Begin where the group has committed."""
        self._merger.forget(partitions)
        self._owned.update(partitions)
        self._tell(Rebalance.ASSIGNED, partitions)
        return {}

    def revoked(self, partitions: Sequence[InputPartition]) -> Mapping[InputPartition, int]:
        """Drop what is held; its next owner reads it again."""
        self._drop(Rebalance.REVOKED, partitions)
        return {}

    def lost(self, partitions: Sequence[InputPartition]) -> None:
        """Drop what is held."""
        self._drop(Rebalance.LOST, partitions)

    def _drop(self, kind: Rebalance, partitions: Sequence[InputPartition]) -> None:
        self._merger.forget(partitions)
        self._owned.difference_update(partitions)
        self._tell(kind, partitions)

    def _tell(self, kind: Rebalance, partitions: Sequence[InputPartition]) -> None:
        self.telemetry.rebalanced(kind, partitions)
        reason = f"{len(self._owned)} partitions assigned"
        self.health.report("assignment", ok=True, reason=reason)


def _batch_of(values: list[bytes], stamp: int) -> RecordBatch:
    count = len(values)
    return RecordBatch(
        partition=InputPartition("", 0),
        offsets=np.arange(count, dtype=np.int64),
        timestamps=np.full(count, stamp, np.int64),
        keys=Spans.of([None] * count),
        values=Spans.of(values),
        next_offset=count,
    )
