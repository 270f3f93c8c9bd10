"""How often a series' last value has come again in a row. Pure."""

from __future__ import annotations

import numpy as np

from daemon.kernels.course import RUN, VALUE
from daemon.records import F64, I64


def count_repeats(frames: F64, columns: I64, before: F64) -> I64:
    """Count how often the last values of some series have come again in a row.

    They are counted, not looked up among the frames, so that the count is the same however frames
    are split into blocks.

    Parameters
    ----------
    frames : float64[T, n]
        Up to the frame in question, NaN where missing.
    columns : int64[S]
        Which series.
    before : float64[5, n]
        Their course before these frames, see `daemon.kernels.course`.

    Returns
    -------
    int64[S]
        0 where the last frame has no sample, or a new value.
    """
    counts = np.zeros(len(columns), dtype=np.int64)
    for at, column in enumerate(columns.tolist()):
        value = frames[-1, column]
        if np.isnan(value):
            continue
        samples = frames[:, column][~np.isnan(frames[:, column])]
        other = samples[::-1] != value
        same = int(np.argmax(other)) if other.any() else len(other)
        goes_on = same == len(other) and before[VALUE, column] == value
        counts[at] = same + int(before[RUN, column]) if goes_on else same - 1
    return counts
