"""What a framer holds, without what nobody uses and in an order nobody chose."""

from __future__ import annotations

import numpy as np

from daemon.framer_state import FramerState
from daemon.membership import GroupState
from daemon.records import Series
from daemon.roster import Roster


def series(key: str) -> Series:
    """Make a series of group g."""
    return Series(key, (), key, "g", -1)


def test_unused_series_go_and_the_others_are_numbered_by_key() -> None:
    """Members and waiting samples keep their series; last values of non-members mean nothing."""
    state = FramerState(
        newest=5,
        newest_offset=2,
        idle_until=0,
        identities=[series("d"), series("unused"), series("b"), series("waits")],
        groups=[GroupState("g", data_tick=3, oldest=1, members=[0, 2])],
        seen=np.array([3, 9, 2, 9]),
        last_time=np.array([30, 90, 20, 90]),
        last_sample=np.array([0.3, 0.9, np.nan, 0.9]),
        last_value=np.array([3.0, 9.0, np.nan, 9.0]),
        waiting_series=np.array([3, 0], np.int32),
        waiting_time=np.array([7, 6]),
        waiting_value=np.array([0.7, 0.6]),
    )

    tidy = state.canonical(Roster.of(state.identities, state.used, [series("left")]))

    assert [each.key for each in tidy.identities] == ["b", "d", "left", "waits"]
    assert tidy.groups[0].members == [1, 0]
    assert tidy.seen.tolist() == [2, 3, 0, 0]
    assert tidy.last_time.tolist() == [20, 30, 0, 0]
    np.testing.assert_array_equal(tidy.last_sample, [np.nan, 0.3, np.nan, np.nan])
    assert tidy.waiting_series.tolist() == [3, 1]
    assert tidy.waiting_value.tolist() == [0.7, 0.6]
