"""Pieces of line protocol, delimited or read; what is not plain is left to the codec."""

from __future__ import annotations

import numpy as np

from daemon.kernels.json_text import COMMA, ESCAPE, NEWLINE, QUOTE, RETURN, SPACE, TAB
from daemon.kernels.numbers import MINUS, NINE, ZERO, read_number
from hebbstream._jit import exact_kernel
from hebbstream.arrays import U8

EQUALS, COMMENT = ord("="), ord("#")
_INTEGER, _UNSIGNED = ord("i"), ord("u")
_SMALL_T, _LARGE_T, _SMALL_F, _LARGE_F = ord("t"), ord("T"), ord("f"), ord("F")
#: The bit that tells a small letter, and that of bytes beyond ASCII.
_SMALL, _NOT_ASCII = 0x20, 0x80
_TRUE, _FALSE = (np.frombuffer(word, dtype=np.uint8) for word in (b"true", b"false"))
_ONE_BITS = int(np.array(1.0).view(np.int64))


@exact_kernel
def skip_margin(buffer: U8, position: int, stop: int) -> int:
    """Step over what may stand before and after a line.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    position, stop : int64
        Where to begin and where the text ends.

    Returns
    -------
    int64
        The first byte that is no space, tab or carriage return, or `stop`.
    """
    while position < stop:
        byte = buffer[position]
        if byte not in (SPACE, TAB, RETURN):
            break
        position += 1
    return position


@exact_kernel
def next_line(buffer: U8, position: int, stop: int) -> int:
    """Find the line that comes next, past comments and lines that are blank.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    position, stop : int64
        Where a line may begin and where the text ends.

    Returns
    -------
    int64
        Its first byte behind its margin, `stop` for none.
    """
    while position < stop:
        position = skip_margin(buffer, position, stop)
        if position < stop and buffer[position] == COMMENT:
            while position < stop and buffer[position] != NEWLINE:
                position += 1
        if position < stop and buffer[position] != NEWLINE:
            return position
        position += 1
    return stop


@exact_kernel
def skip_head(buffer: U8, position: int, stop: int) -> int:
    """Find the end of measurement and tags.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    position, stop : int64
        Where they begin and where the text ends.

    Returns
    -------
    int64
        The first space that no backslash escapes, -1 when the line has none.
    """
    while position < stop:
        byte = buffer[position]
        if byte == SPACE:
            return position
        if byte == ESCAPE:
            position += 1
            if position == stop:
                return -1
            byte = buffer[position]
        if byte == NEWLINE:
            return -1
        position += 1
    return -1


@exact_kernel
def skip_name(buffer: U8, position: int, stop: int) -> tuple[int, bool]:
    """Find the end of a field's name.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    position, stop : int64
        Where it begins and where the text ends.

    Returns
    -------
    tuple of int64 and bool
        Where its equals sign stands, -1 when it is empty, has none or is to be left to the codec,
        and whether the name is all ASCII.
    """
    begin = position
    every = np.uint8(0)
    while position < stop:
        byte = buffer[position]
        if byte == EQUALS and position > begin:
            return position, bool(every < _NOT_ASCII)
        if byte <= SPACE or byte in (EQUALS, ESCAPE, COMMA, QUOTE):
            break
        every |= byte
        position += 1
    return -1, False


@exact_kernel
def skip_text(buffer: U8, position: int, stop: int) -> int:
    """Step over a field's text.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    position, stop : int64
        Where its opening quote stands, and where the text ends.

    Returns
    -------
    int64
        What follows its closing quote; -1 for none, or for text with an escape, a control character
        or a byte beyond ASCII.
    """
    position += 1
    while position < stop:
        byte = buffer[position]
        if byte == QUOTE:
            return position + 1
        if byte == ESCAPE or byte < SPACE or byte >= _NOT_ASCII:
            break
        position += 1
    return -1


@exact_kernel
def read_boolean(buffer: U8, position: int, stop: int) -> tuple[int, int]:
    """Read a boolean: one letter or a word, the word in lower case, capitals or with one capital.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    position, stop : int64
        Where it begins and where the text ends; there is one byte or more.

    Returns
    -------
    tuple of int64 and int64
        Where it ends, and the bits of 1.0 or 0.0; the end is -1 when there is none. A word that is
        none of these ends behind its first letter, where nothing may follow.
    """
    first = buffer[position]
    if first in (_SMALL_T, _LARGE_T):
        word, bits = _TRUE, _ONE_BITS
    elif first in (_SMALL_F, _LARGE_F):
        word, bits = _FALSE, 0
    else:
        return -1, 0
    if stop - position < len(word):
        return position + 1, bits
    small = buffer[position + 1] & _SMALL
    alike = small >= first & _SMALL  # not tRUE
    for i in range(1, len(word)):
        alike &= buffer[position + i] == (word[i] & ~_SMALL) | small
    return position + (len(word) if alike else 1), bits


@exact_kernel
def read_quantity(buffer: U8, position: int, stop: int) -> tuple[int, int]:
    """Read a number, an integer or an unsigned integer.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    position, stop : int64
        Where it begins and where the text ends; there is one byte or more.

    Returns
    -------
    tuple of int64 and int64
        Where it ends, its suffix included, and the bits of its float64; the end is -1 when there is
        none, or one that is left to the codec.
    """
    end, bits, whole = read_number(buffer, position, stop)
    if end < 0 or end == stop or buffer[end] not in (_INTEGER, _UNSIGNED):
        return end, bits
    if buffer[end] == _INTEGER and buffer[position] == MINUS:
        _, _, whole = read_number(buffer, position + 1, stop)
        if whole == 0:  # an integer has no negative zero
            bits = 0
    return end + 1 if whole >= 0 else -1, bits


@exact_kernel
def read_value(buffer: U8, position: int, stop: int) -> tuple[int, int, bool]:
    """Read a field's value.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    position, stop : int64
        Where it begins and where the text ends.

    Returns
    -------
    tuple of int64, int64 and bool
        Where it ends, the bits of its float64, and whether it is one and no text; the end is -1
        when it is left to the codec.
    """
    if position >= stop:
        return -1, 0, False
    byte = buffer[position]
    if byte == QUOTE:
        return skip_text(buffer, position, stop), 0, False
    if byte == MINUS or ZERO <= byte <= NINE:
        end, bits = read_quantity(buffer, position, stop)
    else:
        end, bits = read_boolean(buffer, position, stop)
    return end, bits, True
