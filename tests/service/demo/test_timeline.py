"""The shop's time: ticks, timestamps and the clock people read."""

from __future__ import annotations

from daemon.demo.timeline import START, clock_of, tick_of, timestamp_of


def test_an_event_is_about_the_tick_that_ends_at_its_time() -> None:
    """A frame is stamped with its end, a sample with its start."""
    assert timestamp_of(0) == START
    assert tick_of("2020-01-01T00:01:00Z") == 0
    assert tick_of("2020-01-02T00:00:00.500Z") == 1439


def test_the_clock_counts_days_from_one() -> None:
    """Tick 0 is midnight of day 1."""
    assert [clock_of(tick) for tick in (0, 1439, 1440)] == [
        "day 1 00:00",
        "day 1 23:59",
        "day 2 00:00",
    ]
