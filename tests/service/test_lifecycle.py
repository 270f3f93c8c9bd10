"""Being asked to stop, and giving up on a broker that never answers: `daemon.lifecycle`."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress

import pytest

from daemon.errors import UnreachableError
from daemon.lifecycle import StopRequest, stop_condition
from fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that stands still."""
    return FakeClock()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_only_asks(clock: FakeClock, number: signal.Signals) -> None:
    """The loop is told, nothing is interrupted, the time left is counted."""
    ended: list[int] = []

    with StopRequest(clock, end=ended.append, drain_seconds=8.0) as stop:
        before = stop.asked, stop.remaining_seconds()
        os.kill(os.getpid(), number)
        clock.advance(3.0)

        assert before == (False, float("inf"))
        assert stop.asked
        assert stop.reason == number.name
        assert stop.remaining_seconds() == 5.0
        assert ended == []


def test_the_second_signal_ends_at_once(
    clock: FakeClock, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whoever asks twice does not want to wait; the code says which signal it was."""
    ended: list[int] = []

    with StopRequest(clock, end=ended.append):
        os.kill(os.getpid(), signal.SIGTERM)
        clock.advance(1.0)
        os.kill(os.getpid(), signal.SIGTERM)

    assert ended == [128 + signal.SIGTERM]
    assert "second SIGTERM: ending now" in capfd.readouterr().err


def test_the_echo_of_a_signal_is_no_second_request(clock: FakeClock) -> None:
    """A supervisor that signals the process and its group at once still gets an orderly stop."""
    ended: list[int] = []

    with StopRequest(clock, end=ended.append) as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        clock.advance(0.1)
        os.kill(os.getpid(), signal.SIGTERM)

        assert stop.asked
    assert ended == []


def test_a_drain_that_hangs_is_ended(clock: FakeClock, capfd: pytest.CaptureFixture[str]) -> None:
    """The watchdog does not depend on the thread that hangs."""
    ended = threading.Event()
    codes: list[int] = []

    def end(code: int) -> None:
        codes.append(code)
        ended.set()

    with StopRequest(clock, end=end, deadline_seconds=0.01) as stop:
        stop.ask("test")

        assert ended.wait(5.0)
    assert codes == [1]
    assert "not drained within 0.01 s" in capfd.readouterr().err


def test_a_standard_error_that_nobody_reads_keeps_no_process(clock: FakeClock) -> None:
    """A full pipe takes no last words; the process ends all the same."""
    ended: list[int] = []
    before = os.dup(2)
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, bytes(2**16))
    os.set_blocking(writing, True)
    os.dup2(writing, 2)
    try:
        with StopRequest(clock, end=ended.append):
            os.kill(os.getpid(), signal.SIGTERM)
            clock.advance(1.0)
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        os.dup2(before, 2)
        for each in (before, reading, writing):
            os.close(each)

    assert ended == [128 + signal.SIGTERM]


def test_the_old_handlers_come_back(clock: FakeClock) -> None:
    """After the service has stopped, signals mean what they meant before."""
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    with StopRequest(clock) as stop:
        inside = signal.getsignal(signal.SIGTERM)
        stop.ask("test")

    assert inside != before[0]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_the_first_reason_counts(clock: FakeClock) -> None:
    """A later reason neither replaces the first nor gives more time."""
    with StopRequest(clock, drain_seconds=8.0) as stop:
        stop.ask("first")
        clock.advance(2.0)
        stop.ask("second")

        assert stop.reason == "first"
        assert stop.remaining_seconds() == 6.0


def test_time_left_never_goes_below_zero(clock: FakeClock) -> None:
    """Past the drain time there is none left, not less than none."""
    with StopRequest(clock, drain_seconds=1.0) as stop:
        stop.ask("test")
        clock.advance(9.0)

        assert stop.remaining_seconds() == 0.0


def test_wait_returns_when_asked(clock: FakeClock) -> None:
    """A pause ends as soon as the service is asked to stop."""
    with StopRequest(clock) as stop:
        before = stop.wait(0.0)
        stop.ask("test")

        assert before is False
        assert stop.wait(60.0)


class SilentSource:
    """The one thing the deadline looks at: how long ago a broker answered."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.answered_at: float | None = None

    def contact_age(self) -> float:
        """Seconds since the answer, or since the start while there was none."""
        return self._clock.monotonic() - (self.answered_at or 0.0)


class NeverAsked:
    """A stop request that nobody makes."""

    asked = False


def test_gives_up_when_no_broker_answers_in_time() -> None:
    """Past the deadline without any answer it is an error with address and time in it."""
    clock = FakeClock()
    stopping = stop_condition(NeverAsked(), SilentSource(clock), clock, 30.0, ["kafka:9092"])
    assert not stopping()

    clock.advance(31)

    with pytest.raises(UnreachableError, match="at kafka:9092 within 30 s"):
        stopping()


def test_an_outage_after_the_first_answer_is_waited_out() -> None:
    """Once a broker has answered, the deadline of the start is over."""
    clock = FakeClock()
    source = SilentSource(clock)
    stopping = stop_condition(NeverAsked(), source, clock, 30.0, ["kafka:9092"])
    clock.advance(10)
    source.answered_at = clock.monotonic()
    assert not stopping()

    clock.advance(1000)

    assert not stopping()


def test_without_a_deadline_it_waits() -> None:
    """By default a missing broker is waited for."""
    clock = FakeClock()
    stopping = stop_condition(NeverAsked(), SilentSource(clock), clock, None, ["kafka:9092"])

    clock.advance(10_000)

    assert not stopping()
