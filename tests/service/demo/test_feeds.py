"""The feeds: the history at once, then at the speed asked for, every fault announced in time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import msgspec
import pytest

from daemon.clock import SystemClock
from daemon.demo.feeds import MachineFeed, ShopFeed
from daemon.demo.plan import HISTORY_TICKS, faults
from daemon.demo.timeline import timestamp_of
from daemon.errors import UnreachableError
from daemon.kafka.writer import OutputRecord
from daemon.shop import SERVICES, Fault


class FakeWriter:
    """Keeps what it is given, and tells when a condition on it holds."""

    def __init__(self, enough: Callable[[FakeWriter], bool]) -> None:
        self.records: list[OutputRecord] = []
        self.closed = False
        self.full = threading.Event()
        self._enough = enough

    def write(self, records: Iterable[OutputRecord]) -> int:
        """Keep records."""
        count = len(self.records)
        self.records += records
        if self._enough(self):
            self.full.set()
        return len(self.records) - count

    def close(self) -> None:
        """Note that it was closed."""
        self.closed = True


@pytest.mark.slow
def test_the_shop_goes_live_after_its_history() -> None:
    """The history has every healthy minute; live, each fault is announced before it shows."""
    first = next(faults(3))
    goal = (first.start + 10) * len(SERVICES)
    writer = FakeWriter(lambda each: len(each.records) >= goal)
    announced: list[tuple[Fault, int]] = []
    feed = ShopFeed(
        lambda: writer,
        SystemClock(),
        seed=3,
        speed=60_000.0,
        begins=lambda fault: announced.append((fault, len(writer.records))),
    )

    feed.start()
    while not feed.has_written_history:
        feed.check()
    history = list(writer.records)
    feed.go_live()
    reached = writer.full.wait(30)
    feed.end()

    last = msgspec.json.decode(history[-1].value or b"")
    assert len(history) == HISTORY_TICKS * len(SERVICES)
    assert last["timestamp"] == timestamp_of(HISTORY_TICKS - 1)
    assert reached
    assert announced[0][0] == first
    assert announced[0][1] <= first.start * len(SERVICES)
    assert (feed.written, writer.closed) == (len(writer.records), True)


def test_a_failure_is_kept_for_the_one_who_asks() -> None:
    """A thread has nobody to raise to."""

    def unreachable() -> FakeWriter:
        msg = "no broker"
        raise UnreachableError(msg)

    feed = MachineFeed(unreachable, SystemClock())
    feed.start()
    feed.end()

    with pytest.raises(UnreachableError, match="no broker"):
        feed.check()


@pytest.mark.slow
def test_the_machine_is_read_every_second() -> None:
    """A record holds all samples, keyed by the host that they are grouped by."""
    writer = FakeWriter(lambda each: len(each.records) >= 1)
    feed = MachineFeed(lambda: writer, SystemClock())

    feed.start()
    came = writer.full.wait(10)
    feed.end()

    feed.check()
    assert came
    samples = msgspec.json.decode(writer.records[0].value or b"")
    assert {sample["labels"]["host"].encode() for sample in samples} == {writer.records[0].key}
