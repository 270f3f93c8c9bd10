"""Incident events posted to an address, besides their topic: at least once while the process lives.

A thread of its own posts, so that a receiver that is slow, or away, costs the engine nothing. What
waits is bounded. After a crash the events since the last checkpoint are posted again, with equal
`event_id`; those that waited for longer are on the topic alone.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections import deque
from collections.abc import Sequence
from typing import Self

import urllib3

from daemon.config import WebhookSection
from daemon.events import Event, encode_event
from daemon.kafka.connection import Backoff
from daemon.log import get_logger
from daemon.ports import Clock
from daemon.readmodel.views import GroupIdentity
from daemon.telemetry import Telemetry

log = get_logger(__name__)

# At debug it writes the address of every request, which may be a secret.
logging.getLogger("urllib3").setLevel(logging.WARNING)

BATCH_MAX = 100
#: The longest wait before another try.
WAIT_MAX_SECONDS = 30.0
#: What waits at a stop has so long to leave.
CLOSE_SECONDS = 3.0
#: Answers below 500 that another try may change: time-out, too early, too many requests.
PASSING = frozenset({408, 425, 429})


class Webhook:
    """Posts events in order; a context, within which it works.

    Parameters
    ----------
    section : WebhookSection
        Where to; nothing is done without an address.
    clock : Clock
        For the age of a stop.
    telemetry : Telemetry
        Told what became of the events.
    """

    def __init__(self, section: WebhookSection, clock: Clock, telemetry: Telemetry) -> None:
        self._section = section
        self._clock = clock
        self._telemetry = telemetry
        self._events: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._until: float | None = None
        self._backoff = Backoff(clock, max_seconds=WAIT_MAX_SECONDS)
        self._http = urllib3.PoolManager(retries=False, timeout=section.timeout)
        self._thread = threading.Thread(target=self._run, name="webhook", daemon=True)

    def __enter__(self) -> Self:
        if self._section.url is not None:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Post what waits, within a bound; a receiver that does not answer keeps nobody."""
        with self._changed:
            self._until = self._clock.monotonic() + CLOSE_SECONDS
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(CLOSE_SECONDS)
        if self._events:
            log.warning("stopped with events not posted", events=len(self._events))
        self._http.clear()

    def take(self, told: Sequence[tuple[GroupIdentity, Event]]) -> None:
        """Queue events; never blocks. The oldest that waits gives way where there are too many.

        Parameters
        ----------
        told : sequence of (GroupIdentity, Event)
            In order.
        """
        if self._section.url is None:
            return
        with self._changed:
            self._events.extend(encode_event(event) for _, event in told)
            excess = max(0, len(self._events) - self._section.queue_max)
            for _ in range(excess):
                self._events.popleft()
            self._telemetry.webhook("given_up", excess, len(self._events))
            self._changed.notify_all()

    def _run(self) -> None:
        """Post until it is time to end, whatever happens: nobody would miss this thread."""
        while True:
            try:
                self._post_all()
            except Exception as error:  # noqa: BLE001 - what nobody foresaw
                # What the error says may hold the address, which may be a secret.
                what = {
                    "error": type(error).__name__,
                    "at": "".join(traceback.format_tb(error.__traceback__)),
                }
                log.error("webhook failed; trying again", **what)  # noqa: TRY400 - as said
                self._telemetry.background_failed("webhook")
                if not self._paused(self._backoff.failed()):
                    continue
            return

    def _post_all(self) -> None:
        """Post what comes until it is time to end."""
        while (batch := self._next()) is not None:
            answer = self._post(batch)
            if answer is None:
                if self._paused(self._backoff.failed()):
                    return
                continue
            self._backoff.succeeded()
            with self._changed:
                for each in batch:  # unless it had to give way meanwhile
                    if self._events and self._events[0] is each:
                        self._events.popleft()
                self._telemetry.webhook(answer, len(batch), len(self._events))

    def _next(self) -> list[bytes] | None:
        """Wait for events; None when it is time to end."""
        with self._changed:
            while not self._events and self._until is None:
                self._changed.wait()
            over = self._until is not None and self._clock.monotonic() >= self._until
            if over or not self._events:
                return None
            return [self._events[n] for n in range(min(BATCH_MAX, len(self._events)))]

    def _paused(self, seconds: float) -> bool:
        """Wait before another try; returns whether a stop came first."""
        with self._changed:
            return self._changed.wait_for(lambda: self._until is not None, seconds)

    def _post(self, batch: list[bytes]) -> str | None:
        """Post events; returns what became of them, None when it must be tried again."""
        section = self._section
        assert section.url is not None  # noqa: S101 - the thread runs only with one
        headers = {"Content-Type": "application/json"}
        if section.token is not None:
            headers["Authorization"] = f"Bearer {section.token.get_secret_value()}"
        try:
            answer = self._http.request(
                "POST",
                section.url.get_secret_value(),
                body=b"[" + b",".join(batch) + b"]",
                headers=headers,
                redirect=False,
                preload_content=False,
            )
        except urllib3.exceptions.HTTPError as error:
            log.warning("webhook not reached; trying again", error=type(error).__name__)
            return None
        _let_go(answer)
        if answer.status < 300:
            return "sent"
        if answer.status >= 500 or answer.status in PASSING:
            log.warning("webhook busy; trying again", status=answer.status)
            return None
        log.error("webhook refused events", status=answer.status, events=len(batch))
        return "refused"


def _let_go(answer: urllib3.BaseHTTPResponse) -> None:
    """Keep the connection where nothing follows; nobody reads a body, which may never end."""
    if answer.length_remaining == 0:
        answer.release_conn()
    else:
        answer.close()
