"""Location and scale of each series: exponentially weighted, winsorised, never zero.

The sigma is the EW deviation plus a share of the range seen, so that the first change of a constant
series is at most 1 / range_floor sigmas. West (1979), "Updating mean and variance estimates".
"""

from __future__ import annotations

import math

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64
from hebbstream.kernels.layout import COUNT, HIGH, LOW, MEAN, SEEN, VARIANCE

#: Samples in which the winsorising limit is half as wide again.
EARLY_SAMPLES = 100
#: The range seen grows by at most this many sigmas at once: one wild value leaves no deaf series.
REACH_SIGMAS = 1000.0
#: A sample beyond this is taken for missing: its square would no longer be finite.
VALUE_LIMIT = 1e100


@kernel
def sigma(variance: float, high: float, low: float, floor: float) -> float:
    """Scale of a series from its variance and the range it was seen in.

    Parameters
    ----------
    variance : float64
        EW variance.
    high, low : float64
        Range seen.
    floor : float64
        Share of the range that is added.

    Returns
    -------
    float64
        Sigma, above zero.
    """
    return math.sqrt(variance) + floor * (high - low) + 1e-12 * (abs(high) + abs(low)) + 1e-30


@kernel
def admit(frame: F64) -> None:
    """Take samples for missing that are not finite, or so large that their squares are not.

    Parameters
    ----------
    frame : float64[n], in/out
        Samples; afterwards NaN where missing, else at most VALUE_LIMIT in size.
    """
    for j in range(frame.shape[0]):
        if not abs(frame[j]) <= VALUE_LIMIT:  # which NaN fails too
            frame[j] = math.nan


@kernel
def standardise(
    values: F64, course: F64, moments: F64, z: F32, scale: F64, present: F32, floor: float
) -> int:
    """Express each sample in sigmas from its location; learn nothing.

    Parameters
    ----------
    values : float64[n], in
        The frame, NaN where missing.
    course : float64[n], in
        The clock's part of each value, taken off first.
    moments : float64[6, n], in
        State, see layout.
    z : float32[n], out
        Standardised frame, 0 where missing and at a series' first sample.
    scale : float64[n], out
        One sigma in the series' unit; 0 before the first sample.
    present : float32[n], out
        1 where there is a sample, else 0.
    floor : float64
        Share of the range added to the sigma.

    Returns
    -------
    int
        Samples present.
    """
    seen = 0
    for j in range(values.shape[0]):
        # Read at once and selected, not branched to: several series are then taken together.
        x, mean = values[j] - course[j], moments[MEAN, j]
        variance, high, low = moments[VARIANCE, j], moments[HIGH, j], moments[LOW, j]
        here, known = not math.isnan(x), moments[COUNT, j] > 0.0
        x = x if here else low
        high = max(high, x) if known else x
        low = min(low, x) if known else x
        one = sigma(variance if known else 0.0, high, low, floor)
        scale[j] = one if here | known else 0.0
        z[j] = (x - mean) / one if here & known else 0.0
        present[j] = 1.0 if here else 0.0
        seen += 1 if here else 0
    return seen


@kernel
def learn_moments(
    values: F64,
    course: F64,
    moments: F64,
    rate: float,
    gate: float,
    clip: float,
    floor: float,
    range_rate: float,
) -> None:
    """Move location, variance and range towards a frame.

    Parameters
    ----------
    values, course : float64[n], in
        As in `standardise`.
    moments : float64[6, n], in/out
        State, see layout.
    rate : float64
        EW rate once a series is warm.
    gate : float64
        Factor on every rate, in (0, 1].
    clip : float64
        Sigmas beyond which a sample teaches no more.
    floor : float64
        Share of the range added to the sigma.
    range_rate : float64
        Rate at which the range shrinks towards the location.
    """
    for j in range(values.shape[0]):
        x = values[j] - course[j]
        if math.isnan(x):
            continue
        count = moments[COUNT, j]
        moments[COUNT, j] = count + 1.0
        moments[SEEN, j] += 1.0
        if count == 0.0:
            moments[MEAN, j] = x
            moments[VARIANCE, j] = 0.0
            moments[HIGH, j] = x
            moments[LOW, j] = x
            continue
        mean, variance = moments[MEAN, j], moments[VARIANCE, j]
        high, low = moments[HIGH, j], moments[LOW, j]
        if high > low:
            reach = REACH_SIGMAS * sigma(variance, high, low, floor)
        elif mean != 0.0:
            reach = REACH_SIGMAS * abs(mean)
        else:
            reach = abs(x)
        high = max(high, min(x, mean + reach))
        low = min(low, max(x, mean - reach))
        limit = (clip if count >= EARLY_SAMPLES else 1.5 * clip) * sigma(variance, high, low, floor)
        step = max(rate, 1.0 / (count + 1.0)) * gate
        d = min(max(x - mean, -limit), limit)
        mean += step * d
        moments[MEAN, j] = mean
        moments[VARIANCE, j] = (1.0 - step) * (variance + step * d * d)
        # A step rounded past the range must not leave the location outside it.
        moments[HIGH, j] = max(mean, high + range_rate * gate * (mean - high))
        moments[LOW, j] = min(mean, low + range_rate * gate * (mean - low))
