"""Plasticity: slow down while something is wrong, and adopt the new regime when it stays.

A group is hot while its statistic lies far in the tail. While hot, learning runs at a fraction of
its rate, so that a fault does not become normal; after enough hot ticks the new regime is adopted.
"""

from __future__ import annotations

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64
from hebbstream.kernels.layout import (
    ADOPTED_BEFORE,
    ADOPTED_LAST,
    AGE,
    COMPONENTS,
    COUNT,
    ENERGY_COUNT,
    GATE_HOT,
    HIGH,
    LOW,
    MEAN,
    RESIDUAL_COUNT,
)

COOLING = 4.0
CLIP_SIGMAS = 20.0


@kernel
def follow_deviation(z: F32, present: F32, deviation: F64, rate: float) -> None:
    """Smooth each series' deviation, which says whether adoption has to restart it.

    Parameters
    ----------
    z, present : float32[n], in
        Standardised frame and where it has samples.
    deviation : float64[n], in/out
        EW of the clipped z.
    rate : float64
        EW rate.
    """
    for j in range(z.shape[0]):
        if present[j] > 0.0:
            a = min(max(float(z[j]), -CLIP_SIGMAS), CLIP_SIGMAS)
            deviation[j] += rate * (a - deviation[j])


@kernel
def heat(gate: F64, exponent: float, trigger: float, adopt_after: float, tick: int) -> bool:
    """Count hot ticks.

    Parameters
    ----------
    gate : float64[4], in/out
        State, see layout.
    exponent : float64
        Of the gate's tail model.
    trigger : float64
        Exponent above which a tick is hot.
    adopt_after : float64
        Net hot ticks that are waited before adoption.
    tick : int
        Now.

    Returns
    -------
    bool
        True when the new regime is to be adopted at this tick.
    """
    if exponent <= trigger:
        gate[GATE_HOT] = max(0.0, gate[GATE_HOT] - COOLING)
        return False
    gate[GATE_HOT] += 1.0
    if gate[GATE_HOT] <= adopt_after:
        return False
    gate[GATE_HOT] = 0.0
    gate[ADOPTED_BEFORE] = gate[ADOPTED_LAST]
    gate[ADOPTED_LAST] = tick
    return True


@kernel
def adopt_regime(
    moments: F64,
    components: F64,
    residual: F64,
    totals: F64,
    deviation: F64,
    sigmas: float,
    count: float,
) -> None:
    """Let what has moved be learnt anew: deviating series and the subspace become young.

    Parameters
    ----------
    moments : float64[6, n], in/out
        Location and scale; a deviating series is to be learnt anew, its range restarts at its
        location. What it has SEEN stays: it is judged without a pause.
    components : float64[3, components_max], in/out
        Ages are cut.
    residual : float64[2, n], in/out
        Counts are cut.
    totals : float64[3], in/out
        The energy's count is cut.
    deviation : float64[n], in
        From `follow_deviation`.
    sigmas : float64
        Deviation beyond which a series restarts.
    count : float64
        Samples a restarted series is taken to have seen.
    """
    for j in range(deviation.shape[0]):
        if abs(deviation[j]) > sigmas:
            moments[COUNT, j] = min(moments[COUNT, j], count)
            moments[HIGH, j] = moments[MEAN, j]
            moments[LOW, j] = moments[MEAN, j]
        residual[RESIDUAL_COUNT, j] = min(residual[RESIDUAL_COUNT, j], count)
    for c in range(int(totals[COMPONENTS])):
        components[AGE, c] = min(components[AGE, c], count)
    totals[ENERGY_COUNT] = min(totals[ENERGY_COUNT], count)
