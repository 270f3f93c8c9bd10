"""Records of many numbers as columns, by their shape: the text of a record without its numbers.

Records that come again and again differ in their numbers alone. What a number is, the value of
which series or the time of which samples, depends on the shape and on nothing else; so it is asked
once, of the codec in `daemon.formats`, and afterwards a record of that shape is compared with it
and its numbers are read. Nothing is looked up for a single value. Every record that has no known
shape, or a number that `read_number` does not take, is left to the codec.
"""

from __future__ import annotations

import numpy as np

from daemon.kernels.identities import EMPTY, hash_bytes, same_bytes
from daemon.kernels.json_flat import MISSING, whole_time
from daemon.kernels.json_text import ESCAPE, QUOTE
from daemon.kernels.numbers import MINUS, NINE, PLUS, ZERO, read_number
from hebbstream._jit import exact_kernel
from hebbstream.arrays import I64, U8

#: Columns of a shape: hash, where its text begins, its first place and the one after its last, its
#: parts likewise, its samples, and the shape that came after it.
HASH, TEXT, PLACE, PLACE_END, PART, PART_END, SAMPLES, NEXT = range(8)
SHAPE_WIDTH = 8
#: Columns of a place: bytes of the text before it, what stands there, and of which series or part.
#: Behind the last place of a shape stands one more, for the text at its end.
GAP, KIND, WHAT = range(3)
PLACE_WIDTH = 3
#: What stands at a place: something that does not matter, a value, a time.
IGNORED, VALUE, TIME = range(3)
#: Columns of a part: its samples and whether it has a time of its own.
COUNT, TIMED = range(2)
PART_WIDTH = 2
#: Rows of `read_shapes`' columns.
SERIES_ROW, TIME_ROW, VALUE_ROW, RECORD_ROW = range(4)

_POINT, _SMALL_E, _LARGE_E = ord("."), ord("e"), ord("E")
_N, _U, _L = ord("n"), ord("u"), ord("l")
_NULL_SIZE = 4
_NAN_BITS = int(np.array(np.nan).view(np.int64))


@exact_kernel
def is_null(buffer: U8, position: int, stop: int) -> bool:
    """Tell whether `null` stands somewhere.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    position, stop : int64
        Where, and where the text ends.

    Returns
    -------
    bool
        True when it does.
    """
    return (
        stop - position >= _NULL_SIZE
        and buffer[position] == _N
        and buffer[position + 1] == _U
        and buffer[position + 2] == _L
        and buffer[position + 3] == _L
    )


@exact_kernel
def _after_string(buffer: U8, position: int, stop: int) -> int:
    """Find what follows the closing quote of a string, escapes and all; `stop` without one."""
    position += 1
    while position < stop and buffer[position] != QUOTE:
        position += 2 if buffer[position] == ESCAPE else 1
    return min(position + 1, stop)


@exact_kernel
def _after_number(buffer: U8, position: int, stop: int) -> int:
    """Find where a run of what numbers are made of ends."""
    while position < stop:
        byte = buffer[position]
        digit = ZERO <= byte <= NINE
        if not digit and byte not in (PLUS, MINUS, _POINT, _SMALL_E, _LARGE_E):
            break
        position += 1
    return position


@exact_kernel
def find_numbers(buffer: U8, start: int, stop: int, cuts: I64) -> int:
    """Find the numbers and nulls of a JSON text that stand in no string.

    Parameters
    ----------
    buffer : uint8[B], in
        Text, well formed or not.
    start, stop : int64
        Where it begins and ends.
    cuts : int64[N, 2], out
        Where each begins and ends.

    Returns
    -------
    int64
        How many there are; -1 when there are more than N.
    """
    count, position = 0, start
    while position < stop:
        byte = buffer[position]
        if byte == QUOTE:
            position = _after_string(buffer, position, stop)
            continue
        end = position
        if byte == MINUS or ZERO <= byte <= NINE:
            end = _after_number(buffer, position, stop)
        elif is_null(buffer, position, stop):
            end = position + _NULL_SIZE
        if end == position:
            position += 1
            continue
        if count == len(cuts):
            return -1
        cuts[count, 0], cuts[count, 1] = position, end
        count += 1
        position = end
    return count


