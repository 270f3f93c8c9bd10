"""Flat JSON samples, `{"name": ..., "labels": {...}, "timestamp": ..., "value": ...}`, as columns.

Only the plain ones are read: these four members, each at most once and in any order, strings
without escapes, times that are whole numbers or missing, values that are numbers, and a series that
was seen before under the same bytes. All others are left to the codec in `daemon.formats`, which
also says what is wrong with those that are. That a name and labels were seen before means that the
codec has read these very bytes and found them well formed; so here they are only delimited.
"""

from __future__ import annotations

import numpy as np

from daemon.kernels.identities import UNKNOWN, find_series, series_key
from daemon.kernels.numbers import read_number
from hebbstream._jit import exact_kernel
from hebbstream.arrays import I64, U8

QUOTE, ESCAPE, COLON, COMMA = ord('"'), ord("\\"), ord(":"), ord(",")
OPEN, CLOSE, OPEN_LIST, CLOSE_LIST = ord("{"), ord("}"), ord("["), ord("]")
SPACE, TAB, NEWLINE, RETURN = ord(" "), ord("\t"), ord("\n"), ord("\r")

#: What `scan_flat` finds.
NAME_START, NAME_STOP, LABELS_START, LABELS_STOP, TIME, VALUE = range(6)
FOUND_SIZE = 6
#: The time of a sample that has none of its own.
MISSING = -1
#: Columns of `read_flat`: series, time in nanoseconds and the bits of the value.
SERIES_COLUMN, TIME_COLUMN, VALUE_COLUMN = range(3)
#: Members a sample may have, as bits of what was seen.
_NAME, _LABELS, _TIME, _VALUE = 1, 2, 4, 8
#: Bounds below which a number is seconds, milliseconds, microseconds where the unit is told by
#: magnitude, as `daemon.formats.timestamps` has them.
_SECONDS_BELOW, _MILLIS_BELOW, _MICROS_BELOW = 10**11, 10**14, 10**17
#: The first time that is refused.
_TIME_END = 7_258_118_400 * 10**9


@exact_kernel
def skip_blank(buffer: U8, position: int, stop: int) -> int:
    """Step over JSON's white space.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    position, stop : int64
        Where to begin and where the text ends.

    Returns
    -------
    int64
        The first byte that is none, or `stop`.
    """
    while position < stop and buffer[position] <= SPACE:
        byte = buffer[position]
        if byte not in (SPACE, TAB, NEWLINE, RETURN):
            break
        position += 1
    return position


@exact_kernel
def skip_string(buffer: U8, position: int, stop: int) -> int:
    """Step over a JSON string.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    position, stop : int64
        Where its opening quote should stand, and where the text ends.

    Returns
    -------
    int64
        What follows its closing quote; -1 when there is no string, or one with an escape.
    """
    if position >= stop or buffer[position] != QUOTE:
        return -1
    position += 1
    while position < stop:
        byte = buffer[position]
        if byte == QUOTE:
            return position + 1
        if byte == ESCAPE or byte < SPACE:
            return -1
        position += 1
    return -1


@exact_kernel
def skip_labels(buffer: U8, position: int, stop: int) -> int:
    """Step over a JSON object that holds no other object and no array.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    position, stop : int64
        Where its opening brace should stand, and where the text ends.

    Returns
    -------
    int64
        What follows its closing brace; -1 when there is none. What stands between is not checked.
    """
    if position >= stop or buffer[position] != OPEN:
        return -1
    position += 1
    while 0 <= position < stop:
        byte = buffer[position]
        if byte == CLOSE:
            return position + 1
        if byte == QUOTE:
            position = skip_string(buffer, position, stop)
        elif byte in (OPEN, OPEN_LIST, CLOSE_LIST):
            return -1
        else:
            position += 1
    return -1


@exact_kernel
def member_of(buffer: U8, start: int, stop: int) -> int:
    """Tell which member a key names.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    start, stop : int64
        Where the key begins and ends, without its quotes.

    Returns
    -------
    int64
        1 name, 2 labels, 4 timestamp, 8 value; 0 for any other.
    """
    size = stop - start
    if size == 4:
        expected, member = b"name", _NAME
    elif size == 6:
        expected, member = b"labels", _LABELS
    elif size == 9:
        expected, member = b"timestamp", _TIME
    elif size == 5:
        expected, member = b"value", _VALUE
    else:
        return 0
    for i in range(size):
        if buffer[start + i] != expected[i]:
            return 0
    return member


