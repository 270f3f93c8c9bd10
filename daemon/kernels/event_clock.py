"""Late and ahead, sample by sample, against a watermark that moves with them."""

from __future__ import annotations

import numpy as np

from daemon.records import I32, I64
from hebbstream._jit import exact_kernel
from hebbstream.arrays import BOOL

#: What `judge` keeps: newest event time, offset of the record of the last sample that was kept;
#: and what it counts: late samples, samples ahead, and steps at which frames close.
NEWEST, NEWEST_OFFSET, LATE, AHEAD, CLOSINGS = range(5)
CLOCK_SIZE = 5


@exact_kernel
def judge(
    time: I64, record: I32, stamps: I64, offsets: I64, clock: I64, kept: BOOL, levels: I64,
    closers: I64, interval: int, lateness: int, max_ahead: int, idle_until: int,
) -> None:  # fmt: skip
    """Judge samples in order of arrival and move the watermark on.

    Parameters
    ----------
    time : int64[S], in
        Event times, nanoseconds.
    record : int32[S], in
        Row of the record of each.
    stamps, offsets : int64[R], in
        Each record's own time (-1 for none) and its offset.
    clock : int64[5], in/out
        Newest event time and its record's offset, moved on; late, ahead and closings, counted.
    kept : bool[S], out
        Samples that are neither late nor ahead.
    levels : int64[S], out
        The watermark each time it closes a step; as many as there are closings.
    closers : int64[S], out
        Offset of the record that closed it.
    interval : int64
        Grid step.
    lateness : int64
        How far the watermark is behind the newest event time.
    max_ahead : int64
        How far a sample may be ahead of its record's own time.
    idle_until : int64
        The watermark is never before it.
    """
    newest = clock[NEWEST]
    open_from = max(newest - lateness, idle_until) // interval * interval
    for i in range(len(time)):
        now, row = time[i], record[i]
        kept[i] = False
        if stamps[row] >= 0 and now - stamps[row] > max_ahead:
            clock[AHEAD] += 1
            continue
        if now < open_from:
            clock[LATE] += 1
            continue
        kept[i] = True
        clock[NEWEST_OFFSET] = offsets[row]
        if now <= newest:
            continue
        newest = now
        level = max(newest - lateness, idle_until)
        if level - open_from >= interval:
            levels[clock[CLOSINGS]], closers[clock[CLOSINGS]] = level, offsets[row]
            clock[CLOSINGS] += 1
            open_from = level // interval * interval
    clock[NEWEST] = np.int64(newest)