@exact_kernel
def shape_key(buffer: U8, start: int, stop: int, cuts: I64, count: int, seed: int) -> int:
    """Hash a text without its numbers.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    start, stop : int64
        Where it begins and ends.
    cuts : int64[N, 2], in
        Where each number begins and ends.
    count : int64
        How many there are.
    seed : int64
        The secret.

    Returns
    -------
    int64
        The hash's bits.
    """
    hashed = np.uint64(seed)
    for i in range(count):
        hashed = hash_bytes(buffer, start, cuts[i, 0], hashed)
        start = cuts[i, 1]
    return np.int64(hash_bytes(buffer, start, stop, hashed))  # type: ignore[return-value]


@exact_kernel
def match_shape(
    buffer: U8, start: int, stop: int, shape: I64, texts: U8, places: I64, times: I64,
    columns: I64, filled: int,
) -> bool:  # fmt: skip
    """Read the numbers of a record, if it has a shape.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    start, stop : int64
        Where the record begins and ends.
    shape : int64[8], in
        The shape.
    texts : uint8[T], in
        The text of all shapes.
    places : int64[K, 3], in
        The places of all shapes.
    times : int64[P], out
        The time of each part that has one, as written.
    columns : int64[4, S], in/out
        Series and bits of the value are written from `filled` on, NaN for null.
    filled : int64
        How many samples there are; there is room for those of the shape.

    Returns
    -------
    bool
        False when the record has another shape, or a number that is left to the codec.
    """
    at, text = start, shape[TEXT]
    last = shape[PLACE_END] - 1
    for k in range(shape[PLACE], last):
        size, kind = places[k, GAP], places[k, KIND]
        if size >= stop - at or not same_bytes(texts, text, buffer, at, size):
            return False
        at += size
        text += size
        if kind != TIME and is_null(buffer, at, stop):
            at, bits, whole = at + _NULL_SIZE, _NAN_BITS, MISSING
        else:
            at, bits, whole = read_number(buffer, at, stop)
        if at < 0 or (kind == TIME and whole < 0):
            return False
        if kind == VALUE:
            columns[SERIES_ROW, filled], columns[VALUE_ROW, filled] = places[k, WHAT], bits
            filled += 1
        elif kind == TIME:
            times[places[k, WHAT]] = whole
    size = places[last, GAP]
    return size == stop - at and same_bytes(texts, text, buffer, at, size)


@exact_kernel
def find_shape(
    buffer: U8, start: int, stop: int, slots: I64, shapes: I64, cuts: I64, seed: int
) -> int:
    """Look up a record's shape by its hash.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    start, stop : int64
        Where the record begins and ends.
    slots : int64[C], in
        Row of a shape or EMPTY; C is a power of two and never full.
    shapes : int64[H, 8], in
        The shapes, no two of one hash.
    cuts : int64[N, 2], out
        Room for the places of the largest shape.
    seed : int64
        Secret of the hash.

    Returns
    -------
    int64
        The only shape it may have, EMPTY for none.
    """
    count = find_numbers(buffer, start, stop, cuts)
    if count < 0:
        return EMPTY
    key = shape_key(buffer, start, stop, cuts, count, seed)
    mask = len(slots) - 1
    at = key & mask
    while slots[at] != EMPTY:
        if shapes[slots[at], HASH] == key:
            return slots[at]  # type: ignore[no-any-return]
        at = (at + 1) & mask
    return EMPTY


