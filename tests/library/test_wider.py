"""Arrays made wider hold what they held, and zeros."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest

from hebbstream import wider as module
from hebbstream.wider import wider


def test_examples_in_the_docstring_hold() -> None:
    """The examples a reader sees are true."""
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("count", [0, 1, 7])
@pytest.mark.parametrize("shape", [(0,), (4,), (2, 0), (3, 5), (2, 3, 4), (0, 4)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.bool_])
def test_equals_pad(dtype: Any, shape: tuple[int, ...], count: int) -> None:  # noqa: ANN401
    """Of every type and shape there is, and never the array itself."""
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)

    found = wider(array, count)

    expected = np.pad(array, [(0, 0)] * (len(shape) - 1) + [(0, count)])
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert found.tobytes() == expected.tobytes()
    assert found.flags.c_contiguous
    assert not np.shares_memory(found, array)