@exact_kernel
def _read_member(buffer: U8, member: int, begin: int, stop: int, found: I64) -> int:
    """Delimit or read one member's value; returns where it ends, -1 when it is not as it should."""
    if member == _NAME:
        position = skip_string(buffer, begin, stop)
        found[NAME_START], found[NAME_STOP] = begin + 1, position - 1
        return position
    if member == _LABELS:
        position = skip_labels(buffer, begin, stop)
        found[LABELS_START], found[LABELS_STOP] = begin, position
        return position
    position, bits, whole = read_number(buffer, begin, stop)
    if member == _VALUE:
        found[VALUE] = bits
        return position
    found[TIME] = whole
    return position if whole >= 0 else -1


@exact_kernel
def scan_flat(buffer: U8, start: int, stop: int, found: I64) -> bool:
    """Delimit the members of a flat sample.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    start, stop : int64
        Where the record begins and ends.
    found : int64[6], out
        Where name and labels begin and end (equal for labels that are missing), the time as
        written or MISSING, and the bits of the value.

    Returns
    -------
    bool
        False when the record is to be left to the codec; then `found` holds nothing of use.
    """
    position = skip_blank(buffer, start, stop)
    if position >= stop or buffer[position] != OPEN:
        return False
    found[LABELS_START] = found[LABELS_STOP] = start
    found[TIME] = MISSING
    seen = 0
    more = True
    while more:
        key = skip_blank(buffer, position + 1, stop)
        position = skip_string(buffer, key, stop)
        if position < 0:
            return False
        member = member_of(buffer, key + 1, position - 1)
        if member == 0 or seen & member:
            return False
        seen |= member
        position = skip_blank(buffer, position, stop)
        if position >= stop or buffer[position] != COLON:
            return False
        begin = skip_blank(buffer, position + 1, stop)
        position = _read_member(buffer, member, begin, stop, found)
        if position < 0:
            return False
        position = skip_blank(buffer, position, stop)
        if position >= stop:
            return False
        more = buffer[position] == COMMA
    if buffer[position] != CLOSE or seen & (_NAME | _VALUE) != _NAME | _VALUE:
        return False
    return skip_blank(buffer, position + 1, stop) == stop


@exact_kernel
def whole_time(number: int, scale: int) -> int:
    """Convert a whole time.

    Parameters
    ----------
    number : int64
        The time, not negative.
    scale : int64
        Nanoseconds of its unit; 0 tells the unit by the magnitude.

    Returns
    -------
    int64
        Unix nanoseconds, -1 when out of range.
    """
    if scale == 0:
        scale = 1
        if number < _SECONDS_BELOW:
            scale = 1_000_000_000
        elif number < _MILLIS_BELOW:
            scale = 1_000_000
        elif number < _MICROS_BELOW:
            scale = 1_000
    return number * scale if number < _TIME_END // scale else -1


@exact_kernel
def read_flat(
    buffer: U8, start: I64, stop: I64, times: I64, slots: I64, entries: I64, arena: U8,
    columns: I64, seed: int, scale: int, bytes_max: int,
) -> int:  # fmt: skip
    """Read flat samples, one a record.

    Parameters
    ----------
    buffer : uint8[B], in
        What the records lie in.
    start, stop : int64[R], in
        Where each begins and ends.
    times : int64[R], in
        Each record's own time, Unix nanoseconds.
    slots, entries, arena : int64[C], int64[E, 5], uint8[A], in
        Series that are known, as in `find_series`.
    columns : int64[3, R], out
        Series (UNKNOWN for a record that is left to the codec), time in Unix nanoseconds, bits of
        the value.
    seed : int64
        Secret of the hash.
    scale : int64
        Nanoseconds of the unit of time; 0 tells it by the magnitude.
    bytes_max : int64
        Longer records are left to the codec.

    Returns
    -------
    int64
        How many records are left to the codec.
    """
    found = np.empty(FOUND_SIZE, dtype=np.int64)
    left = 0
    for row in range(len(start)):
        series = UNKNOWN
        if stop[row] - start[row] <= bytes_max and scan_flat(buffer, start[row], stop[row], found):
            name = (found[NAME_START], found[NAME_STOP])
            labels = (found[LABELS_START], found[LABELS_STOP])
            key = series_key(buffer, name, labels, seed)
            series = find_series(slots, entries, arena, buffer, name, labels, key)
        columns[SERIES_COLUMN, row] = series
        if series == UNKNOWN:
            left += 1
            continue
        time = found[TIME]
        columns[TIME_COLUMN, row] = times[row] if time == MISSING else whole_time(time, scale)
        columns[VALUE_COLUMN, row] = found[VALUE]
    return left
