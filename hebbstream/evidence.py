"""State of the fused statistic: its two smoothed forms, and the group's age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from hebbstream.arrays import F64
from hebbstream.kernels.layout import GROUP_AGE, SMOOTH_ROWS


@dataclass(slots=True)
class Evidence:
    """Smoothed statistic of a group.

    Attributes
    ----------
    smooth : float64[3]
        Short and long form, ticks learnt since the start or a reset.
    """

    smooth: F64

    @classmethod
    def empty(cls) -> Self:
        """Make the state of a group that has seen nothing."""
        return cls(np.zeros(SMOOTH_ROWS))

    @property
    def age(self) -> int:
        """Ticks learnt since the start or a reset."""
        return int(self.smooth[GROUP_AGE])
