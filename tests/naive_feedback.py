"""The kernels of hebbstream.kernels.feedback once more, as the formulas read."""

from __future__ import annotations

import numpy as np

from hebbstream.arrays import F64
from hebbstream.kernels import layout as at


def is_like(evidence: F64, pattern: F64) -> bool:
    """Cosine of at least 0.7, or no pattern."""
    if not pattern.any():
        return True
    size = float(np.linalg.norm(evidence) * np.linalg.norm(pattern))
    return size > 0 and float(evidence @ pattern) / size >= 0.7


def is_within(time: float, start: float, length: float, period: float) -> bool:
    """Time since the last start of a window, against its length."""
    return length == 0 or (time - start) % period < length


def heed(verdicts: F64, evidence: F64, times: F64, patterns: F64, terms: F64) -> F64:
    """Divide each score by the largest lift that is due; p follows on a logarithmic scale."""
    heeded = verdicts.copy()
    for t, time in enumerate(times):
        lifts = [
            terms[at.LIFT, p]
            for p in range(len(patterns))
            if is_within(time, *terms[at.WINDOW_START :, p]) and is_like(evidence[t], patterns[p])
        ]
        lift = max([1.0, *lifts])
        heeded[at.SCORE, t] = verdicts[at.SCORE, t] / lift
        if verdicts[at.SCORE, t] > 0:
            heeded[at.P_VALUE, t] = 10.0 ** (np.log10(verdicts[at.P_VALUE, t]) / lift)
    return heeded
