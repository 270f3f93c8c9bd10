"""Records of line protocol, `measurement,tag=value field=1.5,other=2i 1700000000`, as columns.

A series is named by the head of its line, measurement and tags, and by the name of its field; it is
read when it was seen before under the same bytes. That they were seen means that the codec in
`daemon.formats` has read these very bytes and found them well formed, so heads are only delimited,
escapes and all. Numbers, booleans and plain text stand as fields. A field's name with an escape,
text with an escape or beyond ASCII, a time that is no plain whole number and all that is faulty are
left to the codec, and the whole record with them.
"""

from __future__ import annotations

import numpy as np

from daemon.kernels.identities import (
    EMPTY,
    LABELS_SIZE,
    NAME_SIZE,
    SERIES,
    START,
    UNKNOWN,
    find_entry,
    hash_bytes,
    same_bytes,
)
from daemon.kernels.json_flat import HEAD_SIZE, MISSING, NEXT_ENTRY, NEXT_MEMBER, whole_time
from daemon.kernels.json_text import COMMA, NEWLINE, SPACE
from daemon.kernels.line_fields import (
    FIELD_BITS,
    FIELD_NAME,
    FIELD_SERIES,
    FIELD_SIZE,
    compare_names,
    order_fields,
)
from daemon.kernels.line_text import (
    EQUALS,
    next_line,
    read_value,
    skip_head,
    skip_margin,
    skip_name,
)
from daemon.kernels.numbers import DIGITS_MAX, NINE, ZERO, scan_digits
from daemon.kernels.shapes import RECORD_ROW, SERIES_ROW, TIME_ROW, VALUE_ROW
from hebbstream._jit import exact_kernel
from hebbstream.arrays import I64, U8

#: Columns of an entry's link beside NEXT_ENTRY: whether the next stands in the same line, and
#: whether its name comes after this one's.
HERE, ASCENDING = HEAD_SIZE, NEXT_MEMBER
#: Fields of a line that are read.
FIELDS_MAX = 1024
#: What stands for the series of a field that holds text.
TEXT = UNKNOWN
#: Bytes of the shortest sample, its mark before it included.
SAMPLE_BYTES_MIN = 4
#: Times from here on are an overflow to the parser.
_TIME_END = np.uint64(2**63 - 1)


@exact_kernel
def known_head(buffer: U8, start: int, stop: int, entries: I64, arena: U8, entry: int) -> int:
    """Tell whether a line begins with the head of a series.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    start, stop : int64
        Where the line begins and the text ends.
    entries, arena : int64[E, 5], uint8[A], in
        Series that are known, as in `find_entry`; their labels are heads.
    entry : int64
        The series, EMPTY for none.

    Returns
    -------
    int64
        Where the head ends, at a space; -1 for another.
    """
    if entry == EMPTY:
        return -1
    size = entries[entry, LABELS_SIZE]
    if size >= stop - start or buffer[start + size] != SPACE:
        return -1
    at = entries[entry, START] + entries[entry, NAME_SIZE]
    return start + size if same_bytes(arena, at, buffer, start, size) else -1


@exact_kernel
def known_field(buffer: U8, position: int, stop: int, entries: I64, arena: U8, entry: int) -> int:
    """Tell whether a field has the name of a series.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    position, stop : int64
        Where the field begins and the text ends.
    entries, arena : int64[E, 5], uint8[A], in
        As in `known_head`.
    entry : int64
        The series, EMPTY for none.

    Returns
    -------
    int64
        Where its value begins, -1 for another.
    """
    if entry == EMPTY:
        return -1
    size = entries[entry, NAME_SIZE]
    if size >= stop - position or buffer[position + size] != EQUALS:
        return -1
    same = same_bytes(arena, entries[entry, START], buffer, position, size)
    return position + 1 + size if same else -1


