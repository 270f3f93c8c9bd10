"""Records of a Kafka batch (message format 2) from keys and values that stand one behind the other.

The layout is that of Kafka's `DefaultRecord`, as `record_walk` reads it: a length, attributes, a
time and an offset relative to the batch, key, value and headers, every number a zigzag varint.
"""

from __future__ import annotations

import numpy as np

from daemon.records import I64
from hebbstream._jit import exact_kernel
from hebbstream.arrays import U8


@exact_kernel
def varint_size(number: int) -> int:
    """Count the bytes of a zigzag varint.

    Parameters
    ----------
    number : int64
        Any.

    Returns
    -------
    int64
        From 1 to 10.
    """
    bits = np.uint64(number << 1) ^ np.uint64(number >> 63)
    size = 1
    while bits >= 0x80:
        bits >>= np.uint64(7)
        size += 1
    return size


@exact_kernel
def write_varint(number: int, position: int, out: U8) -> int:
    """Write a zigzag varint.

    Parameters
    ----------
    number : int64
        Any.
    position : int64
        Where to.
    out : uint8[B], out
        Has room for it.

    Returns
    -------
    int64
        The position behind it.
    """
    bits = np.uint64(number << 1) ^ np.uint64(number >> 63)
    while bits >= 0x80:
        out[position] = np.uint8((bits & np.uint64(0x7F)) | np.uint64(0x80))
        bits >>= np.uint64(7)
        position += 1
    out[position] = np.uint8(bits)
    return position + 1


@exact_kernel
def write_records(
    keys: U8, key_stops: I64, values: U8, value_stops: I64, numbers: I64, out: U8
) -> tuple[int, int, int]:
    """Write records without headers, as many as fit.

    Parameters
    ----------
    keys : uint8[K], in
        Of all M records, one behind the other.
    key_stops : int64[M], in
        Where each key ends.
    values : uint8[V], in
        Likewise.
    value_stops : int64[M], in
        Where each value ends.
    numbers : int64[3], in
        The first record to write, its offset and the time of all, both relative to the batch.
    out : uint8[B], out
        Where to; the records fit that are whole within it.

    Returns
    -------
    tuple of int64, int64 and int64
        Records written, their bytes, and the bytes of the largest.
    """
    first, offset, time = numbers[0], numbers[1], numbers[2]
    position, largest, row = 0, 0, first
    while row < len(key_stops):
        key_start = key_stops[row - 1] if row > 0 else 0
        value_start = value_stops[row - 1] if row > 0 else 0
        key_size, value_size = key_stops[row] - key_start, value_stops[row] - value_start
        at = offset + row - first
        body = 2 + varint_size(time) + varint_size(at)  # attributes, and no headers
        body += varint_size(key_size) + key_size + varint_size(value_size) + value_size
        size = varint_size(body) + body
        if position + size > len(out):
            break
        position = write_varint(body, position, out)
        out[position] = 0
        position = write_varint(time, position + 1, out)
        position = write_varint(at, position, out)
        position = write_varint(key_size, position, out)
        for n in range(key_size):
            out[position + n] = keys[key_start + n]
        position = write_varint(value_size, position + key_size, out)
        for n in range(value_size):
            out[position + n] = values[value_start + n]
        position += value_size
        out[position] = 0
        position, largest, row = position + 1, max(largest, size), row + 1
    return row - first, position, largest
