"""Flat JSON samples, `{"name": ..., "labels": {...}, "timestamp": ..., "value": ...}`, as columns.

Only the plain ones are read: these four members, each at most once and in any order, strings
without escapes, times that are whole numbers or missing, values that are numbers, and a series that
was seen before under the same bytes. All others are left to the codec in `daemon.formats`, which
also says what is wrong with those that are. That a name and labels were seen before means that the
codec has read these very bytes and found them well formed; so here they are only delimited.
"""

from __future__ import annotations

import numpy as np

from daemon.kernels.identities import (
    EMPTY,
    SERIES,
    UNKNOWN,
    find_entry,
    same_bytes,
    series_key,
)
from daemon.kernels.json_text import CLOSE, COLON, COMMA, OPEN, skip_blank, skip_labels, skip_string
from daemon.kernels.numbers import read_number, read_whole
from daemon.kernels.words import WORD, word_at
from hebbstream._jit import exact_kernel
from hebbstream.arrays import I64, U8

#: What `scan_flat` finds.
NAME_START, NAME_STOP, LABELS_START, LABELS_STOP, TIME, VALUE, SEEN, HEAD, HEAD_MEMBER = range(9)
FOUND_SIZE = 9
#: Columns of an entry's link.
HEAD_SIZE, NEXT_MEMBER, NEXT_ENTRY = range(3)
LINK_SIZE = 3
#: Bytes of the longest head that is kept.
HEAD_MAX = 256
#: The time of a sample that has none of its own.
MISSING = -1
#: Columns of `read_flat`: series, time in nanoseconds and the bits of the value.
SERIES_COLUMN, TIME_COLUMN, VALUE_COLUMN = range(3)
#: Members a sample may have, as bits of what was seen.
_NAME, _LABELS, _TIME, _VALUE = 1, 2, 4, 8
_BYTE_BITS = np.uint64(8)
_NAME_KEY, _LABELS_KEY, _TIME_KEY, _VALUE_KEY = (
    np.uint64(int.from_bytes(key, "big")) for key in (b"name", b"labels", b"timestam", b"value")
)
_TIME_END_BYTE = ord("p")
#: The keys that come after a head as most write them, as words.
_VALUE_WORD, _TIME_WORD, _TIME_REST = (
    np.uint64(int.from_bytes(text, "little")) for text in (b'"value":', b'"timesta', b'estamp":')
)
_TIME_REST_AT = 4
#: Bounds below which a number is seconds, milliseconds, microseconds where the unit is told by
#: magnitude, as `daemon.formats.timestamps` has them.
_SECONDS_BELOW, _MILLIS_BELOW, _MICROS_BELOW = 10**11, 10**14, 10**17
#: The first time that is refused.
_TIME_END = 7_258_118_400 * 10**9


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
    key = np.uint64(0)
    for i in range(start, min(stop, start + 8)):
        key = (key << _BYTE_BITS) | np.uint64(buffer[i])
    size = stop - start
    if size == 5 and key == _VALUE_KEY:
        return _VALUE
    if size == 9 and key == _TIME_KEY and buffer[stop - 1] == _TIME_END_BYTE:
        return _TIME
    if size == 4 and key == _NAME_KEY:
        return _NAME
    return _LABELS if size == 6 and key == _LABELS_KEY else 0


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
    if member == _VALUE:
        position, found[VALUE], _ = read_number(buffer, begin, stop)
        return position
    position, found[TIME] = read_whole(buffer, begin, stop)
    return position


@exact_kernel
def _next_member(buffer: U8, position: int, stop: int) -> tuple[int, int]:
    """Read a member's key.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    position, stop : int64
        What follows the brace or comma before it, and where the text ends.

    Returns
    -------
    tuple of int64 and int64
        The member, as `member_of` has it, and where its value begins; 0 and -1 when there is none.
    """
    key = skip_blank(buffer, position, stop)
    if key + WORD + _TIME_REST_AT <= stop:
        word = word_at(buffer, key)
        if word == _VALUE_WORD:
            return _VALUE, skip_blank(buffer, key + WORD, stop)
        if word == _TIME_WORD and word_at(buffer, key + _TIME_REST_AT) == _TIME_REST:
            return _TIME, skip_blank(buffer, key + WORD + _TIME_REST_AT, stop)
    position = skip_string(buffer, key, stop)
    if position < 0:
        return 0, -1
    member = member_of(buffer, key + 1, position - 1)
    position = skip_blank(buffer, position, stop)
    if member == 0 or position >= stop or buffer[position] != COLON:
        return 0, -1
    return member, skip_blank(buffer, position + 1, stop)


@exact_kernel
def _scan_members(buffer: U8, member: int, position: int, stop: int, found: I64) -> bool:
    """Delimit the members of a flat sample from one of them on.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    member : int64
        A member, as `member_of` has it; 0 for none.
    position, stop : int64
        Where its value begins and where the record ends.
    found : int64[9], in/out
        As in `scan_flat`; `SEEN` holds the members that may not come (again).

    Returns
    -------
    bool
        False when the record is to be left to the codec.
    """
    while member > 0 and not found[SEEN] & member:
        found[SEEN] |= member
        if found[HEAD] < 0 and member >= _TIME:
            found[HEAD], found[HEAD_MEMBER] = position, member
        position = _read_member(buffer, member, position, stop, found)
        if position < 0:
            return False
        position = skip_blank(buffer, position, stop)
        if position >= stop:
            return False
        if buffer[position] == CLOSE:
            whole = found[SEEN] & (_NAME | _VALUE) == _NAME | _VALUE
            return whole and skip_blank(buffer, position + 1, stop) == stop
        if buffer[position] != COMMA:
            return False
        member, position = _next_member(buffer, position + 1, stop)
    return False


