"""A partition is stuck when records wait and it does not move; everything else is not."""

from __future__ import annotations

from daemon.records import InputPartition
from daemon.watchdog import Watchdog

FIRST, SECOND = InputPartition("metrics", 0), InputPartition("metrics", 1)


def test_only_the_one_that_stands_still_is_stuck() -> None:
    """Another that moves, and one that has nothing to read, are not."""
    watchdog = Watchdog(60.0)
    idle = InputPartition("metrics", 2)

    stuck = {}
    for second in range(0, 121, 10):
        stuck = watchdog.look(
            {FIRST: 5, SECOND: second, idle: 9},
            {FIRST: 3 + second, SECOND: 50},
            float(second),
        )

    assert stuck == {FIRST: 120.0}


def test_a_move_ends_it() -> None:
    """By a record, or by records that are skipped: then the lag shrinks."""
    watchdog = Watchdog(60.0)
    watchdog.look({FIRST: 5}, {FIRST: 3}, 0.0)
    before = watchdog.look({FIRST: 5}, {FIRST: 3}, 70.0)

    skipped = watchdog.look({FIRST: 5}, {FIRST: 2}, 71.0)
    again = watchdog.look({FIRST: 5}, {FIRST: 2}, 131.0)
    read = watchdog.look({FIRST: 7}, {FIRST: 9}, 132.0)

    assert (before, skipped, again, read) == ({FIRST: 70.0}, {}, {FIRST: 60.0}, {})


def test_what_is_not_asked_to_move_is_not_stuck() -> None:
    """While reading pauses, and for a partition that went and came back, time does not count."""
    watchdog = Watchdog(60.0)
    watchdog.look({FIRST: 5}, {FIRST: 3}, 0.0)
    watchdog.look({}, {}, 30.0)
    came_back = watchdog.look({FIRST: 5}, {FIRST: 3}, 65.0)

    watchdog.reset()

    assert came_back == {}
    assert watchdog.look({FIRST: 5}, {FIRST: 3}, 200.0) == {}
