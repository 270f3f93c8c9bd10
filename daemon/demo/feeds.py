"""What puts the two streams onto the broker, each in a thread of its own."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol

from daemon.demo.machine import Machine
from daemon.demo.plan import HISTORY_TICKS, faults
from daemon.demo.records import SHOP, shop_records
from daemon.demo.timeline import INTERVAL_SECONDS
from daemon.kafka.writer import OutputRecord
from daemon.ports import Clock
from daemon.shop import Fault, Shop

JOIN_SECONDS: Final = 5.0
PACE_SECONDS: Final = 0.05
MACHINE_SECONDS: Final = 1.0
#: Ticks written at once; a feed that fell behind catches up in steps of this.
BLOCK_TICKS: Final = 500


class Writer(Protocol):
    """Where a feed's records go: `daemon.kafka.writer.TopicWriter`."""

    def write(self, records: Iterable[OutputRecord]) -> int:
        """Write records, wait until they are safe, and count them."""
        ...

    def close(self) -> None:
        """Disconnect."""
        ...


class Feed(threading.Thread, ABC):
    """Writes one stream until it is ended; a failure is kept for `check` to raise.

    Parameters
    ----------
    connect : callable
        Makes the writer; called on the feed's own thread.
    clock : Clock
        For the pace.

    Attributes
    ----------
    written : int
        Records acknowledged by the broker.
    """

    def __init__(self, connect: Callable[[], Writer], clock: Clock) -> None:
        super().__init__(name=type(self).__name__, daemon=True)
        self.written = 0
        self._connect = connect
        self._clock = clock
        self._over = threading.Event()
        self._failure: Exception | None = None

    def run(self) -> None:
        """Write until told to end."""
        try:
            writer = self._connect()
            try:
                self._feed(writer)
            finally:
                writer.close()
        except Exception as error:  # noqa: BLE001 - handed to the thread that asks
            self._failure = error

    def check(self) -> None:
        """Raise what the feed has failed with, if it has."""
        if self._failure is not None:
            raise self._failure

    def end(self) -> None:
        """Ask it to end and wait for it, within a bound; for a feed that was started."""
        self._over.set()
        self.join(JOIN_SECONDS)

    @abstractmethod
    def _feed(self, writer: Writer) -> None:
        """Write until `_over` is set."""


class ShopFeed(Feed):
    """The shop: its healthy history as fast as it goes, then, when told, at its own speed.

    Parameters
    ----------
    connect : callable
        Makes the writer; called on the feed's own thread.
    clock : Clock
        For the pace.
    seed : int
        Of the shop and of its faults.
    speed : float
        Simulated seconds a second once it is live.
    begins : callable of Fault
        Told of each fault before the first record that shows it is written; on this thread.

    Attributes
    ----------
    tick : int
        First tick that is not written yet.
    """

    def __init__(
        self,
        connect: Callable[[], Writer],
        clock: Clock,
        *,
        seed: int,
        speed: float,
        begins: Callable[[Fault], None],
    ) -> None:
        super().__init__(connect, clock)
        self.tick = 0
        self._shop = Shop(seed, faults(seed))
        self._faults = faults(seed)
        self._next = next(self._faults)
        self._speed = speed
        self._begins = begins
        self._live = threading.Event()

    @property
    def has_written_history(self) -> bool:
        """Whether all of the healthy history is on the broker."""
        return self.tick >= HISTORY_TICKS

    def go_live(self) -> None:
        """Let the time after the history begin."""
        self._live.set()

    def end(self) -> None:
        """Ask it to end and wait for it, within a bound."""
        self._over.set()
        self._live.set()
        super().end()

    def _feed(self, writer: Writer) -> None:
        while not self.has_written_history and not self._over.is_set():
            self._write(writer, min(BLOCK_TICKS, HISTORY_TICKS - self.tick))
        self._live.wait()
        began, first = self._clock.monotonic(), self.tick
        while not self._over.wait(PACE_SECONDS):
            passed = (self._clock.monotonic() - began) * self._speed / INTERVAL_SECONDS
            due = first + int(passed) - self.tick
            if due > 0:
                self._write(writer, min(BLOCK_TICKS, due))

    def _write(self, writer: Writer, ticks: int) -> None:
        self.written += writer.write(self._records(ticks))
        self.tick += ticks

    def _records(self, ticks: int) -> Iterator[OutputRecord]:
        for tick, frame in enumerate(self._shop.frames(ticks), self.tick):
            while self._next.start <= tick:
                self._begins(self._next)
                self._next = next(self._faults)
            for value in shop_records(frame, tick):
                yield OutputRecord(SHOP.encode(), value)


class MachineFeed(Feed):
    """The machine: a record a second, as things are."""

    def _feed(self, writer: Writer) -> None:
        machine = Machine()
        key = machine.host.encode()
        while not self._over.wait(MACHINE_SECONDS):
            now = self._clock.now()
            record = OutputRecord(key, machine.record(now), int(now * 1e9))
            self.written += writer.write([record])
