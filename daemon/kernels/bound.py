"""What is known of a group's series as a reference, so that one call can take many groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from daemon.records import F64
from hebbstream._jit import (
    Reference,
    ReferenceType,
    address_of,
    config,
    exact_reference_kernel,
    make_reference,
)

if TYPE_CHECKING or config.DISABLE_JIT:

    class Course(NamedTuple):
        """What is known of the series of one group.

        Attributes
        ----------
        rows : float64[5, n]
            See `daemon.kernels.course`.
        """

        rows: F64

else:

    class _CourseType(ReferenceType):
        """Numba's type of `Course`."""

    class Course(Reference):
        """Numba's object for it: holds the array, shows nothing to Python."""

    make_reference(Course, _CourseType, ["rows"])


@exact_reference_kernel
def bind_course(rows: F64) -> Course:
    """Hold the course of one group; to be called anew when the array is replaced.

    Parameters
    ----------
    rows : float64[5, n]
        See `daemon.kernels.course`.

    Returns
    -------
    Course
        For `find_calm`, as one they are alike, and for `locate_course`.
    """
    return Course(rows)


@exact_reference_kernel
def locate_course(course: Course) -> int:
    """Tell where a course is bound, so that one call can follow many groups.

    Parameters
    ----------
    course : Course
        Of one group; its place is of use for as long as somebody holds it.

    Returns
    -------
    int
        For `find_calm`.
    """
    return address_of(course)
