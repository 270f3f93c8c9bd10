"""Slow, plain forms of what a quarantine does to a regime, from the formulas."""

from __future__ import annotations

import numpy as np

from hebbstream.arrays import F32, F64, U32
from hebbstream.kernels import layout as at


def restart_drifted(
    moments: F64, drift: F64, scale: F64, sigmas: float, count: float
) -> tuple[F64, F64, F64]:
    """Where |drift| > sigmas: location += drift sigma, the range is the location, count cut."""
    moved, after = abs(drift) > sigmas, moments.copy()
    after[at.MEAN, moved] += (drift * scale)[moved]
    after[at.HIGH, moved] = after[at.LOW, moved] = after[at.MEAN, moved]
    after[at.COUNT, moved] = np.minimum(after[at.COUNT, moved], count)
    return after, np.where(moved, 0.0, drift), moved.astype(float)


def cut_counts(components: F64, residual: F64, totals: F64, count: float) -> tuple[F64, F64, F64]:
    """Ages of the components in use, counts of residuals and energy: at most `count`."""
    c, r, t = components.copy(), residual.copy(), totals.copy()
    used = int(totals[at.COMPONENTS])
    c[at.AGE, :used] = np.minimum(c[at.AGE, :used], count)
    r[at.RESIDUAL_COUNT] = np.minimum(r[at.RESIDUAL_COUNT], count)
    t[at.ENERGY_COUNT] = min(t[at.ENERGY_COUNT], count)
    return c, r, t


def copy_table(source: F64, target: F64) -> F64:
    """All of it."""
    assert target.shape == source.shape
    return source.copy()


def copy_row(source: F64, target: F64, i: int) -> F64:
    """One row over another."""
    after = target.copy()
    after[i] = source[i]
    return after


def copy_column(source: F64, target: F64, j: int) -> F64:
    """One column over another, as far as the source goes."""
    after = target.copy()
    after[: len(source), j] = source[:, j]
    return after


def copy_spread(values: F32, source: int, target: int) -> F32:
    """Two rows over two rows."""
    after = values.copy()
    after[[target, target + 1]] = values[[source, source + 1]]
    return after


def fill_spread(values: F32, source: int, target: int) -> F32:
    """Two rows over two rows, where the second of the target is 0."""
    after, empty = values.copy(), values[target + 1] == 0
    after[target, empty], after[target + 1, empty] = values[[source, source + 1]][:, empty]
    return after


def swap_spread(values: F32, first: int, second: int) -> F32:
    """Two rows for two rows."""
    after = values.copy()
    after[[first, first + 1, second, second + 1]] = values[[second, second + 1, first, first + 1]]
    return after


def doubt_spread(values: F32, ends: U32, moved: F64, count: float) -> F32:
    """Make the shadow's spread at least 1.5, its count at most `count`, where one end moved."""
    after, touched = values.copy(), (moved[ends] > 0).any(axis=0)
    row = at.SHADOW_SPREAD + 1
    after[row - 1, touched] = np.maximum(after[row - 1, touched], 1.5)
    after[row, touched] = np.minimum(after[row, touched], count)
    return after


def count_seen(frame: F64, seen: F64) -> F64:
    """One more where there is a sample."""
    return seen + np.isfinite(frame)
