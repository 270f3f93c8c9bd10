"""How much memory a detector takes, before it is made."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import lru_cache

import numpy as np

from hebbstream.detector import Detector
from hebbstream.kernels.layout import EDGE_ROWS, EDGE_TICK_ROWS
from hebbstream.params import DetectorParams

#: A detector of more series is not made to be measured: it is reckoned from one of so many.
MEASURED_MAX = 1000
#: Relations a series has, as groups of related series turn out (four to five).
EDGES_PER_SERIES = 5
_EDGE_BYTES = 2 * 4 + EDGE_ROWS * 4 + EDGE_TICK_ROWS * 8


@lru_cache(maxsize=4096)
def detector_bytes(series: int, params: DetectorParams, interval_seconds: float = 60.0) -> int:
    """Estimate the arrays of a detector that has learnt for a while.

    Parameters
    ----------
    series : int
        How many.
    params : DetectorParams
        Every knob.
    interval_seconds : float, optional
        Grid step.

    Returns
    -------
    int
        Bytes.
    """
    if series > MEASURED_MAX:
        measured = detector_bytes(MEASURED_MAX, params, interval_seconds)
        exhaustive = series <= params.associations.exhaustive_max
        growth = series / MEASURED_MAX
        return round(measured * growth * (growth if exhaustive else 1.0))
    detector = Detector([str(n) for n in range(series)], params, interval_seconds)
    edges = min(EDGES_PER_SERIES * series, series * (series - 1) // 2)
    held = (detector._state, detector._work)  # noqa: SLF001 - a friend of the class
    return sum(map(_array_bytes, held)) + edges * _EDGE_BYTES


def _array_bytes(value: object) -> int:
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, tuple):
        return sum(map(_array_bytes, value))
    if is_dataclass(value):
        return sum(_array_bytes(getattr(value, each.name)) for each in fields(value))
    return 0
