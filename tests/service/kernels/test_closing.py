"""Members, when they were seen, and where samples go, against lists and dictionaries."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_framing as naive
from daemon.kernels.closing import (
    STEADY_BASE,
    STEADY_LAST,
    fill_frames,
    members_only,
    note_seen,
    place_samples,
    take_all_steady,
    take_steady,
)

CELLS = st.lists(st.tuples(st.integers(0, 4), st.integers(5, 8)), max_size=20, unique=True)
COLUMN = st.lists(st.integers(-1, 2), min_size=5, max_size=5)


@settings(deadline=None)
@given(cells=CELLS, column=COLUMN, data=st.data())
def test_members_equal_the_twins(
    cells: list[tuple[int, int]], column: list[int], data: st.DataObject
) -> None:
    """Only the samples that are asked about count."""
    cells.sort(key=lambda cell: cell[1])
    low = data.draw(st.integers(0, len(cells)))
    high = data.draw(st.integers(low, len(cells)))
    asked, ticks = ([cell[part] for cell in cells[low:high]] for part in (0, 1))
    series = np.array([each for each, _ in cells], dtype=np.int32)
    tick = np.array([at for _, at in cells], dtype=np.int64)
    columns, seen = np.array(column, dtype=np.int32), np.full(5, 3)
    used = np.ones(len(cells), dtype=np.bool_)

    alone = members_only(series, columns, low, high)
    refused, last = note_seen(series, tick, columns, seen, used, low, high)

    when, taken = naive.note_seen(asked, ticks, column, [3] * 5)
    assert alone == naive.members_only(asked, column)
    assert seen.tolist() == when
    assert used.tolist() == [True] * low + taken + [True] * (len(cells) - high)
    assert refused == taken.count(False)
    assert last == max((t for t, fine in zip(ticks, taken, strict=True) if fine), default=-1)


@settings(deadline=None)
@given(cells=CELLS, base=st.integers(0, 9), data=st.data())
def test_frames_equal_the_twins(
    cells: list[tuple[int, int]], base: int, data: st.DataObject
) -> None:
    """Each sample that is used goes to its row and column; the rest is missing."""
    column, size = [4, 2, 0, 1, 3], base + 20
    used = data.draw(st.lists(st.booleans(), min_size=len(cells), max_size=len(cells)))
    values = data.draw(st.lists(st.floats(), min_size=len(cells), max_size=len(cells)))
    series = np.array([each for each, _ in cells], dtype=np.int32)
    tick = np.array([at for _, at in cells], dtype=np.int64)
    flags, place = np.array(used, dtype=np.bool_), np.zeros(len(cells), dtype=np.int64)
    frames, columns = np.full(size, np.nan), np.array(column, dtype=np.int32)

    placed = place_samples(series, tick, columns, flags, place, 0, len(cells), base, 5, 5)
    put, none = fill_frames(np.array(values), flags, place, frames)

    taken = [value for value, use in zip(values, used, strict=True) if use]
    where = naive.place_samples(cells, column, 5, (4, 5), base)
    np.testing.assert_array_equal(frames, naive.fill_frames(values, used, where, size))
    assert placed == put + none == len(taken)
    assert none == sum(value != value for value in taken)


@settings(deadline=None)
@given(cells=CELLS, column=COLUMN, base=st.integers(0, 9), data=st.data())
def test_steady_groups_equal_the_twin(
    cells: list[tuple[int, int]], column: list[int], base: int, data: st.DataObject
) -> None:
    """Members are noted and placed at once; where others are among them nothing is done."""
    cells.sort(key=lambda cell: cell[1])
    low = data.draw(st.integers(0, len(cells)))
    high = data.draw(st.integers(low, len(cells)))
    series = np.array([each for each, _ in cells], dtype=np.int32)
    tick = np.array([at for _, at in cells], dtype=np.int64)
    columns, seen = np.array(column, dtype=np.int32), np.full(5, 3)
    place = np.full(len(cells), -7)

    last = take_steady(series, tick, columns, seen, place, low, high, base, 5, 3)

    final, when, where = naive.take_steady(cells[low:high], column, [3] * 5, 5, (4, 3), base)
    assert last == final
    assert seen.tolist() == when
    placed = where or [-7] * (high - low)
    assert place.tolist() == [-7] * low + placed + [-7] * (len(cells) - high)


@settings(deadline=None)
@given(
    cells=CELLS,
    column=COLUMN,
    base=st.integers(0, 9),
    cuts=st.lists(st.integers(0, 20), min_size=3, max_size=3),
    columns=st.lists(st.sampled_from([0, 3]), min_size=4, max_size=4),
)
def test_many_steady_groups_equal_the_twin(
    cells: list[tuple[int, int]],
    column: list[int],
    base: int,
    cuts: list[int],
    columns: list[int],
) -> None:
    """Blocks follow on each other, without room for groups whose members may change."""
    cells.sort(key=lambda cell: cell[1])
    edges = [0, *(min(cut, len(cells)) for cut in sorted(cuts)), len(cells)]
    groups = [
        (low, high, 5, (4, n)) for low, high, n in zip(edges, edges[1:], columns, strict=False)
    ]
    steady = np.array(
        [(low, high, 5, 4 * n, n, -7, -7) for low, high, _, (_, n) in groups]
    ).T.copy()
    series = np.array([each for each, _ in cells], dtype=np.int32)
    tick = np.array([at for _, at in cells], dtype=np.int64)
    seen, place = np.full(5, 3), np.full(len(cells), -7)

    end = take_all_steady(series, tick, np.array(column, dtype=np.int32), seen, place, steady, base)

    told, when, places, final = naive.take_all_steady(cells, column, [3] * 5, groups, base)
    assert steady[[STEADY_LAST, STEADY_BASE]].T.tolist() == [list(each) for each in told]
    assert seen.tolist() == when
    assert place.tolist() == [places.get(i, -7) for i in range(len(cells))]
    assert end == final
