"""Which sample stands for a series at a tick: the latest, and of several the larger."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from daemon.records import F64, I32, I64, DropReason

_INT64_MAX = 2**63 - 1


@dataclass(slots=True)
class Winners:
    """The last sample of each tick and series, sorted by group, tick and series.

    Attributes
    ----------
    group : int32[S]
        Index into the table's group names.
    tick, series, time, value : arrays of length S
        The samples.
    levels : int64[L]
        Every tick there is, and perhaps others between, in order.
    dropped : Counter
        Samples that lost, as duplicates or superseded.
    """

    group: I32
    tick: I64
    series: I32
    time: I64
    value: F64
    levels: I64
    dropped: Counter[DropReason]

    @classmethod
    def choose(cls, series: I32, time: I64, value: F64, groups: I32, interval: int) -> Winners:
        """Keep the latest sample of each tick and series; a tie goes to the larger value.

        Parameters
        ----------
        series, time, value : arrays of length S
            Closed samples in any order.
        groups : int32[n]
            Group of every series.
        interval : int
            Grid step, nanoseconds.

        Returns
        -------
        Winners
            The samples that enter frames; the others are counted.
        """
        tick, group = time // interval, groups[series]
        levels, rank = _rank(tick)
        sorted_already, order = False, rank
        if len(groups) * len(levels) * len(groups) < _INT64_MAX:
            step = (group * np.int64(len(levels)) + rank) * len(groups) + series
            order = np.argsort(step, kind="stable")
            step, when = step[order], time[order]
            repeats = step[1:] == step[:-1]
            sorted_already = not (repeats & (when[1:] <= when[:-1])).any()
        if not sorted_already:
            order = np.lexsort((value, time, series, rank, group))
        group, tick, series = group[order], tick[order], series[order]
        time, value = time[order], value[order]
        # Of each run of one tick and series, sorted by time and value, only the last stays.
        lost = (series[1:] == series[:-1]) & (tick[1:] == tick[:-1])
        dropped: Counter[DropReason] = Counter()
        if lost.any():
            same = (time[1:] == time[:-1]) & (value[1:] == value[:-1])
            dropped[DropReason.DUPLICATE] = int(np.count_nonzero(lost & same))
            dropped[DropReason.SUPERSEDED] = int(np.count_nonzero(lost & ~same))
            wins = np.append(~lost, True)
            group, tick, series = group[wins], tick[wins], series[wins]
            time, value = time[wins], value[wins]
        return cls(group, tick, series, time, value, levels, +dropped)


def _rank(tick: I64) -> tuple[I64, I64]:
    """Rank ticks; returns the ticks in order (perhaps others between), and each sample's rank."""
    low, high = int(tick.min(initial=_INT64_MAX)), int(tick.max(initial=0))
    if high - low <= 4 * len(tick) + 1024:
        return np.arange(low, high + 1), tick - low
    levels, rank = np.unique(tick, return_inverse=True)
    return levels, rank