@exact_kernel
def _look_up(
    buffer: U8, name: int, stop: int, head: tuple[int, int], slots: I64, entries: I64, arena: U8,
    hashed: np.uint64,
) -> tuple[int, int]:  # fmt: skip
    """Find the entry of a field, given the hash of its head, and where the field's value begins.

    EMPTY is for a name that may hold text; the value begins nowhere where the name is not plain.
    """
    end, plain = skip_name(buffer, name, stop)
    if end < 0:
        return EMPTY, stop
    key = np.int64(hash_bytes(buffer, name, end, hashed))
    entry = find_entry(slots, entries, arena, buffer, (name, end), head, key)  # type: ignore[arg-type]
    return entry, end + 1 if plain or entry != EMPTY else stop


@exact_kernel
def keep_link(entries: I64, arena: U8, links: I64, previous: int, entry: int, here: int) -> None:
    """Keep which series came after another.

    Parameters
    ----------
    entries, arena : int64[E, 5], uint8[A], in
        As in `known_head`.
    links : int64[E, 3], in/out
        For each entry the one that came next, and what `HERE` and `ASCENDING` say of it.
    previous, entry : int64
        The series, EMPTY for no earlier one, and the one that comes next.
    here : int64
        Whether both stand in one line, and so have one head.
    """
    if previous == EMPTY:
        return
    names = (
        (entries[previous, START], entries[previous, NAME_SIZE]),
        (entries[entry, START], entries[entry, NAME_SIZE]),
    )
    links[previous, NEXT_ENTRY] = entry
    links[previous, HERE] = here
    links[previous, ASCENDING] = compare_names(arena, names[0], names[1]) < 0


@exact_kernel
def read_fields(
    buffer: U8, head: tuple[int, int], stop: int, foreseen: int, slots: I64, entries: I64,
    arena: U8, links: I64, last: I64, fields: I64, seed: int,
) -> tuple[int, int, bool]:  # fmt: skip
    """Read the fields of a line.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    head : tuple of int64 and int64
        Where the head begins, and where the space behind it stands.
    stop : int64
        Where the text ends; there may be more lines in it.
    foreseen : int64
        A series of this head that may come first, EMPTY for none.
    slots, entries, arena : int64[C], int64[E, 5], uint8[A], in
        Series that are known, as in `find_entry`; their labels are heads.
    links : int64[E, 3], in/out
        As in `keep_link`.
    last : int64[1], in/out
        The entry read last, EMPTY for none.
    fields : int64[F, 4], out
        The fields.
    seed : int64
        Secret of the hash.

    Returns
    -------
    tuple of int64, int64 and bool
        What follows the fields, -1 when the line is left to the codec; how many there are; and
        whether they are known to be in the order of their names.
    """
    position, count, known, ordered = head[1], 0, False, True
    hashed = np.uint64(0)
    while count == 0 or (position < stop and buffer[position] == COMMA):
        name, entry = position + 1, foreseen
        value = known_field(buffer, name, stop, entries, arena, entry)
        if value >= 0:
            ordered &= count == 0 or links[last[0], ASCENDING] == 1
        else:
            if hashed == np.uint64(0):
                hashed = hash_bytes(buffer, head[0], head[1], np.uint64(seed))
            entry, value = _look_up(buffer, name, stop, head, slots, entries, arena, hashed)
            ordered &= count == 0
            if entry >= 0:
                keep_link(entries, arena, links, last[0], entry, known)
        position, bits, sample = read_value(buffer, value, stop)
        if position < 0 or (entry == EMPTY and sample) or count == len(fields):
            return -1, 0, False
        if entry != EMPTY:
            known, last[0] = True, entry
            foreseen = links[entry, NEXT_ENTRY] if links[entry, HERE] else EMPTY
        fields[count, FIELD_NAME], fields[count, FIELD_SIZE] = name, value - 1 - name
        fields[count, FIELD_SERIES] = entries[entry, SERIES] if sample else TEXT
        fields[count, FIELD_BITS] = bits
        count += 1
    return position if known else -1, count, ordered


@exact_kernel
def read_end(buffer: U8, position: int, stop: int) -> tuple[int, int]:
    """Read what follows the fields of a line: its time or nothing.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    position, stop : int64
        Where the fields end and where the text ends.

    Returns
    -------
    tuple of int64 and int64
        Where the line ends, -1 when it is left to the codec; and the time, MISSING for none.
    """
    time = MISSING
    if position + 1 < stop and buffer[position] == SPACE and ZERO <= buffer[position + 1] <= NINE:
        begin = position + 1
        position, number = scan_digits(buffer, begin, stop, np.uint64(0))
        if position - begin > DIGITS_MAX or number >= _TIME_END:
            return -1, MISSING
        time = np.int64(number)  # type: ignore[assignment]
    position = skip_margin(buffer, position, stop)
    if position < stop and buffer[position] != NEWLINE:
        return -1, MISSING
    return position, time


