"""State of the learning gate: how hot the group is, what it adopted, whether learning is held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from hebbstream.arrays import F64
from hebbstream.kernels.layout import ADOPTED_BEFORE, ADOPTED_LAST, GATE_HOT, GATE_ROWS, HELD

#: A tick long before any other.
NEVER = -1e18


@dataclass(slots=True)
class Plasticity:
    """The gate, and the smoothed deviation of n series that adoption looks at.

    Attributes
    ----------
    gate : float64[4]
        Hot ticks, ticks of the last two adoptions, 1 while held.
    deviation : float64[n]
        EW of each series' clipped z.
    """

    gate: F64
    deviation: F64

    @classmethod
    def empty(cls, n: int) -> Self:
        """Make an open, cold gate for n series."""
        gate = np.zeros(GATE_ROWS)
        gate[[ADOPTED_LAST, ADOPTED_BEFORE]] = NEVER
        return cls(gate, np.zeros(n))

    @property
    def held(self) -> bool:
        """True while learning is held."""
        return bool(self.gate[HELD] > 0)

    def hold(self) -> None:
        """Stop all learning."""
        self.gate[HELD] = 1.0

    def release(self) -> None:
        """Let learning go on."""
        self.gate[HELD] = 0.0

    def note_adoption(self, tick: int) -> None:
        """Remember that a regime was adopted at `tick`, and cool down."""
        self.gate[GATE_HOT] = 0.0
        self.gate[ADOPTED_BEFORE] = self.gate[ADOPTED_LAST]
        self.gate[ADOPTED_LAST] = tick

    def grow(self, count: int) -> None:
        """Append `count` series."""
        self.deviation = np.pad(self.deviation, (0, count))

    def drop(self, index: int) -> None:
        """Forget the series at `index`."""
        self.deviation = np.delete(self.deviation, index)
