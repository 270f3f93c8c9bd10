"""The course of a group as a reference."""

from __future__ import annotations

import numpy as np

from daemon.kernels.bound import bind_course, locate_course
from daemon.kernels.course import CREW_CALM, find_calm


def test_what_is_bound_is_the_array_itself() -> None:
    """Kernels move the array that Python sees."""
    course = np.zeros((5, 2))
    bound = bind_course(course)
    crew = np.array([[locate_course(bound)], [2], [0]])

    for frames in (np.array([1.0, 2.0]), np.array([3.0, 4.0])):
        find_calm(bound, crew, frames, 1, 60.0, np.empty(10), np.empty(2, dtype=np.bool_))

    assert crew[CREW_CALM].tolist() == [1]
    assert course.tolist() == [[3.0, 4.0], [0.0, 0.0], [0.0, 0.0], [2.0, 2.0], [0.0, 0.0]]
