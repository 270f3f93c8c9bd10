"""The course of each series' values: which of them stand still that have always moved."""

from __future__ import annotations

import math

from daemon.records import F64
from hebbstream._jit import exact_kernel
from hebbstream.arrays import BOOL

#: Rows of the course: the last value, how often it has come again in a row, the longest such run,
#: samples seen, and runs that were too long.
VALUE, RUN, LONGEST, SAMPLES, FREEZES = range(5)
#: A value that has come again so often in a row is stuck, if it is also so many times the longest.
RUN_MIN, TIMES_LONGEST = 15, 5
#: Runs that were too long, from which on they are learnt.
FREEZES_MAX = 3


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
