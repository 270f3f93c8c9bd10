"""Groups and members by event time, within limits."""

from __future__ import annotations

import numpy as np

from daemon.config import GroupingSection, InputSection, SeriesSection
from daemon.membership import Membership
from daemon.series import SeriesTable


def membership_of(*names: str, groups_max: int = 2, series_max: int = 2) -> Membership:
    """Make a membership over a table of some series, with a retention of 3 ticks."""
    table = SeriesTable(SeriesSection(), (), GroupingSection(), InputSection())
    for name in names:
        table.resolve(name, {})
    made = Membership(table, groups_max, series_max, 3)
    made.resize(len(names))
    return made


def indices(*numbers: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Make an array of series indices."""
    return np.array(numbers, dtype=np.int32)


def test_joining_is_by_key_and_limited() -> None:
    """Whoever's key comes first gets in; room that others leave counts."""
    made = membership_of("c", "b", "a")
    made.create("all", 10)
    group = made.groups["all"]

    chosen = made.joining(group, indices(0, 1, 2), 0)
    made.change(group, indices(), chosen, 10)

    assert chosen == [2, 1]
    assert made.column.tolist() == [-1, 1, 0]
    assert [series.key for series in group.joined] == ["a", "b"]
    assert not made.has_room(group)
    assert made.joining(group, indices(0), 1) == [0]


def test_leaving_closes_the_ranks() -> None:
    """The others keep their order; a series that is seen again keeps its place."""
    made = membership_of("a", "b", series_max=9)
    made.create("all", 10)
    group = made.groups["all"]
    made.change(group, indices(), [0, 1], 10)
    made.seen[1] = 12

    none = made.leaving(group, 13)
    gone = made.leaving(group, 14)
    made.change(group, gone, [], 14)

    assert none.tolist() == []
    assert gone.tolist() == [0]
    assert (group.left, group.members, made.column.tolist()) == (["a"], [1], [-1, 0])
    assert group.oldest == 12


def test_groups_are_limited_and_vanish() -> None:
    """A group is gone two retentions after its last sample, which makes room."""
    made = membership_of("a")
    created = [made.create(name, 10) for name in ("x", "y", "z")]
    made.groups["y"].data_tick = 11

    early = made.forget_vanished(16)
    gone = made.forget_vanished(17)

    assert created == [True, True, False]
    assert made.vanish_tick(made.groups["y"]) == 18
    assert (early, gone) == ([], ["x"])
    assert made.create("z", 17)


def test_renumbering_keeps_members() -> None:
    """After a purge the members are the same series under other indices."""
    made = membership_of("a", "b", "c")
    made.create("all", 10)
    made.change(made.groups["all"], indices(), [2, 1], 10)

    made.retain(indices(1, 2), indices(-1, 0, 1))

    assert made.groups["all"].members == [1, 0]
    assert made.column.tolist() == [1, 0]
    assert made.member_count() == 2
