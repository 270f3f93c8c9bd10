"""Groups whose series arrive in several partitions, and are learnt in parts. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from daemon.records import InputPartition

#: Groups named at most; their number is told in full.
SHOWN = 100


def scattered(
    groups: Iterable[tuple[str, InputPartition]],
) -> dict[str, tuple[InputPartition, ...]]:
    """Find the groups that are in more than one partition.

    Parameters
    ----------
    groups : iterable of (str, InputPartition)
        Name and place of each; the group without a name is one of each partition by intent.

    Returns
    -------
    dict
        Partitions of each that is scattered, in order, by name in order.
    """
    places: dict[str, list[InputPartition]] = {}
    for name, partition in groups:
        if name:
            places.setdefault(name, []).append(partition)
    found = {name: tuple(sorted(each)) for name, each in places.items() if len(each) > 1}
    return dict(sorted(found.items()))
