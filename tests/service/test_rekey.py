"""Rekeying: by group, in step, taken apart where needed, committed once written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from daemon.config import Config
from daemon.errors import SinkError
from daemon.http.health import HealthState
from daemon.kafka.writer import OutputRecord
from daemon.records import InputPartition, RecordBatch
from daemon.rekey import CHECKS, CONTACT_SECONDS, Rekeyer
from daemon.spans import Spans
from daemon.telemetry import Telemetry
from fakes import Assign, FakeClock, FakeSource, Outage, Revoke
from fakes import Step as ScriptStep

A, B = InputPartition("metrics", 0), InputPartition("metrics", 1)
CONFIG = Config.model_validate({"grouping": {"group_by": ["service"]}})
SECOND = 1_000_000_000


@dataclass
class HoldingSource(FakeSource):
    """A fake source that notes what is held back."""

    held: list[list[InputPartition]] = field(default_factory=list)

    def hold(self, partitions: Sequence[InputPartition]) -> None:
        """Note it."""
        self.held.append(list(partitions))


@dataclass
class FakeWriter:
    """Keeps what is written, or fails."""

    records: list[OutputRecord] = field(default_factory=list)
    fails_at: int = 10**9

    def write(self, records: Iterator[OutputRecord]) -> int:
        """Write them."""
        count = 0
        for record in records:
            if len(self.records) == self.fails_at:
                msg = "refused"
                raise SinkError(msg)
            self.records.append(record)
            count += 1
        return count


def sample(service: str, tick: int, value: float = 1.0) -> bytes:
    """Make a flat sample."""
    return b'{"name":"m","labels":{"service":"%s"},"timestamp":%d,"value":%g}' % (
        service.encode(),
        1_750_000_000 + tick,
        value,
    )


def batch(partition: InputPartition, first: int, records: dict[int, bytes]) -> RecordBatch:
    """Make a batch of records by their second, with a key nobody needs."""
    count = len(records)
    return RecordBatch(
        partition=partition,
        offsets=np.arange(first, first + count, dtype=np.int64),
        timestamps=np.array(list(records), np.int64) * SECOND,
        keys=Spans.of([b"old"] * count),
        values=Spans.of(list(records.values())),
        next_offset=first + count,
    )


def rekeyer_of(
    source: HoldingSource, writer: FakeWriter, clock: FakeClock | None = None
) -> Rekeyer:
    """Make one that tells how it is."""
    clock = clock or source.clock
    return Rekeyer(
        source, writer, CONFIG, clock, Telemetry(clock, "hash"), HealthState(clock, CHECKS)
    )


def run(script: list[ScriptStep], writer: FakeWriter, lags: dict[InputPartition, int]) -> Rekeyer:
    """Rekey a script to its end."""
    source = HoldingSource([Assign((A, B)), *script], lags=lags)
    rekeyer = rekeyer_of(source, writer)
    rekeyer.run(lambda: False)
    return rekeyer


def test_the_next_records_come_while_these_are_written() -> None:
    """A source that holds its next fetch back is asked for it once a turn with records."""
    script: list[ScriptStep] = [batch(A, at, {at: sample("web", at)}) for at in range(3)]

    rekeyer = run([*script, None, None], FakeWriter(), {A: 0, B: 0})

    assert isinstance(rekeyer.source, HoldingSource)
    assert rekeyer.source.prefetched == [0, 0, 0]


def test_records_go_on_by_group() -> None:
    """Unchanged, with their timestamps; positions are committed once they are written."""
    writer = FakeWriter()
    script: list[ScriptStep] = [
        batch(A, 5, {1: sample("web", 1), 3: sample("cart", 3)}),
        batch(B, 0, {2: sample("web", 2), 4: sample("cart", 4)}),
    ]

    rekeyer = run(script, writer, {A: 0, B: 0})

    assert isinstance(rekeyer.source, HoldingSource)
    assert [(r.key, r.timestamp // SECOND) for r in writer.records] == [
        (b"web", 1), (b"cart", 3), (b"web", 2), (b"cart", 4),
    ]  # fmt: skip
    assert writer.records[0].value == sample("web", 1)
    assert rekeyer.source.committed == {A: 7, B: 2}


def test_one_that_is_ahead_waits_for_one_of_which_more_is_to_come() -> None:
    """But not for ever: one that yields nothing is left behind."""
    writer = FakeWriter()
    clock = FakeClock()
    script: list[ScriptStep] = [
        Assign((A, B)),
        batch(A, 0, {1: sample("web", 1), 9: sample("web", 9)}),
        batch(B, 0, {5: sample("web", 5)}),
        batch(B, 1, {6: sample("web", 6)}),
        *[None] * 30,
    ]
    source = HoldingSource(script, clock, lags={A: 3, B: 3})
    rekeyer = rekeyer_of(source, writer, clock)
    seen: list[list[int]] = []

    def look() -> bool:
        seen.append([r.timestamp // SECOND for r in writer.records])
        return False

    rekeyer.run(look)

    assert seen[2] == []
    assert seen[3] == [1, 5]
    assert seen[4] == seen[20] == [1, 5, 6]
    assert seen[-1] == [1, 5, 6, 9]


def test_a_record_of_several_groups_is_taken_apart() -> None:
    """Each group gets its samples in one record; what cannot be read goes on under its own key."""
    writer = FakeWriter()
    array = b"[" + b",".join([sample("web", 1), sample("db", 1), sample("web", 1, 2)]) + b"]"
    script: list[ScriptStep] = [
        batch(A, 0, {1: array, 2: b"not a record", 3: b"[" + sample("db", 3) + b"]"})
    ]

    rekeyer = run(script, writer, {A: 0, B: 0})

    assert [(r.key, r.value) for r in writer.records] == [
        (b"web", sample("web", 1) + b"\n" + sample("web", 1, 2)),
        (b"db", sample("db", 1)),
        (b"old", b"not a record"),
        (b"db", b"[" + sample("db", 3) + b"]"),
    ]
    assert (rekeyer.written, rekeyer.apart, rekeyer.whole) == (4, 1, 1)


def test_what_is_not_written_is_not_committed() -> None:
    """A crash repeats it."""
    writer = FakeWriter(fails_at=3)
    source = HoldingSource(
        [Assign((A,)), *[batch(A, n, {n + 1: sample("web", n)}) for n in range(6)]], lags={A: 0}
    )

    with pytest.raises(SinkError):
        rekeyer_of(source, writer).run(lambda: False)

    assert source.committed == {A: 3}
    assert source.closed


def test_what_is_held_of_a_partition_that_moves_is_dropped() -> None:
    """Its next owner reads it again."""
    writer = FakeWriter()
    source = HoldingSource(
        [Assign((A, B)), batch(A, 0, {9: sample("web", 9)}), Revoke((A,)), None], lags={A: 3, B: 3}
    )

    rekeyer_of(source, writer).run(lambda: False)

    assert writer.records == []
    assert source.committed == {}


def test_it_tells_how_it_is() -> None:
    """What it read, wrote, committed and is behind; ready once it is a member that is answered."""
    writer = FakeWriter()
    script: list[ScriptStep] = [batch(A, 5, {1: sample("web", 1), 3: sample("cart", 3)}), None]
    source = HoldingSource([Assign((A, B)), *script, *[None] * 4], lags={A: 7, B: 0})
    rekeyer = rekeyer_of(source, writer)
    value = rekeyer.telemetry.value
    seen: list[tuple[bool, ...]] = []
    owned: list[float] = []
    lag: list[float] = []

    def look() -> bool:
        seen.append(tuple(check.ok for check in rekeyer.health.readiness()))
        owned.append(value("assigned_partitions"))
        lag.append(value("consumer_lag_records", "metrics", "0"))
        return False

    rekeyer.run(look)

    assert (seen[0], seen[-1]) == ((True, False, False, False), (True, True, True, True))
    assert (owned[-1], lag[-1]) == (2, 7)
    assert value("records_total", "metrics", "0") == 2
    assert value("rekeyed_records_total", "written") == 2
    assert value("commits_total", "success") == 1


def test_it_is_not_ready_while_the_broker_is_silent() -> None:
    """But alive: a restart would not help."""
    quiet = [None] * int(3 * CONTACT_SECONDS)
    source = HoldingSource([Assign((A,)), None, Outage(), *quiet], lags={A: 0})
    rekeyer = rekeyer_of(source, FakeWriter())

    rekeyer.run(lambda: False)

    checks = {check.name: check.ok for check in rekeyer.health.readiness()}
    assert (checks["loop"], checks["input"]) == (True, False)
