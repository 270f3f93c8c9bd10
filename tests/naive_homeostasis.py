"""Naive twins of the kernels of homeostasis, written from the formulas."""

from __future__ import annotations

import numpy as np

from hebbstream.arrays import F64
from hebbstream.kernels import layout as at


def measure_fit(
    z: F64, rest: F64, judged: F64, lean: F64, rate: float
) -> tuple[F64, tuple[float, float, float]]:
    """Leans after the frame; mean squares of the leans, of z and of the rest over the judged."""
    a, r, there = np.clip(z, -3, 3), np.clip(rest, -3, 3), judged > 0
    moved = np.where(there, (1 - rate) * lean + rate * a, lean)
    if not there.any():
        return moved, (-1.0, -1.0, -1.0)
    squares = np.minimum(moved**2, 1)
    leans, scatter, left = (float(v[there].mean()) for v in (squares, a**2, r**2))
    return moved, (leans, scatter, left)


def follow_pace(
    gate: F64, leans: float, scatter: float, left: float, age: float, low: float, high: float,
    rate: float,
) -> F64:  # fmt: skip
    """Move EW scatter and rest and the usual share; 1 + 3 (worst - 1) within the bounds."""
    after = gate.copy()
    after[at.SCATTER] = (1 - rate) * gate[at.SCATTER] + rate * scatter
    after[at.LEFT] = (1 - rate) * gate[at.LEFT] + rate * left
    share = after[at.LEFT] / (after[at.SCATTER] + 1e-9)
    if age < 1 / rate:
        after[at.LEFT_USUAL] = share
        return after
    pace = rate / 10 if share > gate[at.LEFT_USUAL] else rate
    usual = (1 - pace) * gate[at.LEFT_USUAL] + pace * share
    after[at.LEFT_USUAL] = usual
    stands = max(leans / 0.2, after[at.SCATTER] / 1.1)
    after[at.LEVEL_PACE] = float(np.clip(1 + 3 * (stands - 1), low, high))
    worst = max(stands, share / (1.3 * max(usual, 0.2)))
    after[at.PACE] = float(np.clip(1 + 3 * (worst - 1), low, high))
    return after
