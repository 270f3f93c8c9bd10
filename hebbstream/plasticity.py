"""State of the learning gate: how hot the group is, what it adopted, whether learning is held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from hebbstream.arrays import F64
from hebbstream.kernels.layout import (
    ADOPTED_BEFORE,
    ADOPTED_LAST,
    BARRED,
    GATE_HOT,
    GATE_ROWS,
    HELD,
    LEFT,
    LEFT_USUAL,
    LEVEL_PACE,
    PACE,
    PARKED_AT,
    PARKED_FITS,
    PARKED_LIFE,
    PARKED_STATISTIC,
    PUBLISHED_LIFE,
    SCATTER,
    SHADOW_TICKS,
)
from hebbstream.kernels.quarantine import COOLING
from hebbstream.wider import wider

#: A tick long before any other.
NEVER = -1e18
#: What is kept out of learning is kept out for so many ticks after it has ended.
BAR_TICKS = 30.0
#: What the pace starts from, and what it is taken to have seen: a group that is as it should be.
AT_REST = {PACE: 1.0, LEVEL_PACE: 1.0, SCATTER: 0.9, LEFT: 0.3, LEFT_USUAL: 1.0 / 3.0}


@dataclass(slots=True)
class Plasticity:
    """The gate, and the smoothed deviations of n series that restarts look at.

    Attributes
    ----------
    gate : float64[18]
        Of learning, of the quarantine and of the pace, see layout.
    deviation, drift : float64[n]
        EW of each series' clipped z, under the published regime and under the shadow.
    lean : float64[n]
        The same in the long run, while nothing happens.
    """

    gate: F64
    deviation: F64
    drift: F64
    lean: F64

    @classmethod
    def empty(cls, n: int) -> Self:
        """Make an open, cold gate for n series."""
        gate = np.zeros(GATE_ROWS)
        gate[[ADOPTED_LAST, ADOPTED_BEFORE, PARKED_AT]] = NEVER
        gate[list(AT_REST)] = list(AT_REST.values())
        return cls(gate, np.zeros(n), np.zeros(n), np.zeros(n))

    @property
    def held(self) -> bool:
        """True while learning is held."""
        return bool(self.gate[HELD] > 0)

    @property
    def pace(self) -> float:
        """Factor on the rates of what is learnt as normal, while nothing happens."""
        return float(self.gate[PACE])

    def hold(self) -> None:
        """Stop all learning."""
        self.gate[HELD] = 1.0

    def release(self) -> None:
        """Let learning go on."""
        self.gate[HELD] = 0.0

    @property
    def barred(self) -> bool:
        """True while what goes on is kept out of learning."""
        return bool(self.gate[BARRED] > 0)

    def bar(self) -> None:
        """Keep what goes on out of learning until it has ended."""
        self.gate[BARRED] = 1.0
        self.gate[GATE_HOT] = max(self.gate[GATE_HOT], COOLING * BAR_TICKS)

    def unbar(self) -> None:
        """Let what goes on be learnt, if it stays as long as any other."""
        if self.barred:
            self.gate[BARRED] = 0.0
            self.gate[GATE_HOT] = min(self.gate[GATE_HOT], self.gate[SHADOW_TICKS])

    def adopted_since(self, tick: int) -> bool:
        """Tell whether the regime was changed at that tick or later, and the old one is kept."""
        return self.parked and bool(self.gate[ADOPTED_LAST] >= tick)

    def forget_trial(self) -> None:
        """Forget how the parked regime did lately: it is to be restored, however it does."""
        self.gate[PARKED_STATISTIC] = -1.0

    @property
    def quarantined(self) -> bool:
        """True while a shadow learns."""
        return bool(self.gate[SHADOW_TICKS] > 0)

    @property
    def parked(self) -> bool:
        """True while the regime before an adoption is kept."""
        return bool(self.gate[PARKED_LIFE] > 0)

    def check(self) -> None:
        """Make sure that counts and squares are some.

        Raises
        ------
        ValueError
            When one is negative.
        """
        if (
            self.gate[[GATE_HOT, SHADOW_TICKS, PUBLISHED_LIFE, PARKED_LIFE, PARKED_FITS]] < 0
        ).any():
            msg = "a count of the gate is negative"
            raise ValueError(msg)
        if (self.gate[[PACE, LEVEL_PACE]] <= 0).any() or (
            self.gate[[SCATTER, LEFT, LEFT_USUAL]] < 0
        ).any():
            msg = "a pace is not above 0, or what it follows is negative"
            raise ValueError(msg)

    def grow(self, count: int) -> None:
        """Append `count` series."""
        self.deviation = wider(self.deviation, count)
        self.drift = wider(self.drift, count)
        self.lean = wider(self.lean, count)

    def drop(self, index: int) -> None:
        """Forget the series at `index`."""
        self.deviation = np.delete(self.deviation, index)
        self.drift = np.delete(self.drift, index)
        self.lean = np.delete(self.lean, index)
