"""Samples that can be used: of a series that is taken, with a time, and a value within bounds."""

from __future__ import annotations

import math

from daemon.records import F64, I32, I64
from hebbstream._jit import exact_kernel

#: What is counted: samples without a time, without a finite value, with one out of range; and from
#: REFUSED on those whose series is refused, by code (-1, -2 and so on).
BAD_TIME, NOT_FINITE, OUT_OF_RANGE, REFUSED_SERIES = range(4)


@exact_kernel
def keep_usable(
    series: I32, time: I64, value: F64, record: I32, rules: I32, low: F64, high: F64, counts: I64,
    abs_max: float, no_time: int,
) -> int:  # fmt: skip
    """Drop what cannot be used, with one reason each; the others move up.

    Parameters
    ----------
    series, time, value, record : int32[S], int64[S], float64[S], int32[S], in/out
        Series or the code for which it is refused, event time, value and row of the record of each
        sample; afterwards of those that are kept, with 0.0 for -0.0, so that equal values have
        equal bits.
    rules : int32[n], in
        Metric rule of every series, -1 for none.
    low, high : float64[M + 1], in
        Bounds of each rule; the last are those of none.
    counts : int64[3 + C], in/out
        How many were dropped for each reason.
    abs_max : float64
        Bound on the size of every value.
    no_time : int64
        What stands for no time.

    Returns
    -------
    int64
        How many are kept.
    """
    kept = 0
    for i in range(len(series)):
        of, number = series[i], value[i] + 0.0
        if of < 0:
            counts[REFUSED_SERIES - 1 - of] += 1
        elif time[i] == no_time:
            counts[BAD_TIME] += 1
        elif not math.isfinite(number):
            counts[NOT_FINITE] += 1
        elif abs(number) > abs_max or not low[rules[of]] <= number <= high[rules[of]]:
            counts[OUT_OF_RANGE] += 1
        else:
            series[kept], time[kept], value[kept] = of, time[i], number
            record[kept] = record[i]
            kept += 1
    return kept
