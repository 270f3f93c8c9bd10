"""Small steps of plasticity: where series stand, what restarts there, whose spread is whose.

What decides and when is in `hebbstream.kernels.quarantine`.
"""

from __future__ import annotations

import math

import numpy as np

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64, U32
from hebbstream.kernels.layout import (
    AGE,
    COMPONENTS,
    COUNT,
    ENERGY_COUNT,
    HIGH,
    LOW,
    MEAN,
    RESIDUAL_COUNT,
    SHADOW_SPREAD,
)

CLIP_SIGMAS = 20.0
#: Variance of the difference of two ends one of which restarts: where it stands is a first guess,
#: and a tight relation would be broken by what the guess is off.
DOUBT = 1.5


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
def restart_drifted(
    moments: F64, drift: F64, scale: F64, sigmas: float, count: float, moved: F64
) -> int:
    """Let series that stand elsewhere be learnt anew from where they stand.

    Parameters
    ----------
    moments : float64[6, n], in/out
        Location and range restart where the series has been; the variance stays, as a guess that
        weighs `count` samples.
    drift : float64[n], in/out
        From `follow_deviation`; 0 where a series restarts.
    scale : float64[n], in
        One sigma in the series' unit.
    sigmas : float64
        Drift beyond which a series restarts.
    count : float64
        Samples a restarted series is taken to have seen, at most.
    moved : float64[n], out
        1 where a series restarted, else 0.

    Returns
    -------
    int
        Series that restarted.
    """
    restarted = 0
    for j in range(drift.shape[0]):
        moved[j] = 0.0
        if abs(drift[j]) > sigmas:
            moments[MEAN, j] += drift[j] * scale[j]
            moments[HIGH, j] = moments[MEAN, j]
            moments[LOW, j] = moments[MEAN, j]
            moments[COUNT, j] = min(moments[COUNT, j], count)
            drift[j] = 0.0
            moved[j] = 1.0
            restarted += 1
    return restarted


@kernel
def cut_counts(components: F64, residual: F64, totals: F64, count: float) -> None:
    """Let the components and what they leave be learnt fast again.

    Parameters
    ----------
    components : float64[3, components_max], in/out
        Ages are cut.
    residual : float64[2, n], in/out
        Counts are cut.
    totals : float64[3], in/out
        The energy's count is cut.
    count : float64
        What they are cut to.
    """
    for j in range(residual.shape[1]):
        residual[RESIDUAL_COUNT, j] = min(residual[RESIDUAL_COUNT, j], count)
    for c in range(int(totals[COMPONENTS])):
        components[AGE, c] = min(components[AGE, c], count)
    totals[ENERGY_COUNT] = min(totals[ENERGY_COUNT], count)


@kernel
def copy_spread(values: F32, source: int, target: int) -> None:
    """Overwrite the usual difference of each edge, and its count.

    Parameters
    ----------
    values : float32[23, m], in/out
        State of the edges.
    source, target : int
        Rows.
    """
    for e in range(values.shape[1]):
        values[target, e] = values[source, e]
        values[target + 1, e] = values[source + 1, e]


@kernel
def fill_spread(values: F32, source: int, target: int) -> None:
    """Give edges that were born since a usual difference where they have none.

    Parameters
    ----------
    values : float32[23, m], in/out
        State of the edges.
    source, target : int
        Rows.
    """
    for e in range(values.shape[1]):
        if values[target + 1, e] == 0.0:
            values[target, e] = values[source, e]
            values[target + 1, e] = values[source + 1, e]


@kernel
def swap_spread(values: F32, first: int, second: int) -> None:
    """Exchange two usual differences of each edge, and their counts.

    Parameters
    ----------
    values : float32[23, m], in/out
        State of the edges.
    first, second : int
        Rows.
    """
    for e in range(values.shape[1]):
        for row in range(2):
            kept = values[first + row, e]
            values[first + row, e] = values[second + row, e]
            values[second + row, e] = kept


@kernel
def doubt_spread(values: F32, ends: U32, moved: F64, count: float) -> None:
    """Let the shadow learn anew how far apart the ends of edges are, where one has moved.

    Until then it takes them for loosely related.

    Parameters
    ----------
    values : float32[23, m], in/out
        State of the edges.
    ends : uint32[2, m], in
        Source and target of each edge.
    moved : float64[n], in
        1 where a series restarted.
    count : float64
        Samples their spread is taken to have seen, at most.
    """
    for e in range(ends.shape[1]):
        if moved[ends[0, e]] + moved[ends[1, e]] > 0.0:
            values[SHADOW_SPREAD, e] = max(values[SHADOW_SPREAD, e], np.float32(DOUBT))
            values[SHADOW_SPREAD + 1, e] = min(values[SHADOW_SPREAD + 1, e], np.float32(count))


@kernel
def count_seen(frame: F64, seen: F64) -> None:
    """Count the samples of a frame that the published regime does not learn.

    Parameters
    ----------
    frame : float64[n], in
        NaN where missing.
    seen : float64[n], in/out
        Samples of each series since it joined.
    """
    for j in range(frame.shape[0]):
        if not math.isnan(frame[j]):
            seen[j] += 1.0
