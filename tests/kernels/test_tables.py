"""Arrays written over arrays, against numpy's own assignments."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import DTypeLike

import naive_quarantine as naive
from hebbstream.kernels.tables import copy_column, copy_row, copy_table

TYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@TYPES
def test_copy_table_equals_naive_twin(rng: np.random.Generator, dtype: DTypeLike) -> None:
    """Every number, of a table without columns too."""
    for columns in (0, 7):
        source, target = rng.random((2, 5, columns)).astype(dtype)
        expected = naive.copy_table(source, target)

        copy_table(source, target)

        assert_array_equal(target, expected)


@TYPES
def test_copy_row_equals_naive_twin(rng: np.random.Generator, dtype: DTypeLike) -> None:
    """One row; the others stay."""
    source, target = rng.random((2, 5, 7)).astype(dtype)
    expected = naive.copy_row(source, target, 3)

    copy_row(source, target, 3)

    assert_array_equal(target, expected)


@TYPES
def test_copy_column_equals_naive_twin(rng: np.random.Generator, dtype: DTypeLike) -> None:
    """One column; rows that the source does not have stay."""
    source, target = rng.random((2, 5, 7)).astype(dtype)
    expected = naive.copy_column(source[:4], target, 2)

    copy_column(source[:4], target, 2)

    assert_array_equal(target, expected)
