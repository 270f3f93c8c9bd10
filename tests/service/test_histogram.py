"""Counts of values by size: `daemon.histogram`."""

from __future__ import annotations

import numpy as np

from daemon.histogram import Histogram


def test_values_are_counted_at_or_below_their_bound() -> None:
    """A value at a bound belongs to it; what is no number counts nowhere."""
    histogram = Histogram((1.0, 2.0))

    histogram.observe(np.array([0.5, 1.0, 1.5, np.nan, 9.0, np.inf]))
    histogram.observe(np.array([2.0]))

    assert histogram.cumulative() == [("1.0", 2.0), ("2.0", 4.0), ("+Inf", 5.0)]
    assert histogram.total == 14.0
