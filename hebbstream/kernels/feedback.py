"""What people said about earlier findings, applied to scores before they are published.

A pattern that was called no anomaly raises the line for frames like it; what is expected at some
time is not scored then. Neither changes what is learnt.
"""

from __future__ import annotations

import math

from hebbstream._jit import kernel
from hebbstream.arrays import F64
from hebbstream.kernels import layout as at

#: Cosine from which a frame's evidence is like a pattern.
SIMILAR = 0.7


@kernel
def is_like(evidence: F64, pattern: F64) -> bool:
    """Tell whether a frame's evidence is spread over the series as in a pattern.

    Parameters
    ----------
    evidence : float64[n], in
        Of the frame, none below 0.
    pattern : float64[n], in
        Not below 0; all zero when any frame will do.

    Returns
    -------
    bool
        True when their cosine is at least SIMILAR.
    """
    product, power, size = 0.0, 0.0, 0.0
    for j in range(evidence.shape[0]):
        product += evidence[j] * pattern[j]
        power += evidence[j] * evidence[j]
        size += pattern[j] * pattern[j]
    if size == 0.0:
        return True
    return product > 0.0 and product >= SIMILAR * math.sqrt(power * size)


@kernel
def is_within(time: float, start: float, length: float, period: float) -> bool:
    """Tell whether a time lies in a window that comes again and again.

    Parameters
    ----------
    time : float64
        Unix seconds.
    start, length, period : float64
        Unix seconds of one window, its length in seconds (0 stands for all time), and the seconds
        from one to the next.

    Returns
    -------
    bool
        True from a window's start to before its end.
    """
    if length == 0.0:
        return True
    turns = (time - start) / period
    return (turns - math.floor(turns)) * period < length


@kernel
def heed(verdicts: F64, evidence: F64, times: F64, patterns: F64, terms: F64) -> None:
    """Raise the line for the frames that something was told of.

    Parameters
    ----------
    verdicts : float64[7, T], in/out
        Score and p-value move; see layout.
    evidence : float64[T, n], in
        Of each frame.
    times : float64[T], in
        Unix seconds.
    patterns : float64[p, n], in
        What the evidence must be like; all zero where anything will do.
    terms : float64[4, p], in
        Lift, an infinite one for what is expected, and the window; see layout.
    """
    for t in range(times.shape[0]):
        if verdicts[at.SCORE, t] == 0.0:
            continue
        lift = 1.0
        for p in range(patterns.shape[0]):
            now = is_within(
                times[t],
                terms[at.WINDOW_START, p],
                terms[at.WINDOW_LENGTH, p],
                terms[at.WINDOW_PERIOD, p],
            )
            if now and terms[at.LIFT, p] > lift and is_like(evidence[t], patterns[p]):
                lift = terms[at.LIFT, p]
        verdicts[at.SCORE, t] /= lift
        verdicts[at.P_VALUE, t] **= 1.0 / lift
