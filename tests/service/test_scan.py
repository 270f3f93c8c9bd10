"""Groups that tick together: `daemon.scan`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.announcer import TrackerIdentity
from daemon.config import IncidentsSection
from daemon.incidents import IncidentTracker
from daemon.learnt import GroupState
from daemon.presence import Shift
from daemon.records import F64, FrameBlock, InputPartition
from daemon.scan import scan_all
from daemon.silence import SilenceTracker
from hebbstream import Detector
from verdicts import MINUTE, block_of, members_of

IDENTITY = TrackerIdentity("app", InputPartition("metrics", 3), "shop", {}, "c0ffee", "0.1.0")
TICKS = 240
#: First tick and ticks of what happens to a series, and whether it stops or stands still.
pauses = st.tuples(st.integers(0, TICKS - 1), st.integers(1, 90), st.booleans())


def group_of(series: int, **silence: Any) -> GroupState:  # noqa: ANN401 - any field
    """Make a group of which nothing is known; a series is known after ten ticks."""
    section = IncidentsSection.model_validate({"silence": {"warmup": 600} | silence})
    follow = (section, (), IDENTITY, MINUTE)
    return GroupState(
        detector=Detector(()),
        tracker=IncidentTracker(*follow),
        silence=SilenceTracker(*follow),
        members=list(members_of(*(f"s{i}" for i in range(series)))),
    )


def story(series: int, happens: list[tuple[int, int, int, bool]]) -> F64:
    """Make frames of values that change, but for what happens to some series."""
    frames = np.random.default_rng(series).normal(size=(TICKS, series))
    for column, first, count, stops in happens:
        frames[first : first + count, column % series] = np.nan if stops else 7.5
    return frames


def block_at(group: GroupState, frames: F64, low: int, high: int) -> FrameBlock:
    """Cut a block out, the first with everyone who joins."""
    joined = tuple(group.members) if low == 0 else ()
    return replace(block_of(frames[low:high].tolist(), low), joined=joined)


def plain(shifts: list[Shift]) -> list[tuple[object, ...]]:
    """Make shifts comparable."""
    return [
        (s.row, s.since, s.others_go_on, s.p_line, *(
            each.tolist() for each in (s.stopped, s.stopped_score, s.returned, s.returned_score)
        ))
        for s in shifts
    ]  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(
    worlds=st.lists(
        st.tuples(
            st.integers(1, 4),
            st.lists(st.tuples(st.integers(0, 3), pauses), max_size=3),
        ),
        min_size=1,
        max_size=4,
    ),
    size=st.sampled_from([1, 3, 64]),
)
def test_equals_each_group_by_itself(
    worlds: list[tuple[int, list[tuple[int, tuple[int, int, bool]]]]], size: int
) -> None:
    """The same is found, and known afterwards, whatever happens in which group."""
    together, alone = ([group_of(series) for series, _ in worlds] for _ in range(2))
    frames = [
        story(series, [(column, *pause) for column, pause in happens]) for series, happens in worlds
    ]

    for low in range(0, TICKS, size):
        blocks = [
            block_at(group, each, low, low + size)
            for group, each in zip(together, frames, strict=True)
        ]
        found = scan_all(together, blocks)
        expected = [
            group.silence.scan(block, group.members)
            for group, block in zip(alone, blocks, strict=True)
        ]
        assert [plain(list(each)) for each in found] == [plain(each) for each in expected]

    for one, other in zip(together, alone, strict=True):
        assert one.silence.presence.frames == other.silence.presence.frames == TICKS
        for name, array in one.silence.presence.arrays().items():
            np.testing.assert_array_equal(array, other.silence.presence.arrays()[name])


@pytest.mark.parametrize("silence", [{"enabled": False}, {"stuck": False}])
def test_what_is_not_watched_is_not_followed(silence: dict[str, bool]) -> None:
    """Values that stand still are nobody's business where that is switched off."""
    group = group_of(2, **silence)
    frames = story(2, [(0, 100, 100, False)])

    found = [
        shift
        for low in range(0, TICKS, 8)
        for each in scan_all([group], [block_at(group, frames, low, low + 8)])
        for shift in each
    ]

    assert found == []
    assert not group.silence.presence.course.any()
