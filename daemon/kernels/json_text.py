"""Pieces of JSON text, delimited and not decoded."""

from __future__ import annotations

from hebbstream._jit import exact_kernel
from hebbstream.arrays import U8

QUOTE, ESCAPE, COLON, COMMA = ord('"'), ord("\\"), ord(":"), ord(",")
OPEN, CLOSE, OPEN_LIST, CLOSE_LIST = ord("{"), ord("}"), ord("["), ord("]")
SPACE, TAB, NEWLINE, RETURN = ord(" "), ord("\t"), ord("\n"), ord("\r")


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
