"""Events posted to an address: in order, at least once, and never in the engine's way."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from typing import Any

import pytest
from structlog.testing import capture_logs

from daemon.clock import SystemClock
from daemon.config import WebhookSection
from daemon.events import Event
from daemon.readmodel.views import GroupIdentity
from daemon.records import InputPartition
from daemon.telemetry import Telemetry
from daemon.webhook import Webhook
from daemon_process import wait_until
from server_process import free_ports
from shop_events import event

WHO = GroupIdentity("0" * 16, "shop", {}, InputPartition("metrics", 0))


@dataclass
class Receiver:
    """An HTTP server that answers as it is told, and keeps what it got."""

    answers: list[int] = field(default_factory=list)
    got: list[list[dict[str, Any]]] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    body: Callable[[BufferedIOBase], None] = lambda _stream: None

    def __post_init__(self) -> None:
        receiver = self
        self.gate.set()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.gate.wait(20)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.authorizations.append(self.headers["Authorization"])
                receiver.got.append(json.loads(body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                self.end_headers()
                with suppress(ConnectionError):  # who posts need not read it
                    receiver.body(self.wfile)

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server.server_port}/alerts"

    def ids(self) -> list[str]:
        """Return the incidents of what it got, in order."""
        return [each["incident_id"] for batch in self.got for each in batch]

    def stop(self) -> None:
        """Stop listening."""
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Run a receiver."""
    made = Receiver()
    yield made
    made.stop()


def make(url: str | None, **settings: object) -> tuple[Webhook, Telemetry]:
    """Make a webhook that posts to an address."""
    clock = SystemClock()
    telemetry = Telemetry(clock, "hash")
    section = WebhookSection.model_validate({"url": url, **settings})
    return Webhook(section, clock, telemetry), telemetry


def events(*numbers: int) -> Sequence[tuple[GroupIdentity, Event]]:
    """Make events of as many incidents, with telling ids."""
    return [(WHO, event(number, incident=f"incident-{number}")) for number in numbers]


def count(telemetry: Telemetry, result: str) -> float:
    """Return how many events had a result."""
    return telemetry.value("webhook_events_total", result)


def test_an_answer_that_does_not_end_is_not_waited_for(receiver: Receiver) -> None:
    """Its status says all; its body would fill the memory, or keep the events behind it."""
    webhook, telemetry = make(receiver.url)
    read_to_the_end = threading.Event()

    def endless(stream: BufferedIOBase) -> None:
        for _ in range(500):
            stream.write(bytes(2**20))
        read_to_the_end.set()

    receiver.answers, receiver.body = [200, 200], endless
    with webhook:
        webhook.take(events(1))
        wait_until(lambda: count(telemetry, "sent") == 1, 10, "the first is posted")
        webhook.take(events(2))
        wait_until(lambda: count(telemetry, "sent") == 2, 10, "the second is posted")

    assert receiver.ids() == ["incident-1", "incident-2"]
    assert not read_to_the_end.is_set()


def test_events_arrive_in_order_as_they_are_on_the_topic(receiver: Receiver) -> None:
    """As a JSON array, with the token, counted."""
    webhook, telemetry = make(receiver.url, token="secret-token")

    with webhook:
        webhook.take(events(1, 2))
        webhook.take(events(3))
        wait_until(lambda: count(telemetry, "sent") == 3, 10, "all posted")

    assert receiver.ids() == ["incident-1", "incident-2", "incident-3"]
    assert set(receiver.authorizations) == {"Bearer secret-token"}
    assert telemetry.value("webhook_waiting_events") == 0


