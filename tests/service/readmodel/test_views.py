"""The views: `daemon.readmodel.views`."""

from __future__ import annotations

import re

from daemon.readmodel.views import group_id
from daemon.records import InputPartition
from shown import HOSTILE


def test_ids_are_short_stable_and_different() -> None:
    """The same name on another partition is another group."""
    partitions = [InputPartition("a", 0), InputPartition("a", 1), InputPartition("b", 0)]
    ids = {group_id(partition, name) for partition in partitions for name in HOSTILE}

    assert len(ids) == len(partitions) * len(HOSTILE)
    assert all(re.fullmatch("[0-9a-f]{16}", each) for each in ids)
    assert group_id(InputPartition("metrics", 0), "all") == "1a77910739234c8a"
