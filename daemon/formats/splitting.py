"""A record of several samples in pieces that are records themselves, byte for byte. Pure.

Arrays of JSON come apart into their elements, JSON and line protocol into their lines. Pieces put
together again are one a line, which both formats read.
"""

from __future__ import annotations

import re

import msgspec

from daemon.config import InputFormat

_elements = msgspec.json.Decoder(list[msgspec.Raw])

#: A comment, or a head up to its blank and fields, of which a text in quotes may hold line feeds. A
#: quote that nothing closes, or that is closed in the middle of something, opens no text.
_LINE = re.compile(
    rb'[ \t\r]*+(?:#[^\n]*+|(?:[^\\ \n]|\\[^\n])*+(?:="(?:[^"\\]|\\.)*+"(?=[,\s]|\Z)|[^\n])*+)',
    re.DOTALL,
)


def lines_of(value: bytes) -> list[bytes]:
    r"""Cut line protocol into lines, blank ones and comments among them.

    Parameters
    ----------
    value : bytes
        A record.

    Returns
    -------
    list of bytes
        Put together with line feeds between them they are the record.

    Examples
    --------
    >>> lines_of(b'm v=1\nm text="two\nlines",v=2')
    [b'm v=1', b'm text="two\nlines",v=2']
    """
    lines = value.split(b"\n")
    if b'\\"' not in value and not any(line.count(b'"') % 2 for line in lines):
        return lines
    found, at = [], 0
    while at <= len(value):
        line = _LINE.match(value, at)
        end = len(value) if line is None else line.end()
        found.append(value[at:end])
        at = end + 1
    return found


def pieces(value: bytes, kind: InputFormat) -> list[bytes]:
    """Take a record apart.

    Parameters
    ----------
    value : bytes
        A record.
    kind : InputFormat
        How it is read.

    Returns
    -------
    list of bytes
        One piece, the record itself, when it has no parts or cannot be read.
    """
    if kind is InputFormat.WIDE_ARRAY:
        return [value]
    if kind is InputFormat.JSON and value.lstrip()[:1] == b"[":
        try:
            elements = _elements.decode(value)
            # An element may stand on several lines; without blanks it is one.
            found = [msgspec.json.format(bytes(each), indent=-1) for each in elements]
        except msgspec.DecodeError:
            return [value]
        return found or [value]
    whole = lines_of(value) if kind is InputFormat.INFLUX else value.split(b"\n")
    lines = [line for line in whole if line.strip()]
    return lines if len(lines) > 1 else [value]