def test_the_address_is_not_logged(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    """It may hold a secret, and what posts writes it at debug."""
    caplog.set_level(logging.DEBUG)
    webhook, telemetry = make(f"{receiver.url}/geheim?key=geheim")

    with webhook:
        webhook.take(events(1))
        wait_until(lambda: count(telemetry, "sent") == 1, 10, "posted")

    assert "geheim" not in caplog.text


def test_a_busy_receiver_is_tried_again(receiver: Receiver) -> None:
    """Nothing is lost, and nothing overtakes."""
    receiver.answers = [503, 429]
    webhook, telemetry = make(receiver.url)

    with webhook:
        webhook.take(events(1))
        wait_until(lambda: count(telemetry, "sent") == 1, 10, "posted at last")
        webhook.take(events(2))
        wait_until(lambda: count(telemetry, "sent") == 2, 10, "the next")

    assert receiver.ids() == ["incident-1"] * 3 + ["incident-2"]


def test_what_is_refused_is_counted_and_does_not_block(receiver: Receiver) -> None:
    """An address that says no will say it again: the next events go on."""
    receiver.answers = [400]
    webhook, telemetry = make(receiver.url)

    with webhook:
        webhook.take(events(1))
        wait_until(lambda: count(telemetry, "refused") == 1, 10, "refused")
        webhook.take(events(2))
        wait_until(lambda: count(telemetry, "sent") == 1, 10, "the next")

    assert receiver.ids() == ["incident-1", "incident-2"]


def test_a_slow_receiver_costs_bounded_memory_and_no_time(receiver: Receiver) -> None:
    """The engine only queues; what waits too long gives way, the oldest first, counted."""
    receiver.gate.clear()
    webhook, telemetry = make(receiver.url, queue_max=5)

    with webhook:
        for number in range(50):
            webhook.take(events(number))
        waiting, given_up = telemetry.value("webhook_waiting_events"), count(telemetry, "given_up")
        receiver.gate.set()
        wait_until(lambda: telemetry.value("webhook_waiting_events") == 0, 10, "the rest posted")

    assert (waiting, given_up) == (5, 45)
    assert receiver.ids()[-5:] == [f"incident-{number}" for number in range(45, 50)]


def test_a_dead_receiver_neither_raises_nor_keeps_the_stop() -> None:
    """What could not be posted waits, and a stop does not."""
    (port,) = free_ports(1)
    webhook, telemetry = make(f"http://127.0.0.1:{port}/")

    with webhook:
        webhook.take(events(1, 2))

    assert telemetry.value("webhook_waiting_events") == 2
    assert count(telemetry, "sent") == 0
    assert not webhook._thread.is_alive()


def test_what_waits_at_a_stop_is_posted(receiver: Receiver) -> None:
    """A stop has a few seconds for it."""
    webhook, telemetry = make(receiver.url)

    with webhook:
        webhook.take(events(1))

    assert receiver.ids() == ["incident-1"]
    assert count(telemetry, "sent") == 1


class Stumbling(Telemetry):
    """Fails in a way nobody foresaw when the first event is posted."""

    stumbled = False

    def webhook(self, result: str, events: int, waiting: int) -> None:
        """Fail once."""
        if result == "sent" and not self.stumbled:
            self.stumbled = True
            msg = "https://alerts.example.com/geheim"
            raise ZeroDivisionError(msg)
        super().webhook(result, events, waiting)


def test_an_error_nobody_foresaw_is_told_and_the_next_event_posted(receiver: Receiver) -> None:
    """The thread lives, the error is logged without what it says, and it is counted."""
    telemetry = Stumbling(SystemClock(), "hash")
    section = WebhookSection.model_validate({"url": receiver.url})

    with capture_logs() as logged, Webhook(section, SystemClock(), telemetry) as webhook:
        webhook.take(events(1))
        failed = ("background_failures_total", "webhook")
        wait_until(lambda: telemetry.value(*failed) == 1, 10, "the failure counted")
        webhook.take(events(2))
        wait_until(lambda: count(telemetry, "sent") == 1, 10, "the next event posted")

    assert receiver.ids() == ["incident-1", "incident-2"]
    (line,) = logged
    assert (line["log_level"], line["error"]) == ("error", "ZeroDivisionError")
    assert line["event"] == "webhook failed; trying again"
    assert "webhook.py" in line["at"]
    assert "geheim" not in line["error"]


def test_without_an_address_nothing_happens() -> None:
    """Neither a thread nor a queue."""
    webhook, telemetry = make(None)

    with webhook:
        webhook.take(events(1))

    assert telemetry.value("webhook_waiting_events") == 0


@pytest.mark.parametrize("url", ["ftp://a", "alerts.example.com", ""])
def test_an_address_must_be_http(url: str) -> None:
    """A slip is found at start."""
    with pytest.raises(ValueError, match="must begin with http"):
        WebhookSection.model_validate({"url": url})
