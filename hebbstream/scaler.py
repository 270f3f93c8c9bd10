"""State of location, scale and daily course of each series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from hebbstream.arrays import F64
from hebbstream.kernels.clock import clock_basis, clock_course
from hebbstream.kernels.layout import (
    CLOCK_COUNT,
    CLOCK_COURSE_VARIANCE,
    CLOCK_LEVEL_VARIANCE,
    CLOCK_ROWS,
    COUNT,
    HIGH,
    LOW,
    MEAN,
    MOMENT_ROWS,
    SEEN,
    VARIANCE,
)
from hebbstream.params import DAY, ClockParams
from hebbstream.wider import wider


def harmonics(params: ClockParams, interval_seconds: float) -> int:
    """Count the harmonics of the day that the grid can carry.

    Parameters
    ----------
    params : ClockParams
        What is wanted.
    interval_seconds : float
        Grid step.

    Returns
    -------
    int
        0 when the clock is off.
    """
    if not params.enabled:
        return 0
    return min(params.harmonics_max, int(DAY / interval_seconds / 4))


@dataclass(slots=True)
class Scaler:
    """Location, scale and clock of n series; columns are series.

    Attributes
    ----------
    moments : float64[6, n]
        Location, variance, range, samples learnt and seen.
    clock : float64[4, n]
        Level without a course, variances with and without it, count.
    coefficients : float64[2h + 1, n]
        Level and course; no rows when the clock is off.
    """

    moments: F64
    clock: F64
    coefficients: F64

    @classmethod
    def empty(cls, n: int, harmonic_count: int) -> Self:
        """Make the state of n series that have seen nothing."""
        size = 2 * harmonic_count + 1 if harmonic_count else 0
        return cls(np.zeros((MOMENT_ROWS, n)), np.zeros((CLOCK_ROWS, n)), np.zeros((size, n)))

    def check(self) -> None:
        """Make sure that every series has a scale.

        Raises
        ------
        ValueError
            When a variance or a count is negative, or a range is upside down.
        """
        squares = [
            self.moments[[VARIANCE, COUNT, SEEN]],
            self.moments[HIGH] - self.moments[LOW],
            self.clock[[CLOCK_LEVEL_VARIANCE, CLOCK_COURSE_VARIANCE, CLOCK_COUNT]],
        ]
        if any((array < 0).any() for array in squares):
            msg = "a variance, a range or a count of a series is negative"
            raise ValueError(msg)

    def grow(self, count: int) -> None:
        """Append `count` series that have seen nothing."""
        self.moments = wider(self.moments, count)
        self.clock = wider(self.clock, count)
        self.coefficients = wider(self.coefficients, count)

    def drop(self, index: int) -> None:
        """Forget the series at `index`."""
        self.moments = np.delete(self.moments, index, axis=1)
        self.clock = np.delete(self.clock, index, axis=1)
        self.coefficients = np.delete(self.coefficients, index, axis=1)

    def expected(self, time: float, day_ticks: float, ratio_max: float) -> F64:
        """Level and course at a time.

        Parameters
        ----------
        time : float
            Unix seconds.
        day_ticks, ratio_max : float
            As in the kernel `clock_course`.

        Returns
        -------
        float64[n]
            In each series' unit; NaN before its first sample.
        """
        n = self.moments.shape[1]
        basis, harmonic, course = np.zeros(len(self.coefficients)), np.zeros(n), np.zeros(n)
        clock_basis(time, basis)
        clock_course(basis, self.coefficients, self.clock, harmonic, course, day_ticks, ratio_max)
        return np.where(self.moments[COUNT] > 0, self.moments[MEAN] + course, np.nan)
