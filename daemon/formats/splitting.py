"""A record of several samples in pieces that are records themselves, byte for byte. Pure.

Arrays of JSON come apart into their elements, JSON and line protocol into their lines. Pieces put
together again are one a line, which both formats read.
"""

from __future__ import annotations

import msgspec

from daemon.config import InputFormat

_elements = msgspec.json.Decoder(list[msgspec.Raw])


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
    lines = [line for line in value.split(b"\n") if line.strip()]
    return lines if len(lines) > 1 else [value]
