"""What cannot be used is dropped for one reason each."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_framing as naive
from daemon.kernels.usable import keep_usable

VALUES = st.sampled_from([0.0, -0.0, 1.0, -3.0, 10.0, 1e9, 1e300]) | st.floats()
SAMPLES = st.lists(
    st.tuples(st.integers(-4, 2), st.sampled_from([-1, 0, 7]), VALUES, st.integers(0, 9)),
    max_size=30,
)
BOUNDS = [(0.0, math.inf), (-math.inf, 10.0), (-math.inf, math.inf)]


@settings(deadline=None, max_examples=300)
@given(samples=SAMPLES, abs_max=st.sampled_from([5.0, 1e15, math.inf]))
def test_equals_the_twin(samples: list[tuple[int, int, float, int]], abs_max: float) -> None:
    """Which are kept, in order, to the last bit, and how many were dropped for each reason."""
    given = list(zip(*samples, strict=True)) or [(), (), (), ()]
    series, record = (np.array(given[at], dtype=np.int32) for at in (0, 3))
    time, value = np.array(given[1], dtype=np.int64), np.array(given[2], dtype=np.float64)
    low, high = (np.array([bound[at] for bound in BOUNDS]) for at in (0, 1))
    counts = np.zeros(7, dtype=np.int64)
    rules = np.array([0, 1, -1], dtype=np.int32)

    kept = keep_usable(series, time, value, record, rules, low, high, counts, abs_max, -1)

    expected, reasons = naive.keep_usable(samples, BOUNDS, abs_max)
    found = (series[:kept], time[:kept], value[:kept], record[:kept])
    rows = list(zip(*(column.tolist() for column in found), strict=True))
    assert rows == expected
    assert value[:kept].tobytes() == np.array([row[2] for row in expected]).tobytes()
    assert counts.tolist() == reasons
