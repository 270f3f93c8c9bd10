"""The real clock: the only file of the daemon that asks the machine for the time."""

from __future__ import annotations

import time


class SystemClock:
    """`daemon.ports.Clock` on the machine's wall clock and monotonic clock."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never step back, for ages and deadlines."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block for `seconds`."""
        time.sleep(seconds)