@exact_kernel
def place_shapes(slots: I64, shapes: I64, first: int) -> None:
    """Put shapes into the table.

    Parameters
    ----------
    slots : int64[C], in/out
        As in `find_shape`, with room for all.
    shapes : int64[H, 8], in
        As there.
    first : int64
        The first that is not in the table yet; those after it are put in.
    """
    mask = len(slots) - 1
    for row in range(first, len(shapes)):
        at = shapes[row, HASH] & mask
        while slots[at] != EMPTY:
            at = (at + 1) & mask
        slots[at] = row


@exact_kernel
def finish_record(
    shape: I64, parts: I64, times: I64, own: int, scale: int, row: int, columns: I64, filled: int
) -> int:
    """Give each sample of a record its time and the record's row.

    Parameters
    ----------
    shape : int64[8], in
        Its shape.
    parts : int64[Q, 2], in
        The parts of all shapes.
    times : int64[P], in
        The time of each part that has one, as written.
    own : int64
        The record's own time, for parts that have none, Unix nanoseconds.
    scale : int64
        Nanoseconds of the unit of time; 0 tells it by the magnitude.
    row : int64
        The record's row.
    columns : int64[4, S], in/out
        Times and rows are written from `filled` on.
    filled : int64
        How many samples came before.

    Returns
    -------
    int64
        How many there are now.
    """
    first = shape[PART]
    for part in range(first, shape[PART_END]):
        time = whole_time(times[part - first], scale) if parts[part, TIMED] else own
        end = filled + parts[part, COUNT]
        columns[TIME_ROW, filled:end] = time
        columns[RECORD_ROW, filled:end] = row
        filled = end
    return filled


@exact_kernel
def read_shapes(
    buffer: U8, start: I64, stop: I64, times: I64, rows: I64, slots: I64, shapes: I64, texts: U8,
    places: I64, parts: I64, last: I64, cuts: I64, part_times: I64, columns: I64, taken: I64,
    seed: int, scale: int, bytes_max: int,
) -> int:  # fmt: skip
    """Read records of known shapes.

    Shapes mostly come in the same order again and again, so each remembers which came after it.

    Parameters
    ----------
    buffer : uint8[B], in
        What the records lie in.
    start, stop, times, rows : int64[R], in
        Where each begins and ends, its own time in Unix nanoseconds, its row in the batch.
    slots : int64[C], in
        As in `find_shape`.
    shapes : int64[H, 8], in/out
        The shapes; `NEXT` is kept.
    texts, places, parts : uint8[T], int64[K, 3], int64[Q, 2], in
        Text, places and parts of all shapes.
    last : int64[1], in/out
        The shape read last, EMPTY for none.
    cuts : int64[N, 2], out
        Room for the places of the largest shape.
    part_times : int64[N], out
        Scratch: times of its parts as written.
    columns : int64[4, S], out
        Series, time in Unix nanoseconds, bits of the value and row of each sample.
    taken : int64[R], out
        1 for each record that was read; 0 where it is left to the codec, or found no room.
    seed : int64
        Secret of the hash.
    scale : int64
        Nanoseconds of the unit of time; 0 tells it by the magnitude.
    bytes_max : int64
        Longer records are left to the codec.

    Returns
    -------
    int64
        How many samples were read.
    """
    filled, previous = 0, last[0]
    for i in range(len(start)):
        begin, end = start[i], stop[i]
        taken[i] = 0
        if not 0 < end - begin <= bytes_max:
            continue
        shape = shapes[previous, NEXT] if previous != EMPTY else EMPTY
        for attempt in range(2):
            if attempt == 1:
                shape = find_shape(buffer, begin, end, slots, shapes, cuts, seed)
            if shape == EMPTY or filled + shapes[shape, SAMPLES] > columns.shape[1]:
                continue
            if match_shape(
                buffer, begin, end, shapes[shape], texts, places, part_times, columns, filled
            ):
                filled = finish_record(
                    shapes[shape], parts, part_times, times[i], scale, rows[i], columns, filled
                )
                taken[i] = 1
                break
        if taken[i]:
            if previous != EMPTY:
                shapes[previous, NEXT] = shape
            previous = shape
    last[0] = previous
    return filled
