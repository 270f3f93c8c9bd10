"""Samples as the kernels of framing take them, and back."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from daemon.records import F64, I32, I64
from naive_framing import Sample

#: Few series and close times, so that many samples meet.
SAMPLES: st.SearchStrategy[list[Sample]] = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 99), st.sampled_from([-1.0, 0.0, 2.5])),
    max_size=40,
)


def columns(samples: list[Sample]) -> tuple[I32, I64, F64]:
    """Return series, time and value."""
    return room(samples, len(samples))


def room(samples: list[Sample], size: int) -> tuple[I32, I64, F64]:
    """Return the same in arrays with room for more."""
    found = np.empty(size, dtype=np.int32), np.empty(size, dtype=np.int64), np.empty(size)
    series, time, value = found
    for i, sample in enumerate(samples):
        series[i], time[i], value[i] = sample
    return found


def rows(series: I32, time: I64, value: F64, count: int) -> list[Sample]:
    """Return the first samples of such arrays."""
    held = (series[:count].tolist(), time[:count].tolist(), value[:count].tolist())
    return list(zip(*held, strict=True))
