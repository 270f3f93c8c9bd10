"""One run of the demo: starts everything, watches, judges, and ends what it started."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final, Self

import msgspec

from daemon.demo.broker import EmbeddedBroker
from daemon.demo.child import ChildProcess
from daemon.demo.display import DemoOptions, Display, Status
from daemon.demo.feeds import Feed, MachineFeed, ShopFeed
from daemon.demo.plan import HISTORY_TICKS
from daemon.demo.service import ServiceProcess
from daemon.demo.streams import Stream, machine_stream, shop_stream
from daemon.demo.tally import Tally
from daemon.demo.timeline import INTERVAL_SECONDS
from daemon.errors import DaemonError, SourceError
from daemon.events import Event
from daemon.kafka.reader import TopicReader
from daemon.kafka.topics import TopicMissingError, delete_topics, ensure_topics
from daemon.kafka.writer import TopicWriter
from daemon.ports import Clock
from daemon.shop import Fault

BROKER_SECONDS: Final = 15.0
POLL_SECONDS: Final = 0.1
METRICS_EVERY_SECONDS: Final = 0.5
#: Silence on the events topic, with all records read, after which nothing more is expected.
SETTLE_SECONDS: Final = 1.0
SETTLE_MAX_SECONDS: Final = 6.0
#: The service's answer may be this late in real time before a fault counts as missed on screen.
PATIENCE_SECONDS: Final = 3.0


class Session:
    """A running demo; a context manager that leaves nothing behind.

    Parameters
    ----------
    options : DemoOptions
        What was asked for.
    clock : Clock
        The machine's.
    display : Display
        Where it is shown.
    """

    def __init__(self, options: DemoOptions, clock: Clock, display: Display) -> None:
        self.tally = Tally()
        self._options = options
        self._clock = clock
        self._display = display
        self._status = Status(self.tally)
        self._stack = ExitStack()
        self._children: list[ChildProcess] = []
        self._feeds: list[Feed] = []
        self._begun: SimpleQueue[Fault] = SimpleQueue()
        self._decode = msgspec.json.Decoder(Event).decode
        self._started = clock.monotonic()
        self._asked_metrics = 0.0

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for feed in self._feeds:
            feed.end()
        for child in self._status.services:
            child.ask_to_stop()
        self._stack.close()

    def kill(self) -> None:
        """End all children at once, when there is no time for an orderly end."""
        for child in self._children:
            child.kill()

    def run(self, stopping: Callable[[], bool]) -> Tally:
        """Show the streams live until stopped or until the time is up.

        Parameters
        ----------
        stopping : callable
            Asked several times a second.

        Returns
        -------
        Tally
            Over all faults that were over by the end.

        Raises
        ------
        ChildFailedError
            When a process the demo needs has ended by itself.
        DaemonError
            When a stream cannot be written or read.
        """
        self._display.stage(
            "the service starts (the first time it compiles for a minute or two) "
            "and reads three healthy days"
        )
        while not stopping() and not self._has_read(HISTORY_TICKS):
            self._watch()
        if stopping():
            return self.tally
        if self._options.with_machine:
            self._run_service(self._machine)
        self._display.stage("live: from now on things go wrong")
        self._shop_feed.go_live()
        began, limit = self._clock.monotonic(), self._options.duration_seconds
        while not stopping() and (limit is None or self._clock.monotonic() - began < limit):
            self._status.live_seconds = self._clock.monotonic() - began
            self._watch()
        self._settle()
        return self.tally

    def _start(self) -> None:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="hebbstream-")))
        self._folder = folder
        if self._options.bootstrap is None:
            broker = EmbeddedBroker(folder)
            self._adopt(broker)
            broker.wait(self._clock)
            bootstrap, run = broker.bootstrap, ""
            self._display.stage(f"embedded broker on {bootstrap}")
        else:
            bootstrap, run = self._options.bootstrap, f"-{secrets.token_hex(3)}"
            self._display.stage(f"your broker at {bootstrap}")
        self._shop, self._machine = shop_stream(bootstrap, run), machine_stream(bootstrap, run)
        streams = [self._shop, *([self._machine] if self._options.with_machine else [])]
        for stream in streams:
            if self._options.bootstrap is not None:
                self._stack.callback(self._delete_topics, stream)
            self._make_topics(stream)
        self._events = TopicReader(
            self._shop.kafka(), "hebbstream-demo", [stream.events_topic for stream in streams]
        )
        self._stack.callback(self._events.close)
        self._run_service(self._shop)
        self._shop_feed = ShopFeed(
            partial(self._writer, self._shop),
            self._clock,
            seed=self._options.seed,
            speed=self._options.speed,
            begins=self._begun.put,
        )
        self._feeds = [self._shop_feed]
        if self._options.with_machine:
            self._feeds.append(MachineFeed(partial(self._writer, self._machine), self._clock))
        for feed in self._feeds:
            feed.start()

    def _writer(self, stream: Stream) -> TopicWriter:
        return TopicWriter(stream.kafka(), stream.application_id, stream.topic, self._clock)

    def _run_service(self, stream: Stream) -> None:
        service = ServiceProcess(stream, self._folder)
        self._adopt(service)
        self._status.services.append(service)

    def _adopt(self, child: ChildProcess) -> None:
        self._children.append(child)
        self._stack.callback(child.stop)

    def _make_topics(self, stream: Stream) -> None:
        needed = stream.needed_topics()
        try:
            ensure_topics(stream.kafka(), stream.application_id, needed, BROKER_SECONDS)
        except TopicMissingError as error:
            raise SourceError(str(error)) from error

    def _delete_topics(self, stream: Stream) -> None:
        # They are ours by name; a broker that keeps them does no harm.
        with suppress(DaemonError, TopicMissingError):
            delete_topics(stream.kafka(), stream.application_id, stream.topics, BROKER_SECONDS)

    def _watch(self) -> None:
        """Look once at everything: faults, events, figures, processes."""
        records = self._events.poll(POLL_SECONDS)
        # A fault is announced before its first record is written, so before any event of its time.
        self._take_faults()
        for topic, value in records:
            self._take_event(topic, self._decode(value))
        patience = PATIENCE_SECONDS * self._options.speed / INTERVAL_SECONDS
        for finding in self.tally.advance(int(self._shop_feed.tick - patience)):
            self._display.missed(finding)
        for child in self._children:
            child.require_running()
        for feed in self._feeds:
            feed.check()
        self._ask_metrics()
        self._status.seconds = self._clock.monotonic() - self._started
        self._status.tick = self._shop_feed.tick
        self._display.refresh(self._status)

    def _take_faults(self) -> None:
        with suppress(Empty):
            while True:
                fault = self._begun.get_nowait()
                self.tally.inject(fault)
                self._display.injected(fault)

    def _take_event(self, topic: str, event: Event) -> None:
        if topic == self._shop.events_topic:
            self._display.observed(self._shop.name, event, self.tally.observe(event))
        else:
            self._display.observed(self._machine.name, event, None)

    def _ask_metrics(self) -> None:
        now = self._clock.monotonic()
        if now - self._asked_metrics < METRICS_EVERY_SECONDS:
            return
        self._asked_metrics = now
        for service in self._status.services:
            self._status.metrics[service.stream.name] = service.metrics()

    def _has_read(self, ticks: int) -> bool:
        """Tell whether this much of the shop is written and the service has read all of it."""
        read = self._status.metrics.get(self._shop.name, {}).get("hebbstream_records_total", 0.0)
        written = self._shop_feed.written
        done = self._shop_feed.tick / ticks if ticks else 1.0
        self._status.history_ratio = min(1.0, done * read / written) if written else 0.0
        return self._shop_feed.tick >= ticks and read >= written

    def _settle(self) -> None:
        """Stop feeding, let the service say what it has to say of what is written, and judge."""
        for feed in self._feeds:
            feed.end()
        deadline = self._clock.monotonic() + SETTLE_MAX_SECONDS
        quiet_since = self._clock.monotonic()
        while self._clock.monotonic() < deadline:
            before = len(self.tally.false) + self.tally.score().caught
            self._watch()
            unread = not self._has_read(0)
            if unread or len(self.tally.false) + self.tally.score().caught != before:
                quiet_since = self._clock.monotonic()
            elif self._clock.monotonic() - quiet_since > SETTLE_SECONDS:
                break
        for finding in self.tally.advance(self._shop_feed.tick):
            self._display.missed(finding)
