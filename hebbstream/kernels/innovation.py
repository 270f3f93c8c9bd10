"""What is new at a tick: a residual beyond what its own memory of the tick before explains.

Residuals of slow series are high for long once they are high. Their innovations are independent
from tick to tick, so they tell that something happens now (Box and Jenkins 1970, "Time Series
Analysis": the one-step prediction errors of an autoregression of order one).
"""

from __future__ import annotations

import math

import numpy as np

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64
from hebbstream.kernels.evidence import FLUSH, follow_usual, largest
from hebbstream.kernels.layout import (
    ECHOED,
    INNOVATION_COUNT,
    INNOVATION_VARIANCE,
    MOVES,
    MOVES_NOW,
    MOVES_USUAL,
    POWER,
    U_BEFORE,
    U_NOW,
)

#: A residual that remembers nearly all has innovations of its own still.
MEMORY_MAX = 0.98
#: Added to the innovation's sigma, as to the residual's.
INNOVATION_FLOOR = 0.01
#: Sigmas beyond which a residual or an innovation teaches no more.
LESSON_MAX = 4.0
#: The first ticks teach as if so many had been seen.
START_COUNT = 20.0
#: Ticks over which a series' squared innovations are averaged, and over which they are now.
MOVES_TICKS = 30.0
MOVES_NOW_TICKS = 8.0
#: One innovation counts at most so much: a jump is for the other channels.
MOVES_CAP = 25.0
#: The average counts at most so many times the one of now: what is over shall not linger.
MOVES_RATIO = 1.5
#: What the average usually stays below follows in so many multiples of the rate: slowly, or it
#: would follow a fault.
MOVES_PACE = 2.0


@kernel
def innovation(innovations: F64, j: int) -> float:
    """Innovation of one series at this tick.

    Parameters
    ----------
    innovations : float64[9, n], in
        State, see layout.
    j : int
        Series.

    Returns
    -------
    float64
        In the units of u.
    """
    memory = innovations[ECHOED, j] / (innovations[POWER, j] + INNOVATION_FLOOR)
    memory = min(max(memory, 0.0), MEMORY_MAX)
    return float(innovations[U_NOW, j] - memory * innovations[U_BEFORE, j])


@kernel
def innovate(
    surprise: F64,
    present: F32,
    seen: F64,
    innovations: F64,
    cap: float,
    warmup: float,
    heights: F64,
) -> tuple[float, float]:
    """Take in a frame's residuals, and fuse what is new in them.

    Parameters
    ----------
    surprise : float64[n], in
        u, the re-standardised residual.
    present : float32[n], in
        1 where there is a sample.
    seen : float64[n], in
        Samples of each series since it joined.
    innovations : float64[9, n], in/out
        State, see layout; the two last residuals and the averages move.
    cap : float64
        Sigmas beyond which a residual or an innovation counts no more.
    warmup : float64
        Samples before a series is judged.
    heights : float64[n], out
        Scratch.

    Returns
    -------
    fused : float64
        Mean square of the innovations, in their own sigmas; -1 when no series is judged, and in a
        group of one, which has no peers.
    moves : float64
        Largest average of a series' squared innovations, in multiples of its usual one; -1 alike.
        A series that no longer moves with its peers has innovations of its own at every tick,
        however slow it is, while its residual takes long to show it.
    """
    n = surprise.shape[0]
    total, judged = 0.0, 0.0
    longs, shorts = innovations[MOVES], innovations[MOVES_NOW]
    for j in range(n):
        # Weights and selections in place of branches: several series are then taken at once.
        long, short = longs[j], shorts[j]
        weight = float(present[j]) if seen[j] >= warmup else 0.0
        innovations[U_BEFORE, j] = innovations[U_NOW, j]
        innovations[U_NOW, j] = present[j] * min(max(surprise[j], -cap), cap)
        sigma = math.sqrt(np.float32(innovations[INNOVATION_VARIANCE, j])) + INNOVATION_FLOOR
        new = min(abs(innovation(innovations, j)) / sigma, cap)
        total += weight * new * new
        judged += weight
        square = min(new * new, MOVES_CAP)
        long += weight * (square - long) / MOVES_TICKS
        short += weight * (square - short) / MOVES_NOW_TICKS
        # The average of a series that stands still would become a denormal number.
        longs[j] = long if long > FLUSH else 0.0
        shorts[j] = short if short > FLUSH else 0.0
        height = min(long, MOVES_RATIO * short) / innovations[MOVES_USUAL, j]
        heights[j] = height if weight > 0.0 else -1.0
    if judged == 0.0 or n == 1:
        return -1.0, -1.0
    return total / judged, largest(heights)


@kernel
def learn_innovations(present: F32, innovations: F64, rate: float, gate: float) -> None:
    """Move the memory of each residual, and what is known of its innovations, towards a frame.

    Parameters
    ----------
    present : float32[n], in
        1 where there is a sample.
    innovations : float64[9, n], in/out
        State, see layout.
    rate, gate : float64
        EW rate once warm, and the factor on it.
    """
    variances, counts = innovations[INNOVATION_VARIANCE], innovations[INNOVATION_COUNT]
    echoes, powers, usuals = innovations[ECHOED], innovations[POWER], innovations[MOVES_USUAL]
    for j in range(present.shape[0]):
        # A step of 0 in place of a branch: several series are then taken at once.
        count, variance, usual = counts[j], variances[j], usuals[j]
        echoed, power = echoes[j], powers[j]
        step = max(rate, 1.0 / (count + START_COUNT)) * gate * present[j]
        limit = LESSON_MAX * (math.sqrt(np.float32(variance)) + INNOVATION_FLOOR)
        new = min(abs(innovation(innovations, j)), limit)
        now = min(max(innovations[U_NOW, j], -LESSON_MAX), LESSON_MAX)
        before = min(max(innovations[U_BEFORE, j], -LESSON_MAX), LESSON_MAX)
        variances[j] = variance + step * (new * new - variance)
        echoes[j] = echoed + step * (now * before - echoed)
        powers[j] = power + step * (before * before - power)
        counts[j] = count + present[j]
        followed = follow_usual(usual, innovations[MOVES, j], MOVES_PACE * step)
        usuals[j] = followed if present[j] > 0.0 else usual
