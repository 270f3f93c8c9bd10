"""Which sample stands for a series at a tick: the latest, and of several the larger."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from daemon.kernels.winners import DUPLICATES, SUPERSEDED, contend, gather, sort_by_group
from daemon.records import F64, I32, I64, DropReason

_INT64_MAX = 2**63 - 1
#: A table with a cell for each tick and series is made where it has at most so many cells a sample,
#: and some more.
CELLS_A_SAMPLE, CELLS_MORE = 4, 4096


@dataclass(slots=True)
class Winners:
    """The last sample of each tick and series, sorted by group, tick and series.

    Attributes
    ----------
    tick, series, time, value : arrays of length S
        The samples.
    order : int64[S]
        Index of the sample's group in the table's group names, times `span`, plus the rank of its
        tick in `levels`: rising.
    present : int64[G]
        Groups that have samples, in order.
    levels : int64[L]
        Every tick there is, and perhaps others between, in order.
    dropped : Counter
        Samples that lost, as duplicates or superseded.
    """

    tick: I64
    series: I32
    time: I64
    value: F64
    order: I64
    present: I64
    levels: I64
    dropped: Counter[DropReason]

    @property
    def span(self) -> int:
        """From one group to the next in `order`."""
        return len(self.levels) + 1

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
        low, high = (
            int(t) // interval for t in (time.min(initial=_INT64_MAX), time.max(initial=0))
        )
        cells = max(0, high - low + 1) * len(groups)
        if 0 < cells <= CELLS_A_SAMPLE * len(series) + CELLS_MORE:
            won = _by_table(series, time, value, groups, interval, np.arange(low, high + 1))
            if won is not None:
                return won
        return _by_sort(series, time, value, groups, interval)


def _by_table(
    series: I32, time: I64, value: F64, groups: I32, interval: int, levels: I64
) -> Winners | None:
    """Find the winners without a sort; None when that does not tell who is whose duplicate."""
    count, first = len(series), int(levels[0])
    cells = np.zeros((len(levels), len(groups)), dtype=np.int32)
    lost = np.zeros(2, dtype=np.int64)
    if not contend(series, time, value, cells, lost, interval, first):
        return None
    starts = np.zeros(int(groups.max(initial=-1)) + 2, dtype=np.int64)
    by_group, present = np.empty(len(groups), dtype=np.int32), np.empty(len(starts), dtype=np.int64)
    sort_by_group(groups, starts, by_group)
    order, tick, won_time = np.empty((3, count), dtype=np.int64)
    won_series, won_value = np.empty(count, dtype=np.int32), np.empty(count)
    won, some = gather(
        series, time, value, cells, starts, by_group, order, tick, won_series, won_time, won_value,
        present, first,
    )  # fmt: skip
    dropped = Counter(
        {DropReason.DUPLICATE: int(lost[DUPLICATES]), DropReason.SUPERSEDED: int(lost[SUPERSEDED])}
    )
    return Winners(
        tick[:won], won_series[:won], won_time[:won], won_value[:won], order[:won], present[:some],
        levels, +dropped,
    )  # fmt: skip


def _by_sort(series: I32, time: I64, value: F64, groups: I32, interval: int) -> Winners:
    """Find the winners by a sort, however far apart they are."""
    tick, group = time // interval, groups[series]
    levels, rank = np.unique(tick, return_inverse=True)
    order = np.lexsort((value, time, series, rank, group))
    place = (group * np.int64(len(levels) + 1) + rank)[order]
    tick, series, time, value = tick[order], series[order], time[order], value[order]
    # Of each run of one tick and series, sorted by time and value, only the last stays.
    lost = (series[1:] == series[:-1]) & (tick[1:] == tick[:-1])
    dropped: Counter[DropReason] = Counter()
    if lost.any():
        same = (time[1:] == time[:-1]) & (value[1:] == value[:-1])
        dropped[DropReason.DUPLICATE] = int(np.count_nonzero(lost & same))
        dropped[DropReason.SUPERSEDED] = int(np.count_nonzero(lost & ~same))
        wins = np.append(~lost, True)
        place, tick, series = place[wins], tick[wins], series[wins]
        time, value = time[wins], value[wins]
    present = np.unique(place // (len(levels) + 1))
    return Winners(tick, series, time, value, place, present, levels, +dropped)
