"""False discoveries among many candidates (Benjamini and Hochberg 1995)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hebbstream.arrays import F64


def discoveries(sigmas: F64, *, tests: int, rate: float) -> NDArray[np.bool_]:
    """Tell which candidates are discoveries at a false discovery rate.

    Parameters
    ----------
    sigmas : float64[c]
        Two-sided normal statistics of the candidates; the tests not listed were weaker.
    tests : int
        How many pairs were looked at to find the candidates.
    rate : float
        Share of false ones accepted among the discoveries.

    Returns
    -------
    bool[c]
        True for discoveries.
    """
    p = np.array([math.erfc(s / math.sqrt(2.0)) for s in sigmas], dtype=np.float64)
    order = np.argsort(p, kind="stable")
    limit = rate * (np.arange(len(p)) + 1) / max(tests, len(p), 1)
    passed = np.flatnonzero(p[order] <= limit)
    found = np.zeros(len(p), bool)
    if len(passed):
        found[order[: passed[-1] + 1]] = True
    return found
