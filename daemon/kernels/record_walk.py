"""The records of a Kafka batch (message format 2) as columns.

The layout is that of Kafka's `DefaultRecord`: a length, attributes, a time and an offset relative
to the batch, key, value and headers, every number a zigzag varint. What is not plainly well formed
is refused as a whole, so that whoever calls can let the client library say what is wrong.
"""

from __future__ import annotations

import numpy as np

from daemon.records import I64
from hebbstream._jit import exact_kernel
from hebbstream.arrays import U8

#: Rows of the columns.
OFFSET, TIME, KEY_START, KEY_STOP, VALUE_START, VALUE_STOP = range(6)
#: Numbers of a batch's header, in the order `walk_records` takes them.
POSITION, BASE_OFFSET, FIRST_TIME, MAX_TIME, BY_BROKER, ORIGIN = range(6)
#: Bytes of the smallest record: seven varints of one byte.
RECORD_BYTES_MIN = 7
#: No offset or time of a healthy batch is farther from zero than this.
FAR = 2**61
NANOSECONDS_PER_MS = 1_000_000
#: The last time whose nanoseconds an int64 holds.
TIME_MAX_MS = (2**63 - 1) // NANOSECONDS_PER_MS


@exact_kernel
def read_varint(buffer: U8, position: int) -> tuple[int, int]:
    """Read a zigzag varint of at most 64 bits.

    Parameters
    ----------
    buffer : uint8[B], in
        Where it stands.
    position : int64
        Its first byte, not negative.

    Returns
    -------
    tuple of int64 and int64
        The number, and where the next begins; that is -1 when there is none that fits.
    """
    bits = np.uint64(0)
    shift = 0
    while position < len(buffer) and shift < 64:
        byte = buffer[position]
        if shift == 63 and (byte & 0x7F) > 1:
            return 0, -1
        bits |= np.uint64(byte & 0x7F) << np.uint64(shift)
        position += 1
        if byte < 0x80:
            sign = np.int64(0) - np.int64(bits & np.uint64(1))
            return np.int64(bits >> np.uint64(1)) ^ sign, position  # type: ignore[return-value]
        shift += 7
    return 0, -1


@exact_kernel
def skip_headers(buffer: U8, position: int) -> int:
    """Step over the headers of a record.

    Parameters
    ----------
    buffer : uint8[B], in
        The batch.
    position : int64
        Where the count of headers stands.

    Returns
    -------
    int64
        Where the record ends; -1 when a header is malformed or its name is not ASCII.
    """
    count, position = read_varint(buffer, position)
    if position < 0 or count < 0:
        return -1
    while count > 0:
        size, position = read_varint(buffer, position)
        if position < 0 or size < 0 or size > len(buffer) - position:
            return -1
        stop = position + size
        while position < stop:
            if buffer[position] >= 0x80:
                return -1
            position += 1
        size, position = read_varint(buffer, position)
        if position < 0 or size > len(buffer) - position:
            return -1
        position += max(size, 0)
        count -= 1
    return position


@exact_kernel
def walk_records(buffer: U8, header: I64, columns: I64) -> int:
    """Find every record of a batch.

    Parameters
    ----------
    buffer : uint8[B], in
        The batch, decompressed.
    header : int64[6], in
        Where the records begin; of the batch's header the base offset, the first and the largest
        time in ms, and whether the broker set the time of all (then the largest holds); and what
        number the first byte of `buffer` has in what keys and values are counted in.
    columns : int64[6, R], out
        Offset, time in Unix nanoseconds (-1 for none), and where key and value begin and end; a
        null ends one before it begins.

    Returns
    -------
    int64
        Bytes of all records by their own length; -1 when the batch is not exactly R records, every
        one well formed within the buffer. Then `columns` holds nothing of use.
    """
    position = header[POSITION]
    total = 0
    base_offset, first_time, origin = header[BASE_OFFSET], header[FIRST_TIME], header[ORIGIN]
    if not (-FAR < base_offset < FAR and -FAR < first_time < FAR):
        return -1
    for row in range(columns.shape[1]):
        length, position = read_varint(buffer, position)
        if position < 0:
            return -1
        begin = position
        _, position = read_varint(buffer, position)
        if position < 0:
            return -1
        delta, position = read_varint(buffer, position)
        if position < 0 or not -FAR < delta < FAR:
            return -1
        time = header[MAX_TIME] if header[BY_BROKER] else first_time + delta
        columns[TIME, row] = time * NANOSECONDS_PER_MS if 0 <= time <= TIME_MAX_MS else -1
        delta, position = read_varint(buffer, position)
        if position < 0 or not -FAR < delta < FAR:
            return -1
        columns[OFFSET, row] = base_offset + delta
        for start in (KEY_START, VALUE_START):
            size, position = read_varint(buffer, position)
            if position < 0 or size > len(buffer) - position:
                return -1
            columns[start, row] = origin + position
            position += max(size, 0)
            columns[start + 1, row] = origin + (position if size >= 0 else position - 1)
        position = skip_headers(buffer, position)
        if position < 0 or position - begin != length:
            return -1
        total += length
    return total if position == len(buffer) else -1
