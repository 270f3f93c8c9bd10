"""Whether the service lives and whether it is ready; written by the engine, read by HTTP.

Alive means that the engine's loop goes round; it never depends on Kafka, or an outage would restart
every container. Ready means that each named check holds; every check says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from daemon.ports import Clock

#: A loop that has not gone round for this long is taken for dead.
BEAT_SECONDS_MAX = 30.0

#: Before the loop's first round kernels may have to be compiled, and within one state be restored.
START_SECONDS_MAX = 300.0

#: What must hold before the service is ready, unless its builder names other checks.
CHECKS = ("input", "assignment", "output", "state")


@dataclass(frozen=True, slots=True)
class Check:
    """One condition, and why it holds or does not."""

    name: str
    ok: bool
    reason: str


class HealthState:
    """Flags between the engine's thread and the HTTP thread.

    Every write replaces one reference, so neither side needs a lock. Until the first beat the
    service counts as starting, for which it has more time.

    Parameters
    ----------
    clock : Clock
        For the age of the last beat.
    checks : sequence of str
        Names of the readiness checks; all begin as not ready.
    """

    def __init__(self, clock: Clock, checks: Sequence[str] = CHECKS) -> None:
        self._clock = clock
        self._last_beat = clock.monotonic()
        self._allowed = START_SECONDS_MAX
        self._checks = {name: Check(name, ok=False, reason="starting") for name in checks}

    def beat(self, allowed_seconds: float = BEAT_SECONDS_MAX) -> None:
        """Say that the loop went round, or that it is about to be busy for longer.

        Parameters
        ----------
        allowed_seconds : float, optional
            When the next beat is due at the latest.
        """
        self._last_beat = self._clock.monotonic()
        self._allowed = allowed_seconds

    def report(self, name: str, *, ok: bool, reason: str) -> None:
        """Set one readiness check.

        Raises
        ------
        KeyError
            When there is no such check.
        """
        if name not in self._checks:
            raise KeyError(name)
        self._checks[name] = Check(name, ok=ok, reason=reason)

    def alive(self) -> Check:
        """Tell whether the loop has gone round lately."""
        age = self._clock.monotonic() - self._last_beat
        if age < self._allowed:
            started = self._allowed == BEAT_SECONDS_MAX
            reason = "the loop goes round" if started else "starting, or restoring state"
            return Check("loop", ok=True, reason=reason)
        return Check("loop", ok=False, reason=f"the loop has not gone round for {age:.0f} s")

    def readiness(self) -> tuple[Check, ...]:
        """Return every condition of being ready, the loop first."""
        return (self.alive(), *self._checks.values())
