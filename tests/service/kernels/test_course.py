"""Which series stand still that have always moved."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_course as naive
from daemon.kernels.bound import bind_course, locate_course
from daemon.kernels.course import CREW_CALM, find_calm, find_present, take_moving
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


def as_array(courses: list[naive.Course]) -> F64:
    """Lay out what is known as the kernels have it."""
    rows = [(c.value or 0.0, c.run, c.longest, c.samples, c.freezes) for c in courses]
    return np.array(rows, dtype=np.float64).T.copy()


def learnt(columns: list[list[tuple[float, int, bool]]], known: float) -> list[naive.Course]:
    """Let each series be known by stretches of its own."""
    courses = [naive.Course() for _ in columns]
    for course, parts in zip(courses, columns, strict=True):
        for value in column(parts):
            if not np.isnan(value):
                course.take(value, known)
    return courses


blocks = st.integers(1, 4).flatmap(
    lambda length: st.lists(
        st.lists(st.sampled_from([0.0, 1.0, 1.5, 2.0, 3.0]), min_size=length, max_size=length),
        min_size=3,
        max_size=3,
    )
)


@settings(deadline=None, max_examples=150)
@given(columns=st.lists(stretches, min_size=3, max_size=3), block=blocks)
def test_series_that_move_equal_the_twin(
    columns: list[list[tuple[float, int, bool]]], block: list[list[float]]
) -> None:
    """All that moves is taken in at once; where anything rests or is new nothing is."""
    courses = learnt(columns, 20.0)
    course, frames = as_array(courses), np.array(block).T.copy()

    assert take_moving(frames, course) == naive.take_moving(frames, courses)
    np.testing.assert_array_equal(course, as_array(courses))


@settings(deadline=None, max_examples=150)
@given(
    groups=st.lists(
        st.tuples(st.lists(stretches, min_size=3, max_size=3), st.integers(1, 3)),
        min_size=1,
        max_size=4,
    ),
    known=st.sampled_from([1.0, 20.0]),
    data=st.data(),
)
def test_calm_groups_equal_the_twin(
    groups: list[tuple[list[list[tuple[float, int, bool]]], int]],
    known: float,
    data: st.DataObject,
) -> None:
    """Groups of several sizes in one call, after they have learnt, with samples that miss."""
    length = data.draw(st.integers(1, 4))
    knowing = [learnt(columns[:count], known) for columns, count in groups]
    cell = st.sampled_from([0.0, 1.0, 1.5, 2.0, 3.0, np.nan])
    frames = [
        np.array(data.draw(st.lists(cell, min_size=length * n, max_size=length * n)))
        for n in map(len, knowing)
    ]
    courses = [as_array(each) for each in knowing]
    bound = [bind_course(course) for course in courses]
    crew = np.array([[locate_course(b) for b in bound], [*map(len, knowing)], [7] * len(bound)])

    find_calm(
        bound[0],
        crew,
        np.concatenate(frames),
        length,
        known,
        np.empty(5 * 3),
        np.empty(length * 3, dtype=np.bool_),
    )

    shaped = [part.reshape(length, len(each)) for part, each in zip(frames, knowing, strict=True)]
    assert crew[CREW_CALM].tolist() == naive.find_calm(shaped, knowing, known)
    for course, each in zip(courses, knowing, strict=True):
        np.testing.assert_array_equal(course, as_array(each))
