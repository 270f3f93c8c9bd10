"""State of the fused statistic and of each series' own: smoothed forms, what is usual, and age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from hebbstream.arrays import F64, I64
from hebbstream.kernels.evidence import USUAL_MIN, USUAL_START
from hebbstream.kernels.layout import (
    ELEVATED,
    GROUP_AGE,
    HABIT_ROWS,
    INNOVATION_COUNT,
    INNOVATION_ROWS,
    INNOVATION_VARIANCE,
    MOVES,
    MOVES_NOW,
    MOVES_USUAL,
    POWER,
    SMOOTH_ROWS,
    STANDS,
    STANDS_USUAL,
    USUAL,
)

#: What a series' squared innovations usually stay below until it has shown it.
MOVES_START = 2.0


@dataclass(slots=True)
class Evidence:
    """Smoothed statistic of a group.

    Attributes
    ----------
    smooth : float64[5]
        Short and long form, ticks learnt since the start or a reset, both forms of what is new.
    habits : float64[7, n]
        The same forms of each series, what the lasting one usually stays below, and the ticks in a
        row that it has been above that; where each stands, and what that, over its relations,
        usually stays below.
    innovations : float64[9, n]
        Memory of each residual, variance of what is new in it, its last two values, and averages of
        what is new, with what they usually stay below.
    """

    smooth: F64
    habits: F64
    innovations: F64

    @classmethod
    def empty(cls, n: int) -> Self:
        """Make the state of n series that have seen nothing."""
        return cls(np.zeros(SMOOTH_ROWS), cls._habits(n), cls._innovations(n))

    @staticmethod
    def _habits(n: int) -> F64:
        habits = np.zeros((HABIT_ROWS, n))
        habits[USUAL] = USUAL_START
        habits[STANDS_USUAL] = USUAL_MIN
        return habits

    @staticmethod
    def _innovations(n: int) -> F64:
        innovations = np.zeros((INNOVATION_ROWS, n))
        innovations[[POWER, INNOVATION_VARIANCE]] = 1.0
        innovations[MOVES_USUAL] = MOVES_START
        return innovations

    def check(self) -> None:
        """Make sure that there is a usual height to divide by.

        Raises
        ------
        ValueError
            When one is not above 0, or a square is negative.
        """
        squares = self.innovations[[POWER, INNOVATION_VARIANCE, INNOVATION_COUNT, MOVES, MOVES_NOW]]
        usual = np.vstack([self.habits[[USUAL, STANDS_USUAL]], self.innovations[[MOVES_USUAL]]])
        if (self.habits[:STANDS] < 0).any() or (usual <= 0).any() or (squares < 0).any():
            msg = "the usual statistic of a series is not above 0, or a square is negative"
            raise ValueError(msg)

    def grow(self, count: int) -> None:
        """Append `count` series."""
        self.habits = np.ascontiguousarray(np.hstack([self.habits, self._habits(count)]))
        self.innovations = np.ascontiguousarray(
            np.hstack([self.innovations, self._innovations(count)])
        )

    def drop(self, index: int) -> None:
        """Forget the series at `index`."""
        self.habits = np.delete(self.habits, index, axis=1)
        self.innovations = np.delete(self.innovations, index, axis=1)

    @property
    def elevated(self) -> I64:
        """Ticks in a row that each series has been above what is usual for it, int64[n]."""
        ticks: I64 = self.habits[ELEVATED].astype(np.int64)
        return ticks

    @property
    def age(self) -> int:
        """Ticks learnt since the start or a reset."""
        return int(self.smooth[GROUP_AGE])
