"""Alive and ready: `daemon.http.health`."""

from __future__ import annotations

import pytest

from daemon.http.health import BEAT_SECONDS_MAX, START_SECONDS_MAX, Check, HealthState
from fakes import FakeClock


def test_nothing_is_ready_at_the_start() -> None:
    """Every named check must be reported good before the service is ready."""
    health = HealthState(FakeClock(), ("input", "output"))

    assert health.alive().ok
    assert [check.name for check in health.readiness()] == ["loop", "input", "output"]
    assert [check.ok for check in health.readiness()] == [True, False, False]


def test_a_report_replaces_the_check_and_its_reason() -> None:
    """The latest word counts."""
    health = HealthState(FakeClock(), ("input",))

    health.report("input", ok=True, reason="answered 2 s ago")

    assert health.readiness()[1] == Check("input", ok=True, reason="answered 2 s ago")


def test_an_unknown_check_is_a_mistake() -> None:
    """A slip in a name must not create a check that nobody reads."""
    health = HealthState(FakeClock(), ("input",))

    with pytest.raises(KeyError, match="inptu"):
        health.report("inptu", ok=True, reason="")


def test_a_loop_that_hangs_is_dead() -> None:
    """Half a minute without a beat is too long; a beat makes it alive again."""
    clock = FakeClock()
    health = HealthState(clock)
    health.beat()

    clock.advance(BEAT_SECONDS_MAX + 1)
    hanging = health.alive()
    health.beat()

    assert not hanging.ok
    assert hanging.reason == "the loop has not gone round for 31 s"
    assert health.alive().ok


def test_a_start_has_more_time_than_a_loop() -> None:
    """Compiling the kernels must not look like a hanging loop; hanging for ever must."""
    clock = FakeClock()
    health = HealthState(clock)

    clock.advance(BEAT_SECONDS_MAX + 1)
    starting = health.alive()
    clock.advance(START_SECONDS_MAX)

    assert starting == Check("loop", ok=True, reason="starting, or restoring state")
    assert not health.alive().ok
