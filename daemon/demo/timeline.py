"""The shop's own time: a tick is a minute, and its days begin in the past so that they never end.

Simulated time runs much faster than real time. It begins far enough back that no demo lives to see
the present, beyond which samples would be refused as coming from a wrong clock.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

START: Final = 1_577_836_800  # 2020-01-01T00:00:00Z
INTERVAL_SECONDS: Final = 60
TICKS_PER_DAY: Final = 86_400 // INTERVAL_SECONDS


def timestamp_of(tick: int) -> int:
    """Return the Unix seconds of a tick's samples."""
    return START + tick * INTERVAL_SECONDS


def tick_of(time: str) -> int:
    """Return the tick an event is about, from its `ts_event`: a frame is stamped at its end.

    Examples
    --------
    >>> tick_of("2020-01-01T00:01:00Z")
    0
    """
    seconds = datetime.fromisoformat(time).timestamp() - START
    return round(seconds / INTERVAL_SECONDS) - 1


def clock_of(tick: int) -> str:
    """Write a tick as people say it.

    Examples
    --------
    >>> clock_of(0), clock_of(1440 * 3 + 75)
    ('day 1 00:00', 'day 4 01:15')
    """
    day, minute = divmod(tick, TICKS_PER_DAY)
    return f"day {day + 1} {minute // 60:02d}:{minute % 60:02d}"
