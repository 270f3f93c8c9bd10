"""Samples that wait for their tick to close, in order of arrival."""

from __future__ import annotations

from daemon.records import F64, I32, I64
from hebbstream._jit import exact_kernel
from hebbstream.arrays import BOOL


@exact_kernel
def append_kept(
    series: I32, time: I64, value: F64, kept: BOOL, waiting_series: I32, waiting_time: I64,
    waiting_value: F64, count: int,
) -> int:  # fmt: skip
    """Put samples behind those that wait.

    Parameters
    ----------
    series, time, value : int32[S], int64[S], float64[S], in
        Samples.
    kept : bool[S], in
        Which of them.
    waiting_series, waiting_time, waiting_value : int32[W], int64[W], float64[W], in/out
        Those that wait, with room for all.
    count : int64
        How many wait.

    Returns
    -------
    int64
        How many wait now.
    """
    for i in range(len(kept)):
        if kept[i]:
            waiting_series[count] = series[i]
            waiting_time[count] = time[i]
            waiting_value[count] = value[i]
            count += 1
    return count


@exact_kernel
def take_ripe(
    waiting_series: I32, waiting_time: I64, waiting_value: F64, series: I32, time: I64, value: F64,
    count: int, end: int,
) -> int:  # fmt: skip
    """Take out the samples before an end; the others move up.

    Parameters
    ----------
    waiting_series, waiting_time, waiting_value : int32[W], int64[W], float64[W], in/out
        Those that wait.
    series, time, value : int32[R], int64[R], float64[R], out
        Those that were taken, in order of arrival, with room for all.
    count : int64
        How many wait.
    end : int64
        The first time that is not taken, nanoseconds.

    Returns
    -------
    int64
        How many were taken.
    """
    taken = 0
    for i in range(count):
        if waiting_time[i] < end:
            series[taken] = waiting_series[i]
            time[taken] = waiting_time[i]
            value[taken] = waiting_value[i]
            taken += 1
        else:
            waiting_series[i - taken] = waiting_series[i]
            waiting_time[i - taken] = waiting_time[i]
            waiting_value[i - taken] = waiting_value[i]
    return taken