@exact_kernel
def scan_flat(buffer: U8, start: int, stop: int, found: I64) -> bool:
    """Delimit the members of a flat sample.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    start, stop : int64
        Where the record begins and ends.
    found : int64[9], out
        Where name and labels begin and end (equal for labels that are missing), the time as
        written or MISSING, the bits of the value, the members there are, and where the value of
        which of timestamp and value, whichever comes first, begins.

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
    found[SEEN] = 0
    found[HEAD] = -1
    member, position = _next_member(buffer, position + 1, stop)
    return _scan_members(buffer, member, position, stop, found)


@exact_kernel
def resume_flat(
    buffer: U8, start: int, stop: int, heads: U8, links: I64, entry: int, found: I64
) -> bool:
    """Go on behind a head, which holds all that names a series, if the record begins with it.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    start, stop : int64
        Where the record begins and ends.
    heads : uint8[E * HEAD_MAX], in
        How an earlier record of each series began, up to its time or value.
    links : int64[E, 3], in
        Bytes of each head, 0 for none, and the member whose value comes next.
    entry : int64
        Which series it might be.
    found : int64[9], out
        As in `scan_flat`, but for name and labels.

    Returns
    -------
    bool
        False when the record has another head, or what follows is not time and value alone.
    """
    size = links[entry, HEAD_SIZE]
    if size == 0 or size >= stop - start:
        return False
    if not same_bytes(heads, entry * HEAD_MAX, buffer, start, size):
        return False
    found[TIME] = MISSING
    found[SEEN] = _NAME | _LABELS
    found[HEAD] = 0
    return _scan_members(buffer, links[entry, NEXT_MEMBER], start + size, stop, found)


@exact_kernel
def keep_head(buffer: U8, start: int, found: I64, heads: U8, links: I64, entry: int) -> None:
    """Keep how a record begins, when all that names its series comes before its time and value.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    start : int64
        Where the record begins.
    found : int64[9], in
        What `scan_flat` found in it.
    heads : uint8[E * HEAD_MAX], in/out
        The bytes of each head; there is room for HEAD_MAX.
    links : int64[E, 3], in/out
        Their number and the member that comes next.
    entry : int64
        Which series it is.
    """
    size = found[HEAD] - start
    if size > HEAD_MAX or found[HEAD] < max(found[NAME_STOP], found[LABELS_STOP]):
        return
    for i in range(size):
        heads[entry * HEAD_MAX + i] = buffer[start + i]
    links[entry, HEAD_SIZE], links[entry, NEXT_MEMBER] = size, found[HEAD_MEMBER]


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
    heads: U8, links: I64, last: I64, found: I64, columns: I64, seed: int, scale: int,
    bytes_max: int,
) -> int:  # fmt: skip
    """Read flat samples, one a record.

    Series mostly come in the same order again and again. So each entry remembers how its record
    began and which entry came after it: if the next record begins like that one's, nothing but time
    and value is left to read.

    Parameters
    ----------
    buffer : uint8[B], in
        What the records lie in.
    start, stop : int64[R], in
        Where each begins and ends.
    times : int64[R], in
        Each record's own time, Unix nanoseconds.
    slots, entries, arena : int64[C], int64[E, 5], uint8[A], in
        Series that are known, as in `find_entry`.
    heads : uint8[E * HEAD_MAX], in/out
        How each entry's record began when it was last read in full.
    links : int64[E, 3], in/out
        For each entry the bytes of its head, the member after it, and the entry that came next.
    last : int64[1], in/out
        The entry read last, EMPTY for none.
    found : int64[9], out
        Scratch for `scan_flat`.
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
    left = 0
    previous = last[0]
    for row in range(len(start)):
        begin, end = start[row], stop[row]
        columns[SERIES_COLUMN, row] = UNKNOWN
        if end - begin > bytes_max:
            left += 1
            continue
        entry = links[previous, NEXT_ENTRY] if previous != EMPTY else EMPTY
        if entry == EMPTY or not resume_flat(buffer, begin, end, heads, links, entry, found):
            entry = EMPTY
            if scan_flat(buffer, begin, end, found):
                name = (found[NAME_START], found[NAME_STOP])
                labels = (found[LABELS_START], found[LABELS_STOP])
                key = series_key(buffer, name, labels, seed)
                entry = find_entry(slots, entries, arena, buffer, name, labels, key)
            if entry == EMPTY:
                left += 1
                continue
            keep_head(buffer, begin, found, heads, links, entry)
            if previous != EMPTY:
                links[previous, NEXT_ENTRY] = entry
        previous = entry
        time = found[TIME]
        columns[SERIES_COLUMN, row] = entries[entry, SERIES]
        columns[TIME_COLUMN, row] = times[row] if time == MISSING else whole_time(time, scale)
        columns[VALUE_COLUMN, row] = found[VALUE]
    last[0] = previous
    return left
