"""Homeostasis: what is normal is learnt faster while a group drifts.

A frame is standardised, so in the long run each series stands at 0 and spreads by 1 at most, and
the components leave their usual share. A group that drifts is learnt too slowly for that: series
lean to one side, spread further, or leave their peers. The worst of these sets the pace, and the
pace takes it back: it ends where the two meet. That series leave their peers says nothing of where
they stand, so location and variance go by the other two.
"""

from __future__ import annotations

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64
from hebbstream.kernels.evidence import FLUSH
from hebbstream.kernels.layout import (
    LEFT,
    LEFT_USUAL,
    LEVEL_PACE,
    PACE,
    S_PACE_MAX,
    S_PACE_MIN,
    S_PACE_RATE,
    SCATTER,
)

#: Sigmas beyond which a sample says no more of the long run, which faults are no part of.
CUT_SIGMAS = 3.0
#: One series that leans counts at most so much: drift is what many do.
LEAN_MAX = 1.0
#: Mean square of the leans, and of the cut z, up to which the pace is 1. Normal samples have 0 and
#: nearly 1, heavy tails less.
LEAN_TOLERATED = 0.2
SCATTER_TOLERATED = 1.1
#: Multiple of the usual share left up to which it is; a usual share below the least counts as that,
#: which components leave by design, so that a group that rested may wake.
LEFT_TOLERATED = 1.3
LEFT_LEAST = 0.2
#: What the pace rises by for each multiple of the tolerated.
PACE_GAIN = 3.0
#: The usual share rises so many times slower than it falls, or a drift would soon be usual.
USUAL_SLOWER = 10.0


@kernel
def measure_fit(
    z: F32, rest: F32, present: F32, seen: F64, lean: F64, warmup: float, rate: float
) -> tuple[float, float, float]:
    """Let each series' lean follow a frame, and measure how the group fits.

    Parameters
    ----------
    z, rest, present : float32[n], in
        Standardised frame, what the components leave of it, and where it has samples.
    seen : float64[n], in
        Samples of each series since it joined.
    lean : float64[n], in/out
        EW of the cut z.
    warmup : float64
        Samples before a series is looked at.
    rate : float64
        EW rate.

    Returns
    -------
    leans : float64
        Mean square of the leans, over the series looked at.
    scatter : float64
        Mean square of the cut z now; -1, as the others, where no series is looked at.
    left : float64
        Mean square of the cut rest now.
    """
    leans, scatter, left, count = 0.0, 0.0, 0.0, 0.0
    for j in range(lean.shape[0]):
        # A weight in place of a branch: several series are then taken at once.
        weight = 1.0 if seen[j] >= warmup else 0.0
        weight = weight if present[j] > 0.0 else 0.0
        a = min(max(float(z[j]), -CUT_SIGMAS), CUT_SIGMAS)
        r = min(max(float(rest[j]), -CUT_SIGMAS), CUT_SIGMAS)
        long = lean[j] + weight * rate * (a - lean[j])
        lean[j] = long if abs(long) > FLUSH else 0.0
        leans += weight * min(long * long, LEAN_MAX)
        scatter += weight * a * a
        left += weight * r * r
        count += weight
    if count == 0.0:
        return -1.0, -1.0, -1.0
    return leans / count, scatter / count, left / count


@kernel
def follow_pace(
    gate: F64, leans: float, scatter: float, left: float, age: float, knobs: F64
) -> None:
    """Let the long-run figures follow a frame, and set the paces by the worst of them.

    Parameters
    ----------
    gate : float64[18], in/out
        State, see layout.
    leans, scatter, left : float64
        From `measure_fit`.
    age : float64
        Ticks that have been followed; the paces stay until they are a time constant.
    knobs : float64[3], in
        Rows S_PACE_MIN to S_PACE_RATE of the settings.
    """
    rate = knobs[S_PACE_RATE - S_PACE_MIN]
    gate[SCATTER] += rate * (scatter - gate[SCATTER])
    gate[LEFT] += rate * (left - gate[LEFT])
    share = gate[LEFT] / (gate[SCATTER] + 1e-9)
    if age * rate < 1.0:
        gate[LEFT_USUAL] = share
        return
    step = rate / USUAL_SLOWER if share > gate[LEFT_USUAL] else rate
    gate[LEFT_USUAL] += step * (share - gate[LEFT_USUAL])
    worst = max(leans / LEAN_TOLERATED, gate[SCATTER] / SCATTER_TOLERATED)
    high = knobs[S_PACE_MAX - S_PACE_MIN]
    gate[LEVEL_PACE] = min(max(1.0 + PACE_GAIN * (worst - 1.0), knobs[0]), high)
    worst = max(worst, share / (LEFT_TOLERATED * max(gate[LEFT_USUAL], LEFT_LEAST)))
    gate[PACE] = min(max(1.0 + PACE_GAIN * (worst - 1.0), knobs[0]), high)
