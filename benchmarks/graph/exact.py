"""The exact matrix: every pair's correlation in an exponential window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64


class Matrix:
    """Decayed covariance of all pairs, block by block; what the graph is compared with.

    Parameters
    ----------
    n : int
        Series.
    rate : float
        EW rate.
    clip : float
        Sigmas a sample is cut to.
    """

    def __init__(self, n: int, rate: float, clip: float = 3.0) -> None:
        self._rate, self._clip = rate, clip
        self._sums: F64 = np.zeros((n, n))

    def learn(self, z: F64) -> None:
        """Take in frames float64[T, n] of mean 0."""
        cut = np.clip(z, -self._clip, self._clip)
        weight = (1 - self._rate) ** np.arange(len(z) - 1, -1, -1)
        self._sums *= (1 - self._rate) ** len(z)
        self._sums += (cut * weight[:, None]).T @ cut

    def correlations(self) -> F64:
        """Return |r| of all pairs, float64[n, n], with 0 on the diagonal."""
        power = np.sqrt(np.maximum(np.diag(self._sums), 1e-12))
        r = np.abs(self._sums) / np.outer(power, power)
        np.fill_diagonal(r, 0.0)
        return np.asarray(r)


def strongest(r: F64, grow: float, kept: int) -> NDArray[np.bool_]:
    """Tell which pairs may have an edge: |r| >= grow, among the strongest of one end."""
    order = np.sort(r, axis=1)[:, -kept:]
    limit = np.maximum(order[:, 0], grow)
    among: NDArray[np.bool_] = (r >= limit[:, None]) | (r >= limit[None, :])
    return np.triu(among & (r >= grow), 1)


def learn_outer(covariance: F64, frame: F64, rate: float) -> None:
    """Move a covariance float64[n, n] towards one frame, as numpy does it."""
    covariance *= 1 - rate
    covariance += rate * np.outer(frame, frame)


@kernel
def learn_triangle(triangle: F32, frame: F32, rate: float) -> None:
    """Move the upper half of a covariance towards one frame, compiled: the fastest exact form.

    Parameters
    ----------
    triangle : float32[n, n], in/out
        The covariance; below the diagonal nothing is touched.
    frame : float32[n], in
        The frame.
    rate : float64
        EW rate.
    """
    n, step = frame.shape[0], np.float32(rate)
    for i in range(n):
        row, x = triangle[i, i:], frame[i]
        other = frame[i:]
        for j in range(row.shape[0]):
            row[j] += step * (x * other[j] - row[j])