@exact_kernel
def read_record(
    buffer: U8, start: int, stop: int, own: int, slots: I64, entries: I64, arena: U8, links: I64,
    last: I64, fields: I64, columns: I64, filled: int, seed: int, scale: int,
) -> int:  # fmt: skip
    """Read the lines of a record.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    start, stop : int64
        Where the record begins and ends.
    own : int64
        Its own time, Unix nanoseconds.
    slots, entries, arena, links, last : arrays
        As in `read_fields`.
    fields : int64[F, 4], out
        Room for the fields of a line.
    columns : int64[4, S], in/out
        Series, time in Unix nanoseconds and bits of the value are written from `filled` on.
    filled : int64
        How many samples came before.
    seed : int64
        Secret of the hash.
    scale : int64
        Nanoseconds of the unit of time.

    Returns
    -------
    int64
        How many samples there are now; -1 when the record is left to the codec.
    """
    at = next_line(buffer, start, stop)
    if at == stop:
        return -1
    while at < stop:
        entry = links[last[0], NEXT_ENTRY] if last[0] != EMPTY else EMPTY
        space = known_head(buffer, at, stop, entries, arena, entry)
        if space < 0:
            entry, space = EMPTY, skip_head(buffer, at, stop)
            if space < 0:
                return -1
        end, count, ordered = read_fields(
            buffer, (at, space), stop, entry, slots, entries, arena, links, last, fields, seed
        )
        if end < 0 or not (ordered or order_fields(buffer, fields, count)):
            return -1
        end, time = read_end(buffer, end, stop)
        if end < 0 or filled + count > columns.shape[1]:
            return -1
        time = own if time == MISSING else whole_time(time, scale)
        for k in range(count):
            if fields[k, FIELD_SERIES] != TEXT:
                columns[SERIES_ROW, filled] = fields[k, FIELD_SERIES]
                columns[TIME_ROW, filled] = time
                columns[VALUE_ROW, filled] = fields[k, FIELD_BITS]
                filled += 1
        at = next_line(buffer, end + 1, stop)
    return filled


@exact_kernel
def read_lines(
    buffer: U8, start: I64, stop: I64, times: I64, rows: I64, slots: I64, entries: I64, arena: U8,
    links: I64, last: I64, fields: I64, columns: I64, taken: I64, seed: int, scale: int,
    bytes_max: int,
) -> int:  # fmt: skip
    """Read records of line protocol.

    Series mostly come in the same order again and again, so each remembers which came after it; a
    line that begins with that one's head is not searched for the end of its own.

    Parameters
    ----------
    buffer : uint8[B], in
        What the records lie in.
    start, stop, times, rows : int64[R], in
        Where each begins and ends, its own time in Unix nanoseconds, its row in the batch.
    slots, entries, arena, links, last : arrays
        As in `read_fields`.
    fields : int64[FIELDS_MAX, 4], out
        Scratch for `read_fields`.
    columns : int64[4, S], out
        Series, time in Unix nanoseconds, bits of the value and row of each sample.
    taken : int64[R], out
        1 for each record that was read, 0 where it is left to the codec.
    seed : int64
        Secret of the hash.
    scale : int64
        Nanoseconds of the unit of time.
    bytes_max : int64
        Longer records are left to the codec.

    Returns
    -------
    int64
        How many samples were read.
    """
    filled = 0
    for i in range(len(start)):
        taken[i] = 0
        if not 0 < stop[i] - start[i] <= bytes_max:
            continue
        end = read_record(
            buffer, start[i], stop[i], times[i], slots, entries, arena, links, last, fields,
            columns, filled, seed, scale,
        )  # fmt: skip
        if end < 0:
            continue
        columns[RECORD_ROW, filled:end] = rows[i]
        taken[i] = 1
        filled = end
    return filled
