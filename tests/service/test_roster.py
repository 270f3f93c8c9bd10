"""Who is in a state: those that are used, by key, whatever numbers they came with."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.records import Series
from daemon.roster import Roster, Rosters


def series(key: str) -> Series:
    """Make a series of group g."""
    return Series(key, (), key, "g", -1)


NUMBERED = [series("d"), series("unused"), series("b")]
USED = np.array([True, False, True])


def test_those_that_are_used_are_ordered_by_key() -> None:
    """Each knows its number of before; others have none, or that of the same key."""
    roster = Roster.of(NUMBERED, USED, [series("d"), series("a")])

    assert [each.key for each in roster.identities] == ["a", "b", "d"]
    assert roster.before.tolist() == [-1, 2, 0]
    assert roster.number.tolist() == [2, -1, 1]
    assert roster.others.tolist() == [2, 0]


def test_the_same_state_has_the_same_roster() -> None:
    """It is not made again for equal lists, though they are other lists."""
    rosters = Rosters()

    first = rosters.of(list(NUMBERED), USED.copy(), [NUMBERED[0]])

    assert rosters.of(list(NUMBERED), USED.copy(), [NUMBERED[0]]) is first


@pytest.mark.parametrize(
    ("identities", "used", "others"),
    [
        ([*NUMBERED, series("e")], [True, False, True, True], [NUMBERED[0]]),
        (NUMBERED, [True, True, True], [NUMBERED[0]]),
        (NUMBERED, [True, False, True], [series("a")]),
    ],
)
def test_another_state_has_another_roster(
    identities: list[Series], used: list[bool], others: list[Series]
) -> None:
    """A series that comes, one that is used again, and one that only a group still knows."""
    rosters = Rosters()
    rosters.of(list(NUMBERED), USED, [NUMBERED[0]])

    found, made = (of(identities, np.array(used), others) for of in (rosters.of, Roster.of))

    assert [each.key for each in found.identities] == [each.key for each in made.identities]
    for name in ("before", "number", "others"):
        np.testing.assert_array_equal(getattr(found, name), getattr(made, name))
