"""Pairs of series: how many are looked at, where each stands, and how its ends correlate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hebbstream.arrays import F32, F64
from hebbstream.association_params import AssociationsParams
from hebbstream.kernels.layout import (
    BLOCK_TICKS,
    PAIR_BLOCK_TICKS,
    SUM_PRODUCT,
    SUM_SOURCE,
    SUM_TARGET,
)

WEIGHT_LIMIT = 0.9999
#: Where the generator of pairs to try begins.
SEED = 0x9E3779B97F4A7C15


def pair_count(n: int, params: AssociationsParams) -> int:
    """Pairs traced among n series; 0 when the group is too large or too small for it."""
    return n * (n - 1) // 2 if 2 <= n <= params.exhaustive_max else 0


def slot_count(n: int, params: AssociationsParams) -> int:
    """Pairs on trial among n series; 0 when all pairs are traced, or there are none."""
    return n * params.slots_per_series if n >= max(2, params.exhaustive_max + 1) else 0


def empty_block(n: int, params: AssociationsParams) -> F32:
    """Make the block in which frames wait until they enter the traces, or the sums of slots.

    Parameters
    ----------
    n : int
        Series.
    params : AssociationsParams
        Limits.

    Returns
    -------
    float32[2, b, n]
        16 frames where every pair is traced, 64 where pairs are on trial; no columns where there
        is neither.
    """
    pairs = pair_count(n, params)
    ticks = PAIR_BLOCK_TICKS if pairs else BLOCK_TICKS
    return np.zeros((2, ticks, n if pairs or slot_count(n, params) else 0), np.float32)


def pair_places(first: NDArray[np.intp], second: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """Places of pairs first < second in the traces; the kernel `pair_index` for arrays."""
    return first * n - first * (first + 1) // 2 + second - first - 1


def own_correlations(sums: F32) -> F64:
    """Correlations from pairs' own sums float32[4, c]; the kernel `own_correlation` for arrays."""
    power = sums[SUM_SOURCE].astype(np.float64) * sums[SUM_TARGET].astype(np.float64)
    r = sums[SUM_PRODUCT] / np.sqrt(np.where(power > 0, power, 1.0))
    return np.where(power > 0, np.clip(r, -WEIGHT_LIMIT, WEIGHT_LIMIT), 0.0)
