"""Samples that wait for their tick to close, in columns with room for those to come."""

from __future__ import annotations

import numpy as np

from daemon.kernels.waiting import append_kept, take_ripe
from daemon.records import F64, I32, I64, SampleBatch
from hebbstream.arrays import BOOL

#: Samples there is room for at first.
ROOM = 1024


class Waiting:
    """Takes samples in, and gives out those before a time, both in order of arrival."""

    def __init__(self) -> None:
        self._count = 0
        self._series: I32 = np.empty(ROOM, dtype=np.int32)
        self._time: I64 = np.empty(ROOM, dtype=np.int64)
        self._value: F64 = np.empty(ROOM)

    def __len__(self) -> int:
        return self._count

    @property
    def series(self) -> I32:
        """Series of each sample, int32[len(self)]; may be written to."""
        return self._series[: self._count]

    @property
    def time(self) -> I64:
        """Time of each sample, int64[len(self)]."""
        return self._time[: self._count]

    @property
    def value(self) -> F64:
        """Value of each sample, float64[len(self)]."""
        return self._value[: self._count]

    def add(self, samples: SampleBatch, kept: BOOL) -> None:
        """Take in those of a batch's samples that are kept, bool[S]."""
        self._reserve(self._count + len(kept))
        self._count = append_kept(
            samples.series, samples.time, samples.value, kept, self._series, self._time,
            self._value, self._count,
        )  # fmt: skip

    def take(self, end: int) -> tuple[I32, I64, F64]:
        """Give out the samples before `end`, Unix nanoseconds: series, time and value, length S."""
        count = self._count
        series, time = np.empty(count, dtype=np.int32), np.empty(count, dtype=np.int64)
        value = np.empty(count)
        taken = take_ripe(
            self._series, self._time, self._value, series, time, value, count, end
        )  # fmt: skip
        self._count -= taken
        return series[:taken], time[:taken], value[:taken]

    def restore(self, series: I32, time: I64, value: F64) -> None:
        """Hold copies of these samples and no others.

        Raises
        ------
        ValueError
            When they are not of one length.
        """
        self._count = 0
        self._reserve(len(series))
        count = self._count = len(series)
        self._series[:count], self._time[:count], self._value[:count] = series, time, value

    def _reserve(self, room: int) -> None:
        """Make room for so many, and as many again: rarely made anew."""
        if room <= len(self._series):
            return
        held = self.series, self.time, self.value
        self._series = np.empty(2 * room, dtype=np.int32)
        self._time, self._value = np.empty(2 * room, dtype=np.int64), np.empty(2 * room)
        self.series[:], self.time[:], self.value[:] = held
