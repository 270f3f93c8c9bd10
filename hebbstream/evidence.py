"""State of the fused statistic and of each series' own: smoothed forms, what is usual, and age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from hebbstream.arrays import F64
from hebbstream.kernels.evidence import USUAL_START
from hebbstream.kernels.layout import GROUP_AGE, HABIT_ROWS, SMOOTH_ROWS, USUAL


@dataclass(slots=True)
class Evidence:
    """Smoothed statistic of a group.

    Attributes
    ----------
    smooth : float64[3]
        Short and long form, ticks learnt since the start or a reset.
    habits : float64[3, n]
        The same forms of each series, and what their sum usually stays below.
    """

    smooth: F64
    habits: F64

    @classmethod
    def empty(cls, n: int) -> Self:
        """Make the state of n series that have seen nothing."""
        return cls(np.zeros(SMOOTH_ROWS), cls._habits(n))

    @staticmethod
    def _habits(n: int) -> F64:
        habits = np.zeros((HABIT_ROWS, n))
        habits[USUAL] = USUAL_START
        return habits

    def check(self) -> None:
        """Make sure that there is a usual height to divide by.

        Raises
        ------
        ValueError
            When one is not above 0, or a square is negative.
        """
        if (self.habits < 0).any() or not self.habits[USUAL].all():
            msg = "the usual statistic of a series is not above 0, or a square is negative"
            raise ValueError(msg)

    def grow(self, count: int) -> None:
        """Append `count` series."""
        self.habits = np.ascontiguousarray(np.hstack([self.habits, self._habits(count)]))

    def drop(self, index: int) -> None:
        """Forget the series at `index`."""
        self.habits = np.delete(self.habits, index, axis=1)

    @property
    def age(self) -> int:
        """Ticks learnt since the start or a reset."""
        return int(self.smooth[GROUP_AGE])
