"""Memory in words, and the sum over groups."""

from __future__ import annotations

import doctest

from daemon import footprint
from daemon.footprint import group_bytes, memory_words, total_bytes
from hebbstream import DetectorParams
from streams import sections


def test_examples_in_the_docstrings_hold() -> None:
    """Units that people read."""
    assert doctest.testmod(footprint).attempted > 0
    assert doctest.testmod(footprint).failed == 0


def test_the_sum_is_that_of_the_groups() -> None:
    """Of their sizes, with the same knobs."""
    knobs = DetectorParams()

    assert total_bytes([5, 5, 50], knobs, 60.0) == 2 * group_bytes(5, knobs, 60.0) + group_bytes(
        50, knobs, 60.0
    )
    assert total_bytes([], knobs, 60.0) == 0


def test_the_start_tells_sizes_and_the_limit() -> None:
    """Before anything is learnt there is nothing else to tell."""
    free = memory_words(sections())
    bounded = memory_words(sections(grouping={"memory_max": 2_000_000_000}))

    assert free["limit_per_partition"] == "none"
    assert bounded["limit_per_partition"] == "2 GB"
    assert free["group_of_50"].endswith(" kB")
