"""The last sample of each tick and series, found in a table with a cell for each."""

from __future__ import annotations

from daemon.records import F64, I32, I64
from hebbstream._jit import exact_kernel

#: What a cell holds: its best sample's number from 1 on, doubled, and in the lowest bit whether
#: there were others. What is counted: samples that lost, and those of them that were equal.
DUPLICATES, SUPERSEDED = range(2)


@exact_kernel
def contend(
    series: I32, time: I64, value: F64, cells: I32, lost: I64, interval: int, first: int
) -> bool:
    """Let samples contend for their cells: the latest wins, of several the largest.

    Parameters
    ----------
    series, time, value : int32[S], int64[S], float64[S], in
        Samples in any order, S below 2^30; times in nanoseconds.
    cells : int32[T, n], in/out
        Zeros; then per tick and series twice the number of its sample, counted from 1, plus 1
        where there were several.
    lost : int64[2], in/out
        Losers by what they are next to in order of time and value: an equal one, or another.
    interval : int64
        Grid step.
    first : int64
        The first tick.

    Returns
    -------
    bool
        False when whether a loser has its equal among others cannot be told without a sort; then
        nothing here is of use.
    """
    start, row = first * interval, 0
    for i in range(len(series)):
        now, column = time[i], series[i]
        if not 0 <= now - start < interval:
            row = now // interval - first
            start = now - now % interval
        held = cells[row, column]
        if held == 0:
            cells[row, column] = 2 * (i + 1)
            continue
        best = (held >> 1) - 1
        if now == time[best] and value[i] == value[best]:
            lost[DUPLICATES] += 1
            cells[row, column] = held | 1
            continue
        lost[SUPERSEDED] += 1
        if now > time[best] or (now == time[best] and value[i] > value[best]):
            cells[row, column] = 2 * (i + 1) + 1
        elif held & 1:
            return False
        else:
            cells[row, column] = held | 1
    return True


@exact_kernel
def sort_by_group(groups: I32, starts: I64, series: I32) -> None:
    """Sort series by group, in order of index within one.

    Parameters
    ----------
    groups : int32[n], in
        Group of each, below G.
    starts : int64[G + 1], in/out
        Zeros; then where each group begins, and the end.
    series : int32[n], out
        The series.
    """
    for i in range(len(groups)):
        starts[groups[i] + 1] += 1
    for group in range(1, len(starts)):
        starts[group] += starts[group - 1]
    for i in range(len(groups)):
        series[starts[groups[i]]] = i
        starts[groups[i]] += 1
    for group in range(len(starts) - 1, 0, -1):
        starts[group] = starts[group - 1]
    starts[0] = 0


@exact_kernel
def gather(
    series: I32, time: I64, value: F64, cells: I32, starts: I64, by_group: I32, order: I64,
    tick: I64, won_series: I32, won_time: I64, won_value: F64, present: I64, first: int,
) -> tuple[int, int]:  # fmt: skip
    """List the winners by group, tick and series.

    Parameters
    ----------
    series, time, value : int32[S], int64[S], float64[S], in
        Samples, as in `contend`.
    cells : int32[T, n], in
        What `contend` made.
    starts, by_group : int64[G + 1], int32[n], in
        What `sort_by_group` made.
    order : int64[S], out
        Group times (T + 1) plus row, of each winner.
    tick : int64[S], out
        Its tick.
    won_series, won_time, won_value : int32[S], int64[S], float64[S], out
        Its series, time and value.
    present : int64[G], out
        Groups that have winners.
    first : int64
        The first tick.

    Returns
    -------
    tuple of int64 and int64
        How many winners, and how many groups that have some.
    """
    won, groups, rows = 0, 0, len(cells)
    for group in range(len(starts) - 1):
        before = won
        for row in range(rows):
            for at in range(starts[group], starts[group + 1]):
                held = cells[row, by_group[at]]
                if held == 0:
                    continue
                best = (held >> 1) - 1
                order[won], tick[won] = group * (rows + 1) + row, first + row
                won_series[won] = series[best]
                won_time[won], won_value[won] = time[best], value[best]
                won += 1
        if won > before:
            present[groups] = group
            groups += 1
    return won, groups
