"""How the service is asked to stop: the first signal drains, the second one ends it at once.

The first SIGTERM or SIGINT only sets a flag, which the engine's loop reads; it then hands back its
partitions within the drain time. A watchdog ends a drain that hangs. Ending at any moment is safe:
input positions are committed only for what has been published.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, ClassVar, Protocol, Self

from daemon.errors import UnreachableError
from daemon.outlet import write_some
from daemon.ports import Clock

#: Seconds the engine may take for its orderly stop, and seconds after which it is ended.
DRAIN_SECONDS = 8.0
DEADLINE_SECONDS = 10.0

#: A supervisor that signals a process and its group sends the same request twice.
ECHO_SECONDS = 0.5


class StopRequest:
    """A flag that signals set, with the time that is left to act on it.

    As a context manager it installs the handlers on entry and restores the old ones on exit; it
    must then be used on the main thread.

    Parameters
    ----------
    clock : Clock
        For the time left.
    end : callable of int
        Ends the process with an exit code, at once and without clean-up.
    drain_seconds, deadline_seconds : float
        Time for the orderly stop, and time after which the watchdog ends the process.
    """

    signals: ClassVar[tuple[signal.Signals, ...]] = (signal.SIGTERM, signal.SIGINT)

    def __init__(
        self,
        clock: Clock,
        *,
        end: Callable[[int], Any] = os._exit,
        drain_seconds: float = DRAIN_SECONDS,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._clock = clock
        self._end = end
        self._drain_seconds = drain_seconds
        self._deadline_seconds = deadline_seconds
        self._asked = threading.Event()
        self._asked_at = 0.0
        self._drain_until = 0.0
        self._watchdog: threading.Timer | None = None
        self._previous: dict[signal.Signals, Any] = {}
        self.reason = ""

    def __enter__(self) -> Self:
        for number in self.signals:
            self._previous[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous.clear()
        if self._watchdog is not None:
            self._watchdog.cancel()

    @property
    def asked(self) -> bool:
        """Whether the service should stop."""
        return self._asked.is_set()

    def ask(self, reason: str) -> None:
        """Ask for an orderly stop; only the first reason counts and starts the clock."""
        if self._asked.is_set():
            return
        self.reason = reason
        self._asked_at = self._clock.monotonic()
        self._drain_until = self._asked_at + self._drain_seconds
        self._asked.set()
        self._watchdog = threading.Timer(self._deadline_seconds, self._expired)
        self._watchdog.daemon = True
        self._watchdog.start()

    def wait(self, seconds: float) -> bool:
        """Sleep for `seconds` or until asked to stop; returns whether it was asked."""
        return self._asked.wait(seconds)

    def remaining_seconds(self) -> float:
        """Time left for the orderly stop: infinite before it is asked for, then down to 0."""
        if not self._asked.is_set():
            return float("inf")
        return max(0.0, self._drain_until - self._clock.monotonic())

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._asked.is_set():
            if self._clock.monotonic() - self._asked_at < ECHO_SECONDS:
                return
            _say(f"second {signal.Signals(number).name}: ending now")
            self._end(128 + number)
        else:
            self.ask(signal.Signals(number).name)

    def _expired(self) -> None:
        _say(f"not drained within {self._deadline_seconds:g} s: ending now")
        self._end(1)


class Asked(Protocol):
    """What tells that the service should stop."""

    @property
    def asked(self) -> bool:
        """Whether it should."""
        ...


class Contact(Protocol):
    """What tells how long ago the broker answered."""

    def contact_age(self) -> float:
        """Seconds since its last answer, or since the start while there was none."""
        ...


def stop_condition(
    stop: Asked,
    source: Contact,
    clock: Clock,
    connect_seconds: float | None,
    servers: Sequence[str],
) -> Callable[[], bool]:
    """Say when the engine should stop: when asked, or when no broker answers at start.

    Parameters
    ----------
    stop : Asked
        Whether it was asked to.
    source : Contact
        Whether a broker has answered.
    clock : Clock
        For the time waited.
    connect_seconds : float or None
        How long to wait for the first answer; None waits for ever.
    servers : sequence of str
        Whom it asks, for the message.

    Returns
    -------
    callable
        True when asked to stop. Raises UnreachableError when `connect_seconds` have passed without
        a first answer.
    """
    if connect_seconds is None:
        return lambda: stop.asked
    limit, started, answered = connect_seconds, clock.monotonic(), False

    def stopping() -> bool:
        nonlocal answered
        waited = clock.monotonic() - started
        # Until the first answer the age of the last one grows with the time waited.
        answered = answered or source.contact_age() < waited - 1.0
        if not answered and waited > limit:
            msg = f"no Kafka broker answered at {', '.join(servers)} within {limit:g} s"
            raise UnreachableError(msg)
        return stop.asked

    return stopping


def _say(text: str) -> None:
    """Write to standard error past every lock: this runs where a log call might block."""
    with suppress(OSError):  # nobody may read it; the process ends all the same
        write_some(2, f"hebbstream: {text}\n".encode(), 0.0)
