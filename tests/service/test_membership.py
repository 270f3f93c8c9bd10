"""Groups and members by event time, within limits."""

from __future__ import annotations

import numpy as np

from daemon.config import GroupingSection, InputSection, SeriesSection
from daemon.membership import Membership, MemoryLimit
from daemon.series import SeriesTable


def membership_of(
    *names: str, groups_max: int = 2, series_max: int = 2, memory: MemoryLimit | None = None
) -> Membership:
    """Make a membership over a table of some series, with a retention of 3 ticks."""
    table = SeriesTable(SeriesSection(), (), GroupingSection(), InputSection())
    for name in names:
        table.resolve(name, {})
    made = Membership(table, groups_max, series_max, 3, memory)
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


def test_nobody_joins_a_group_that_is_over_a_limit_lowered_since() -> None:
    """Those who are members stay; room is what the limit leaves, and never less than none."""
    made = membership_of("a", "b", "c", "d", "e", "f", series_max=1)
    made.create("all", 10)
    group = made.groups["all"]
    made.change(group, indices(), [0, 1, 2], 10)

    assert made.joining(group, indices(3, 4, 5), 0) == []
    assert made.joining(group, indices(3, 4, 5), 3) == [3]


def test_a_group_takes_its_members_along_when_it_vanishes() -> None:
    """After the retention was cut short over a restart it still has some; they may come again."""
    made = membership_of("a", "b", series_max=9)
    made.create("all", 10)
    made.change(made.groups["all"], indices(), [0, 1], 10)
    made.retention = 1

    gone = made.forget_vanished(14)

    assert (gone, made.column.tolist()) == (["all"], [-1, -1])


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


def test_the_next_to_vanish_is_known_when_it_is_near() -> None:
    """Samples put it off, a new group brings it forward, and far ahead any later tick will do."""
    made = membership_of("a")
    made.create("x", 10)
    at_first = made.next_vanish(17)
    made.groups["x"].data_tick = 20

    far, near = made.next_vanish(18), made.next_vanish(27)
    made.groups["x"].data_tick = 40
    made.create("y", 30)

    assert at_first == 17
    assert far > 18
    assert near == made.vanish_tick(made.groups["x"]) - 20 == 27
    assert made.next_vanish(37) == made.vanish_tick(made.groups["y"]) == 37
    assert made.forget_vanished(36) == []
    assert made.forget_vanished(37) == ["y"]
    assert made.next_vanish(37) > 37


def test_renumbering_keeps_members() -> None:
    """After a purge the members are the same series under other indices."""
    made = membership_of("a", "b", "c")
    made.create("all", 10)
    made.change(made.groups["all"], indices(), [2, 1], 10)

    made.retain(indices(1, 2), indices(-1, 0, 1))

    assert made.groups["all"].members == [1, 0]
    assert made.column.tolist() == [1, 0]
    assert made.member_count() == 2


def silent_since(made: Membership, name: str, tick: int, *members: int) -> None:
    """Make a group whose last sample was at a tick."""
    assert made.create(name, tick)
    made.change(made.groups[name], indices(), list(members), tick)


def test_the_longest_silent_group_makes_room() -> None:
    """Ties go by name; groups that have samples now, or had lately, stay."""
    made = membership_of("a", "b", "c", "d", groups_max=4)
    for name, tick, member in (("w", 90, 0), ("x", 10, 1), ("y", 10, 2), ("z", 5, 3)):
        silent_since(made, name, tick, member)

    forgotten, refused = made.make_room(100, {"new": 1, "newer": 1}, present=["z"])

    assert (forgotten, refused) == (["x", "y"], set())
    assert sorted(made.groups) == ["w", "z"]
    assert made.column.tolist() == [0, -1, -1, 0]


def test_nobody_is_forgotten_in_vain() -> None:
    """One for which all silent groups would not be enough is refused; a smaller one fits."""
    made = membership_of("a", "b", "c", groups_max=9, memory=MemoryLimit(300, lambda n: 100 * n))
    silent_since(made, "old", 0, 0)
    silent_since(made, "busy", 99, 1, 2)

    forgotten, refused = made.make_room(100, {"big": 2, "small": 1})

    assert (forgotten, refused) == (["old"], {"big"})
    assert made.may_be_full(0)


def test_without_need_nothing_is_forgotten() -> None:
    """Silence alone is no reason."""
    made = membership_of("a", groups_max=2)
    silent_since(made, "old", 0, 0)

    assert made.make_room(500, {"new": 1}) == ([], set())
    assert not made.may_be_full(1)
    assert made.may_be_full(2)
