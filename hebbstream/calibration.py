"""State of the tail models that turn statistics into p-values, and where the alert line lies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from hebbstream.arrays import F32, F64
from hebbstream.kernels.layout import BINS, INCREMENT, PRIOR, TAIL_COUNT, TAIL_ROWS, TOP
from hebbstream.params import DAY

#: Samples that the prior of the tail's slope is worth.
SLOPE_PRIOR_COUNT = 400.0


def alert_exponent(budget_per_day: float, interval_seconds: float) -> float:
    """Find -log10 of the p-value that is reached by chance `budget_per_day` times a day.

    Parameters
    ----------
    budget_per_day : float
        Alerts a day.
    interval_seconds : float
        Grid step.

    Returns
    -------
    float
        Above 0.

    Raises
    ------
    ValueError
        When the budget is not below the ticks of a day.
    """
    ticks = DAY / interval_seconds
    if budget_per_day >= ticks:
        msg = (
            f"alert_budget_per_day ({budget_per_day:g}) must be below the ticks of a day "
            f"({ticks:g} at an interval of {interval_seconds:g} s)"
        )
        raise ValueError(msg)
    return math.log10(ticks / budget_per_day)


@dataclass(slots=True)
class Calibration:
    """Tail models of the gate and of the channels, see layout.

    Attributes
    ----------
    histograms : float32[7, BINS]
        Decayed counts of the statistic's logarithm.
    tails : float64[7, 5]
        Increment, total, highest bin, hot ticks, weight of the slope's prior.
    """

    histograms: F32
    tails: F64

    @classmethod
    def empty(cls) -> Self:
        """Make models that have seen nothing."""
        tails = np.zeros((TAIL_COUNT, TAIL_ROWS))
        tails[:, INCREMENT] = 1.0
        tails[:, PRIOR] = SLOPE_PRIOR_COUNT
        return cls(np.zeros((TAIL_COUNT, BINS), np.float32), tails)

    def check(self) -> None:
        """Make sure that every tail model can be read.

        Raises
        ------
        ValueError
            When a highest bin does not exist, or a weight is negative.
        """
        top = self.tails[:, TOP]
        if (top != np.floor(top)).any() or (top >= BINS).any():
            msg = f"a tail model's highest bin is none of its {BINS}"
            raise ValueError(msg)
        if (
            (self.histograms < 0).any()
            or (self.tails < 0).any()
            or not self.tails[:, INCREMENT].all()
        ):
            msg = "a tail model has an impossible weight"
            raise ValueError(msg)
