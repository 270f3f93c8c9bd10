"""The fields of a line of line protocol, in the order of their names: that of the samples."""

from __future__ import annotations

import numpy as np

from hebbstream._jit import exact_kernel
from hebbstream.arrays import I64, U8

#: Columns of a field: where its name begins, the name's bytes, series, bits of the value.
FIELD_NAME, FIELD_SIZE, FIELD_SERIES, FIELD_BITS = range(4)
FIELD_WIDTH = 4
#: So many fields are sorted; more of them are to be in order.
UNSORTED_MAX = 256


@exact_kernel
def compare_names(buffer: U8, a: tuple[int, int], b: tuple[int, int]) -> int:
    """Tell which of two names comes first by its bytes.

    Parameters
    ----------
    buffer : uint8[B], in
        Where they stand.
    a, b : tuple of int64 and int64
        Where each begins, and its bytes.

    Returns
    -------
    int64
        Negative for the first, positive for the second, 0 when they are equal.
    """
    for i in range(min(a[1], b[1])):
        difference = np.int64(buffer[a[0] + i]) - np.int64(buffer[b[0] + i])
        if difference:
            return difference  # type: ignore[return-value]
    return a[1] - b[1]


@exact_kernel
def order_fields(buffer: U8, fields: I64, count: int) -> bool:
    """Bring the fields of a line into the order of their names.

    Parameters
    ----------
    buffer : uint8[B], in
        Where the names stand.
    fields : int64[F, 4], in/out
        The fields.
    count : int64
        How many there are.

    Returns
    -------
    bool
        False when two have one name, or too many would have to move.
    """
    for k in range(1, count):
        name, size, series, bits = (
            fields[k, FIELD_NAME],
            fields[k, FIELD_SIZE],
            fields[k, FIELD_SERIES],
            fields[k, FIELD_BITS],
        )
        at, order = k, 1
        while at > 0 and order > 0:
            before = (fields[at - 1, FIELD_NAME], fields[at - 1, FIELD_SIZE])
            order = compare_names(buffer, before, (name, size))
            if order == 0 or (order > 0 and count > UNSORTED_MAX):
                return False
            if order > 0:
                # Column by column: a row at a time is far slower.
                for column in range(FIELD_WIDTH):
                    fields[at, column] = fields[at - 1, column]
                at -= 1
        fields[at, FIELD_NAME], fields[at, FIELD_SIZE] = name, size
        fields[at, FIELD_SERIES], fields[at, FIELD_BITS] = series, bits
    return True
