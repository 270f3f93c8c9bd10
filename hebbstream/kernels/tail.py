"""From a statistic to the exponent of its p-value: a decayed histogram with an exponential tail.

The statistic's logarithm is counted in bins; beyond a high quantile the tail is exponential with a
slope taken from two quantiles and shrunk to a prior (after Siffer et al. 2017, "Anomaly detection
in streams with extreme value theory"). Samples that are far in the tail already hardly count.
"""

from __future__ import annotations

import math

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64
from hebbstream.kernels.layout import (
    BIN_WIDTH,
    BINS,
    HOT,
    INCREMENT,
    PRIOR,
    STATISTIC_FLOOR,
    TOP,
    TOTAL,
)

FIRST_EDGE = math.log(STATISTIC_FLOOR)
LOG_TEN = math.log(10.0)
SLOPE_PRIOR = 0.35
SLOPE_MAX = 2.0
#: Exponent beyond which a sample is taken for contamination, and what it then counts.
HOT_EXPONENT = 3.0
HOT_WEIGHT = 0.01
#: A cool tick takes this many hot ones back.
COOLING = 4.0
RESCALE_ABOVE = 1e12


@kernel
def log_statistic(statistic: float) -> float:
    """Logarithm of a statistic, defined at 0.

    Parameters
    ----------
    statistic : float64
        At least 0.

    Returns
    -------
    float64
        ln(statistic + 1e-3).
    """
    return math.log(statistic + STATISTIC_FLOOR)


@kernel
def upper_quantile(histogram: F32, tail: F64, quantile: float) -> float:
    """Quantile of a histogram, interpolated within its bin, looked for from the top.

    Parameters
    ----------
    histogram : float32[BINS], in
        Weights.
    tail : float64[5], in
        State, see layout.
    quantile : float64
        In (0, 1).

    Returns
    -------
    float64
        On the logarithmic scale.
    """
    wanted = (1.0 - quantile) * tail[TOTAL]
    above = 0.0
    b = int(tail[TOP])
    while b > 0 and above + histogram[b] < wanted:
        above += histogram[b]
        b -= 1
    share = 1.0
    if histogram[b] > 0.0:
        share = min(1.0, max(0.0, (wanted - above) / histogram[b]))
    return FIRST_EDGE + BIN_WIDTH * (b + 1.0 - share)


@kernel
def share_above(histogram: F32, tail: F64, level: float) -> float:
    """Share of a histogram above a level, interpolated within its bin.

    Parameters
    ----------
    histogram : float32[BINS], in
        Weights.
    tail : float64[5], in
        State, see layout.
    level : float64
        On the logarithmic scale.

    Returns
    -------
    float64
        In [0, 1].
    """
    place = min(max((level - FIRST_EDGE) / BIN_WIDTH, 0.0), BINS - 1e-9)
    b = int(place)
    above = (b + 1.0 - place) * histogram[b]
    # A slice: an index that might be negative would have to be gathered.
    higher = histogram[b + 1 : int(tail[TOP]) + 1]
    for c in range(higher.shape[0]):
        above += higher[c]
    return float(min(1.0, above / tail[TOTAL]))


@kernel
def tail_exponent(
    histogram: F32, tail: F64, level: float, low: float, high: float, slope_min: float
) -> float:
    """Negative decimal logarithm of the probability to exceed a level.

    Parameters
    ----------
    histogram : float32[BINS], in
        Weights.
    tail : float64[5], in
        State, see layout.
    level : float64
        On the logarithmic scale.
    low, high : float64
        Quantiles where the tail begins and that give its slope.
    slope_min : float64
        The slope is at least this: how narrow a tail may be taken for.

    Returns
    -------
    float64
        At least 0; 0 while the histogram is empty.
    """
    if tail[TOTAL] <= 0.0:
        return 0.0
    share = share_above(histogram, tail, level)
    if share >= 1.0 - low:  # below where the tail begins; most ticks need no quantile
        return max(0.0, -math.log(share) / LOG_TEN)
    start = min(upper_quantile(histogram, tail, low), level)
    beta = (upper_quantile(histogram, tail, high) - start) / math.log((1.0 - low) / (1.0 - high))
    # The prior counts as samples seen at the start, and fades as they do.
    weight, prior = tail[TOTAL], tail[PRIOR]
    beta = (weight * beta + prior * SLOPE_PRIOR) / (weight + prior)
    beta = min(max(beta, slope_min), SLOPE_MAX)
    return float((level - start) / (beta * LOG_TEN) - math.log10(1.0 - low))


@kernel
def count_hot(tail: F64, exponent: float, release: float) -> float:
    """Decide what a sample counts in its histogram, and keep count of hot ticks.

    Parameters
    ----------
    tail : float64[5], in/out
        State, see layout.
    exponent : float64
        From `tail_exponent`.
    release : float64
        Net hot ticks from which hot samples count in full.

    Returns
    -------
    float64
        Weight in (0, 1].
    """
    if exponent <= HOT_EXPONENT:
        tail[HOT] = max(0.0, tail[HOT] - COOLING)
        return 1.0
    tail[HOT] += 1.0
    return 1.0 if tail[HOT] > release else HOT_WEIGHT


@kernel
def learn_tail(histogram: F32, tail: F64, level: float, weight: float, growth: float) -> None:
    """Count a level in the histogram; what was counted before loses a little.

    Parameters
    ----------
    histogram : float32[BINS], in/out
        Weights.
    tail : float64[5], in/out
        State, see layout.
    level : float64
        On the logarithmic scale.
    weight : float64
        What this sample counts.
    growth : float64
        1 / memory in ticks.
    """
    b = int(min(max((level - FIRST_EDGE) / BIN_WIDTH, 0.0), BINS - 1.0))
    amount = weight * tail[INCREMENT]
    histogram[b] += amount
    tail[TOTAL] += amount
    tail[TOP] = max(tail[TOP], float(b))
    # Growing increments decay the past without touching every bin.
    tail[INCREMENT] *= 1.0 + growth
    if tail[INCREMENT] > RESCALE_ABOVE:
        factor = 1.0 / tail[INCREMENT]
        total = 0.0
        top = 0
        for c in range(BINS):
            histogram[c] *= factor
            if histogram[c] < 1e-9:
                histogram[c] = 0.0
            else:
                top = c
            total += histogram[c]
        tail[TOTAL] = total
        tail[TOP] = float(top)
        tail[PRIOR] *= factor
        tail[INCREMENT] = 1.0
