"""The gate: whatever a caller hands in becomes arrays the kernels can trust, or a FrameError."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from hebbstream.arrays import F64
from hebbstream.errors import FrameError


def as_numbers(values: ArrayLike) -> F64:
    """Copy to a contiguous array of float64, NaN where a mask hides what is there.

    Raises
    ------
    FrameError
        When these are not real numbers.
    """
    try:
        given = np.asanyarray(values)
        real = given.dtype.kind in "biufO"
        numbers = np.array(given if real else (), dtype=np.float64, order="C")
    except (OverflowError, TypeError, ValueError) as error:
        msg = f"frames and times (Unix seconds) must be real numbers: {error}"
        raise FrameError(msg) from error
    if not real:
        msg = f"frames and times (Unix seconds) must be real numbers, not {given.dtype}"
        raise FrameError(msg)
    if isinstance(given, np.ma.MaskedArray):
        numbers[np.ma.getmaskarray(given)] = np.nan
    return numbers


def _check_order(labels: object, series: Sequence[str]) -> None:
    """Refuse labels that are the names of the series in another order: no value would be in place.

    Other labels say nothing: a column may have been renamed here or there.
    """
    if not isinstance(labels, Iterable):
        return
    given = [str(label) for label in labels]
    if given != list(series) and sorted(given) == sorted(series):
        msg = f"the columns are {', '.join(given)}; put them in order: {', '.join(series)}"
        raise FrameError(msg)


def as_frame(frame: ArrayLike, series: Sequence[str]) -> F64:
    """Copy one frame to a block of one.

    Parameters
    ----------
    frame : float64[n]
        One value per series.
    series : sequence of str
        Names of the detector's series.

    Returns
    -------
    float64[1, n]
        The same numbers.

    Raises
    ------
    FrameError
        When it has more or less than one dimension, these are not numbers, or a row of a table
        has the names of the series in another order.
    """
    _check_order(getattr(frame, "index", None), series)
    row = as_numbers(frame)
    if row.ndim != 1:
        msg = f"a frame has one dimension, not {row.ndim}"
        raise FrameError(msg)
    return row[None]


def as_frames(frames: ArrayLike, series: Sequence[str]) -> F64:
    """Copy a block of frames; which samples count is for the kernels to tell, see `admit`.

    Parameters
    ----------
    frames : float64[T, n]
        One row a tick.
    series : sequence of str
        Names of the detector's series.

    Returns
    -------
    float64[T, n]
        The same numbers.

    Raises
    ------
    FrameError
        When the shape does not fit, these are not numbers, or the columns of a table have the
        names of the series in another order.
    """
    _check_order(getattr(frames, "columns", None), series)
    block = as_numbers(frames)
    if block.ndim != 2 or block.shape[1] != len(series):
        msg = f"expected frames of shape (T, {len(series)}), got {block.shape}"
        raise FrameError(msg)
    return block


def as_blocks(blocks: Sequence[ArrayLike], length: int, widths: Sequence[int]) -> F64:
    """Copy blocks of several detectors into one array, one behind the other.

    Parameters
    ----------
    blocks : sequence of float64[T, n]
        One row a tick.
    length : int
        T of each.
    widths : sequence of int
        n of each.

    Returns
    -------
    float64[T * N]
        The same numbers, N being the sum of all n.

    Raises
    ------
    FrameError
        When a shape does not fit, or these are not numbers.
    """
    given: list[F64] = []
    for block, n in zip(blocks, widths, strict=True):
        # Of those that are more than an array, a mask would not be seen.
        plain = type(block) is np.ndarray and block.dtype == np.float64
        rows: F64 = block if plain else as_numbers(block)  # type: ignore[assignment]
        if rows.shape != (length, n):
            msg = f"expected frames of shape ({length}, {n}), got {rows.shape}"
            raise FrameError(msg)
        given.append(rows)
    return np.concatenate(given, axis=None)


def as_times(times: ArrayLike | None, length: int, first_tick: int, interval_seconds: float) -> F64:
    """Copy the times of a block, or make them from the ticks.

    Parameters
    ----------
    times : float64[T], optional
        Unix seconds.
    length : int
        Frames of the block.
    first_tick : int
        Tick of the first.
    interval_seconds : float
        Grid step.

    Returns
    -------
    float64[T]
        Unix seconds.

    Raises
    ------
    FrameError
        When the shape does not fit, or a time is not finite.
    """
    if times is None:
        return np.arange(first_tick, first_tick + length, dtype=np.float64) * interval_seconds
    clock = as_numbers(times)
    if clock.shape != (length,):
        msg = f"expected {length} finite times, got an array of shape {clock.shape}"
        raise FrameError(msg)
    finite = np.isfinite(clock)
    if np.count_nonzero(finite) < length:
        row = int(np.argmin(finite))
        msg = f"expected {length} finite times, but that of row {row} is {clock[row]}"
        raise FrameError(msg)
    return clock
