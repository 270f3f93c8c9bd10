"""Counts of values by size, as Prometheus wants them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Histogram:
    """Counts per bucket, for whole arrays at a time.

    Parameters
    ----------
    bounds : tuple of float
        Upper bounds of the buckets, rising; one without a bound follows them.

    Attributes
    ----------
    total : float
        Sum of what was observed.
    """

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = np.array(bounds)
        self._counts = np.zeros(len(bounds) + 1, np.int64)
        self.total = 0.0

    def observe(self, values: NDArray[np.float64]) -> None:
        """Count values, float64[T]; those that are not finite are left out."""
        finite = values[np.isfinite(values)]
        places = np.searchsorted(self._bounds, finite, side="left")
        self._counts += np.bincount(places, minlength=len(self._counts))
        self.total += float(finite.sum())

    def cumulative(self) -> list[tuple[str, float]]:
        """Return how many values were at or below each bound, with the bound as text."""
        bounds = [*(str(float(bound)) for bound in self._bounds), "+Inf"]
        return list(zip(bounds, np.cumsum(self._counts).astype(float).tolist(), strict=True))
