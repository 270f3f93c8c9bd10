"""Room for series that join: arrays with a column each, made wider."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", bound=np.generic)


def wider(array: NDArray[T], count: int) -> NDArray[T]:
    """Append zeros along the last axis; `numpy.pad` takes twenty times as long for small arrays.

    Parameters
    ----------
    array : array[..., n]
        What is known of n series.
    count : int
        How many join.

    Returns
    -------
    array[..., n + count]
        A new array.

    Examples
    --------
    >>> wider(np.array([[1, 2], [3, 4]]), 1)
    array([[1, 2, 0],
           [3, 4, 0]])
    """
    zeros = np.zeros((*array.shape[:-1], count), array.dtype)
    return np.concatenate((array, zeros), axis=-1)
