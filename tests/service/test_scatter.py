"""Groups in several partitions are found."""

from __future__ import annotations

from daemon.records import InputPartition
from daemon.scatter import scattered

A, B = InputPartition("metrics", 0), InputPartition("metrics", 1)


def test_finds_groups_that_are_in_two_places() -> None:
    """In order; the group without a name is one of each partition by intent."""
    groups = [("web", B), ("cart", A), ("web", A), ("", A), ("", B), ("db", B), ("db", A)]

    assert scattered(groups) == {"db": (A, B), "web": (A, B)}
    assert list(scattered(groups)) == ["db", "web"]
    assert scattered([]) == {}
