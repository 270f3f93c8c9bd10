"""The course of each series' values: which of them stand still that have always moved."""

from __future__ import annotations

import math
from typing import Final

from daemon.kernels.bound import Course
from daemon.records import F64, I64
from hebbstream._jit import exact_kernel, exact_reference_kernel, reference_at
from hebbstream.arrays import BOOL

#: Rows of the course: the last value, how often it has come again in a row, the longest such run,
#: samples seen, and runs that were too long.
VALUE, RUN, LONGEST, SAMPLES, FREEZES = range(5)
#: A value that has come again so often in a row is stuck, if it is also so many times the longest.
RUN_MIN, TIMES_LONGEST = 15, 5
#: Runs that were too long, from which on they are learnt.
FREEZES_MAX = 3

# crew int64[3, G]: groups that are followed in one call.
CREW_PLACE: Final = 0  # where the course is bound
CREW_SERIES: Final = 1
CREW_CALM: Final = 2  # 1 where every sample is there and news
CREW_ROWS: Final = 3


@exact_kernel
def is_frozen(course: F64, j: int, known: float) -> bool:
    """Tell whether a series repeats its value far more often than it ever has.

    Parameters
    ----------
    course : float64[5, n], in
        What is known of each series.
    j : int64
        Which.
    known : float64
        Samples, beside the run, from which on a series is known.

    Returns
    -------
    bool
        True however long it has done so.
    """
    run = course[RUN, j]
    long = run >= RUN_MIN and run > TIMES_LONGEST * course[LONGEST, j]
    return bool(long and course[SAMPLES, j] - run >= known)


@exact_kernel
def find_present(frames: F64, course: F64, present: BOOL, known: float) -> None:
    """Tell which samples are there and are news.

    A value that comes again far more often than it ever has is as good as none: what reports it
    repeats what it has last seen. 0 is no such value, for what rests is at 0.

    Parameters
    ----------
    frames : float64[T, n], in
        NaN where missing.
    course : float64[5, n], in/out
        What is known of each series.
    present : bool[T, n], out
        False where a sample is missing, or its series is stuck.
    known : float64
        Samples, beside the run, from which on a series may be stuck, and after which of them it
        is not any more: it stands where it stands.
    """
    for t in range(frames.shape[0]):
        for j in range(frames.shape[1]):
            value = frames[t, j]
            if math.isnan(value):
                present[t, j] = False
                continue
            if value == course[VALUE, j] and value != 0.0 and course[SAMPLES, j] > 0.0:
                course[RUN, j] += 1.0
            else:
                frozen = is_frozen(course, j, known)
                if frozen:
                    course[FREEZES, j] += 1.0
                if not frozen or course[FREEZES, j] >= FREEZES_MAX:
                    course[LONGEST, j] = max(course[RUN, j], course[LONGEST, j])
                course[RUN, j] = 0.0
            course[VALUE, j] = value
            course[SAMPLES, j] += 1.0
            present[t, j] = course[RUN, j] > known or not is_frozen(course, j, known)


@exact_kernel
def take_moving(frames: F64, course: F64) -> bool:
    """Take in frames in which every sample is there and another than the last, as most are.

    Parameters
    ----------
    frames : float64[T, n], in
        NaN where missing.
    course : float64[5, n], in/out
        What is known of each series.

    Returns
    -------
    bool
        False, and nothing done, where a sample is missing or comes again, or a run goes on.
    """
    runs, known = course[RUN], course[SAMPLES]
    others = 0
    for j in range(frames.shape[1]):
        others += 1 if runs[j] != 0.0 or known[j] == 0.0 else 0
    for t in range(frames.shape[0]):
        now, before = frames[t], frames[t - 1] if t > 0 else course[VALUE]
        for j in range(frames.shape[1]):
            rests = now[j] == before[j] and now[j] != 0.0
            others += 1 if rests or now[j] != now[j] else 0
    if others > 0:
        return False
    length, values = frames.shape[0], course[VALUE]
    last = frames[length - 1]
    for j in range(frames.shape[1]):
        values[j] = last[j]
        known[j] += length
    return True


@exact_reference_kernel
def find_calm(
    like: Course, crew: I64, frames: F64, length: int, known: float, trial: F64, present: BOOL
) -> None:
    """Follow each group of which every sample is there and news; leave the others as they are.

    Parameters
    ----------
    like : Course
        Of any group; all have one type.
    crew : int64[3, G], in/out
        Of each group where its course is bound, how many series it has, and whether it is calm.
    frames : float64[T * N], in
        A block of each group, one behind the other, each float64[T, n]; N is the sum of all n.
    length : int
        T.
    known : float64
        As for `find_present`.
    trial : float64[5 * m], out
        Scratch, for the largest group.
    present : bool[T * m], out
        Scratch.
    """
    begin = 0
    for g in range(crew.shape[1]):
        n = crew[CREW_SERIES, g]
        end = begin + length * n
        course = reference_at(like, crew[CREW_PLACE, g]).rows
        block = frames[begin:end].reshape((length, n))
        begin = end
        crew[CREW_CALM, g] = 1
        if take_moving(block, course):
            continue
        tried = trial[: course.size].reshape(course.shape)
        tried[:] = course
        there = present[: length * n].reshape((length, n))
        find_present(block, tried, there, known)
        calm = 1
        for i in range(length * n):
            calm = min(calm, 1 if present[i] else 0)
        if calm == 1:
            course[:] = tried
        crew[CREW_CALM, g] = calm
