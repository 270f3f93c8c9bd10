"""Samples of closed ticks: whose they are, when their series were seen, where they go."""

from __future__ import annotations

from typing import Final

from daemon.records import F64, I32, I64
from hebbstream._jit import exact_kernel
from hebbstream.arrays import BOOL

# steady int64[7, G]: groups whose members may be as they were.
STEADY_LOW: Final = 0  # which samples are the group's: from the one on
STEADY_HIGH: Final = 1  # up to the other
STEADY_FIRST: Final = 2  # tick its block begins with
STEADY_CELLS: Final = 3  # of its block: ticks by columns
STEADY_COLUMNS: Final = 4  # 0 where members may change
STEADY_LAST: Final = 5  # the last tick of a member; -1 where nothing is done
STEADY_BASE: Final = 6  # where its block begins; -1 where there is none
STEADY_ROWS: Final = 7


@exact_kernel
def members_only(series: I32, column: I32, low: int, high: int) -> bool:
    """Tell whether some samples are all of members.

    Parameters
    ----------
    series : int32[S], in
        Series of each sample.
    column : int32[n], in
        Column of each series in its group's frames, -1 when it is no member.
    low, high : int64
        Which samples: from the one on, up to the other.

    Returns
    -------
    bool
        True when none is of another series.
    """
    least = 0
    for i in range(low, high):
        least = min(least, column[series[i]])
    return least >= 0


@exact_kernel
def note_seen(
    series: I32, tick: I64, column: I32, seen: I64, used: BOOL, low: int, high: int
) -> tuple[int, int]:
    """Remember when members were seen, and refuse what is of other series.

    Parameters
    ----------
    series, tick : int32[S], int64[S], in
        Series and tick of each sample.
    column : int32[n], in
        As in `members_only`.
    seen : int64[n], in/out
        Tick of each member's last sample.
    used : bool[S], in/out
        Samples that go into frames; false for those that are refused.
    low, high : int64
        Which samples, in order of tick.

    Returns
    -------
    tuple of int64 and int64
        How many were refused, and the last tick of a member, -1 for none.
    """
    refused, last = 0, -1
    for i in range(low, high):
        if column[series[i]] < 0:
            used[i] = False
            refused += 1
        else:
            seen[series[i]] = tick[i]
            last = tick[i]
    return refused, last


@exact_kernel
def place_samples(
    series: I32, tick: I64, column: I32, used: BOOL, place: I64, low: int, high: int, base: int,
    first: int, columns: int,
) -> int:  # fmt: skip
    """Note where the samples of a block go.

    Parameters
    ----------
    series, tick : int32[S], int64[S], in
        Series and tick of each sample.
    column : int32[n], in
        As in `members_only`.
    used : bool[S], in
        Samples that go into frames.
    place : int64[S], in/out
        Where each stands in the buffer of all frames.
    low, high : int64
        Which samples are the block's.
    base : int64
        Where its frames begin.
    first : int64
        Its first tick.
    columns : int64
        Its columns.

    Returns
    -------
    int64
        How many go into it.
    """
    placed = 0
    for i in range(low, high):
        if used[i]:
            place[i] = base + (tick[i] - first) * columns + column[series[i]]
            placed += 1
    return placed


@exact_kernel
def take_steady(
    series: I32, tick: I64, column: I32, seen: I64, place: I64, low: int, high: int, base: int,
    first: int, columns: int,
) -> int:  # fmt: skip
    """Remember members and place their samples in one pass, where all are of members.

    Parameters
    ----------
    series, tick : int32[S], int64[S], in
        Series and tick of each sample.
    column : int32[n], in
        As in `members_only`.
    seen : int64[n], in/out
        As in `note_seen`.
    place : int64[S], in/out
        As in `place_samples`.
    low, high : int64
        Which samples, in order of tick; each goes into a frame.
    base, first, columns : int64
        As in `place_samples`.

    Returns
    -------
    int64
        The last tick; -1, and nothing done, where some are of other series or there are none.
    """
    if low >= high or not members_only(series, column, low, high):
        return -1
    for i in range(low, high):
        seen[series[i]] = tick[i]
        place[i] = base + (tick[i] - first) * columns + column[series[i]]
    return int(tick[high - 1])


@exact_kernel
def take_all_steady(
    series: I32, tick: I64, column: I32, seen: I64, place: I64, steady: I64, base: int
) -> int:
    """Take each group as `take_steady` does; the blocks of those it takes follow on each other.

    Parameters
    ----------
    series, tick : int32[S], int64[S], in
        Series and tick of each sample.
    column : int32[n], in
        As in `members_only`.
    seen : int64[n], in/out
        As in `note_seen`.
    place : int64[S], in/out
        As in `place_samples`.
    steady : int64[7, G], in/out
        The groups; the last two rows are written.
    base : int64
        Where the first block begins.

    Returns
    -------
    int64
        Where the last one ends.
    """
    for g in range(steady.shape[1]):
        last = -1
        if steady[STEADY_COLUMNS, g] > 0:
            last = take_steady(
                series, tick, column, seen, place, steady[STEADY_LOW, g], steady[STEADY_HIGH, g],
                base, steady[STEADY_FIRST, g], steady[STEADY_COLUMNS, g],
            )  # fmt: skip
        steady[STEADY_LAST, g], steady[STEADY_BASE, g] = last, -1
        if last >= 0:
            steady[STEADY_BASE, g] = base
            base += steady[STEADY_CELLS, g]
    return base


@exact_kernel
def fill_frames(value: F64, used: BOOL, place: I64, frames: F64) -> tuple[int, int]:
    """Put values where they go.

    Parameters
    ----------
    value : float64[S], in
        Value of each sample; NaN where it has none.
    used : bool[S], in
        Samples that go into frames.
    place : int64[S], in
        Where each of them goes.
    frames : float64[F], in/out
        All frames, NaN where nothing is put.

    Returns
    -------
    tuple of int64 and int64
        How many values were put, and how many samples had none.
    """
    put, none = 0, 0
    for i in range(len(value)):
        if not used[i]:
            continue
        frames[place[i]] = value[i]
        if value[i] == value[i]:  # false of NaN alone
            put += 1
        else:
            none += 1
    return put, none
