"""Which series stand still that have always moved."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_course as naive
from daemon.kernels.course import find_present
from hebbstream.arrays import F64

stretches = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0, 2.0, np.nan]), st.integers(1, 90), st.booleans()),
    max_size=12,
)


def column(parts: list[tuple[float, int, bool]]) -> list[float]:
    """Lay stretches of one value, or of values that change, one after the other."""
    values: list[float] = []
    for value, count, moves in parts:
        values += [value + 0.5 * (at % 2) * moves for at in range(count)]
    return values


@settings(deadline=None, max_examples=150)
@given(
    columns=st.lists(stretches, min_size=1, max_size=3),
    known=st.sampled_from([1.0, 20.0, 60.0]),
    size=st.integers(1, 200),
)
def test_equals_the_naive_twin(
    columns: list[list[tuple[float, int, bool]]], known: float, size: int
) -> None:
    """Values that repeat, change, rest at 0 and miss, in blocks of any size."""
    given_columns = [column(parts) for parts in columns]
    length = max(map(len, given_columns))
    frames: F64 = np.full((length, len(columns)), np.nan)
    for j, values in enumerate(given_columns):
        frames[: len(values), j] = values
    expected = naive.find_present(frames, [naive.Course() for _ in columns], known)
    course, found = np.zeros((5, len(columns))), []

    for low in range(0, length, size):
        part = frames[low : low + size].copy()
        present = np.empty(part.shape, dtype=np.bool_)
        find_present(part, course, present, known)
        found += present.tolist()

    assert found == expected
