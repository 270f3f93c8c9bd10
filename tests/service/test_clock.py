"""The real clock: `daemon.clock`."""

from __future__ import annotations

import time

from daemon.clock import SystemClock
from daemon.ports import Clock


def test_tells_the_machines_time() -> None:
    """Wall clock and monotonic clock are the machine's own."""
    clock: Clock = SystemClock()

    assert abs(clock.now() - time.time()) < 5.0
    assert clock.monotonic() <= time.monotonic()


def test_sleeps_at_least_as_long_as_asked() -> None:
    """A pause is never shorter than asked for."""
    clock = SystemClock()
    before = clock.monotonic()

    clock.sleep(0.001)

    assert clock.monotonic() - before >= 0.001
