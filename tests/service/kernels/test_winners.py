"""A table finds the winners a sort finds, or says that it cannot."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_framing as naive
from daemon.kernels.winners import contend, gather, sort_by_group
from framing_arrays import SAMPLES, columns, room, rows

GROUPS = st.lists(st.integers(0, 3), min_size=5, max_size=5)
FIRST = 2


@settings(deadline=None, max_examples=300)
@given(samples=SAMPLES, interval=st.integers(1, 30), groups=GROUPS)
def test_winners_equal_the_twins(
    samples: list[naive.Sample], interval: int, groups: list[int]
) -> None:
    """Counts too; only where a third sample loses may the table give up."""
    later = [(series, time + FIRST * interval, value) for series, time, value in samples]
    series, time, value = columns(later)
    cells = np.zeros((100 // interval + 1, len(groups)), dtype=np.int32)
    lost = np.zeros(2, dtype=np.int64)
    best, equal, others = naive.contend(later, interval)

    told = contend(series, time, value, cells, lost, interval, FIRST)

    if not told:
        assert equal + others > len(later) - len(best) - 1 > 0
        assert max(sum((s, t // interval) == (c, r) for s, t, _ in later) for r, c in best) > 2
        return
    assert lost.tolist() == [equal, others]
    starts, by_group = np.zeros(5, dtype=np.int64), np.empty(len(groups), dtype=np.int32)
    sort_by_group(np.array(groups, dtype=np.int32), starts, by_group)
    order, tick, present = (np.empty(len(later) + 9, dtype=np.int64) for _ in range(3))
    won = room([], len(later))
    count, some = gather(
        series, time, value, cells, starts, by_group, order, tick, *won, present, FIRST
    )
    expected = naive.gather(best, groups)
    found = zip(order[:count].tolist(), tick[:count].tolist(), rows(*won, count), strict=True)
    span = len(cells) + 1
    assert [(place // span, at, sample) for place, at, sample in found] == expected
    assert (order[:count] % span + FIRST).tolist() == tick[:count].tolist()
    assert present[:some].tolist() == sorted({group for group, _, _ in expected})


@settings(deadline=None)
@given(groups=st.lists(st.integers(0, 5), max_size=20))
def test_sorting_equals_the_twins(groups: list[int]) -> None:
    """Groups without a series are empty."""
    starts = np.zeros(max(groups, default=-1) + 2, dtype=np.int64)
    found = np.empty(len(groups), dtype=np.int32)

    sort_by_group(np.array(groups, dtype=np.int32), starts, found)

    parts = [found[low:high].tolist() for low, high in pairwise(starts.tolist())]
    assert parts == naive.sort_by_group(groups)
