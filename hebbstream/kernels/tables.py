"""Arrays written over arrays, number by number: a slice assigned to a slice may need an array."""

from __future__ import annotations

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64


@kernel
def copy_table(source: F32 | F64, target: F32 | F64) -> None:
    """Overwrite an array by another.

    Parameters
    ----------
    source : float32[r, c] or float64[r, c], in
        What is copied.
    target : float32[r, c] or float64[r, c], out
        Of the same shape.
    """
    for i in range(source.shape[0]):
        copy_row(source, target, i)


@kernel
def copy_row(source: F32 | F64, target: F32 | F64, i: int) -> None:
    """Overwrite a row of an array by another's.

    Parameters
    ----------
    source : float32[r, c] or float64[r, c], in
        What is copied.
    target : float32[r, c] or float64[r, c], in/out
        Of the same shape.
    i : int
        The row.
    """
    for j in range(source.shape[1]):
        target[i, j] = source[i, j]


@kernel
def copy_column(source: F32 | F64, target: F32 | F64, j: int) -> None:
    """Overwrite a column of an array by another's.

    Parameters
    ----------
    source : float32[r, c] or float64[r, c], in
        What is copied.
    target : float32[>= r, c] or float64[>= r, c], in/out
        Rows beyond those of the source stay.
    j : int
        The column.
    """
    for i in range(source.shape[0]):
        target[i, j] = source[i, j]
