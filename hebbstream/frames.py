"""The gate: whatever a caller hands in becomes arrays the kernels can trust, or a FrameError."""

from __future__ import annotations

from collections.abc import Sequence

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


def as_frames(frames: ArrayLike, n: int) -> F64:
    """Copy a block of frames; which samples count is for the kernels to tell, see `admit`.

    Parameters
    ----------
    frames : float64[T, n]
        One row a tick.
    n : int
        Series of the detector.

    Returns
    -------
    float64[T, n]
        The same numbers.

    Raises
    ------
    FrameError
        When the shape does not fit, or these are not numbers.
    """
    block = as_numbers(frames)
    if block.ndim != 2 or block.shape[1] != n:
        msg = f"expected frames of shape (T, {n}), got {block.shape}"
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
