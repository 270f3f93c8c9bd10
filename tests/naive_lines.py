"""Twins of the kernels that read line protocol, in plain Python from the format's description."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import naive_json as naive

MARGIN = re.compile(rb"[ \t\r]*")
BETWEEN = re.compile(rb"(?:[ \t\r]*(?:#[^\n]*)?(?:\n|\Z))*[ \t\r]*")
HEAD = re.compile(rb"((?:[^\\ \n]|\\[^\n])*) ")
NAME = re.compile(rb'([^\x00-\x20\\,"=]+)=')
PLAIN_TEXT = re.compile(rb'"[^"\\\x00-\x1f\x80-\xff]*"')
BOOLEAN = re.compile(rb"(true|True|TRUE|[tT])|(?:false|False|FALSE|[fF])")
INTEGER = re.compile(rb"(-?)(0|[1-9][0-9]*)([iu])")
END = re.compile(rb"(?: ([0-9]{1,19}))?[ \t\r]*(?=\n|\Z)")

Known = Mapping[tuple[bytes, bytes], int]
Sample = tuple[int, int, float]


class Field(NamedTuple):
    """A name, and a value or None for text."""

    name: bytes
    value: float | None


def skip_margin(buffer: bytes, position: int, stop: int) -> int:
    """Match what may stand before and after a line."""
    found = MARGIN.match(buffer, position, stop)
    assert found is not None
    return found.end()


def next_line(buffer: bytes, position: int, stop: int) -> int:
    """Match blank lines, comments and a margin."""
    found = BETWEEN.match(buffer[:stop], position)
    assert found is not None
    return found.end()


def skip_head(buffer: bytes, position: int, stop: int) -> int:
    """Match what is no space, or escaped, up to a space."""
    found = HEAD.match(buffer, position, stop)
    return found.end(1) if found else -1


def skip_name(buffer: bytes, position: int, stop: int) -> tuple[int, bool]:
    """Match a name without marks up to its equals sign."""
    found = NAME.match(buffer, position, stop)
    return (found.end(1), found[1].isascii()) if found else (-1, False)


def skip_text(buffer: bytes, position: int, stop: int) -> int:
    """Match printable ASCII in quotes."""
    found = PLAIN_TEXT.match(buffer, position, stop)
    return found.end() if found else -1


def read_boolean(buffer: bytes, position: int, stop: int) -> tuple[int, float]:
    """Match the words and letters there are."""
    found = BOOLEAN.match(buffer[:stop], position)
    return (found.end(), float(found[1] is not None)) if found else (-1, 0.0)


def read_quantity(buffer: bytes, position: int, stop: int) -> tuple[int, float]:
    """Python's own float, or an integer's float where a suffix follows."""
    end, value, _ = naive.read_number(buffer, position, stop)
    if end < 0 or buffer[end:stop][:1] not in (b"i", b"u"):
        return end, value
    found = INTEGER.match(buffer, position, stop)
    if found is None or (found[1] and found[3] == b"u") or int(found[2]) >= 2**63:
        return -1, 0.0
    return found.end(), float(int(found[1] + found[2]))


def read_value(buffer: bytes, position: int, stop: int) -> tuple[int, float, bool]:
    """Told apart by the first byte."""
    first = buffer[position:stop][:1]
    if first == b'"':
        return skip_text(buffer, position, stop), 0.0, False
    if first in (b"-", *(b"%d" % digit for digit in range(10))):
        return *read_quantity(buffer, position, stop), True
    end, value = read_boolean(buffer, position, stop)
    return end, value, end >= 0 or first != b""


def known_head(line: bytes, head: bytes) -> int:
    """Compare, a space included."""
    return len(head) if line.startswith(head + b" ") else -1


def known_field(text: bytes, name: bytes) -> int:
    """Compare, an equals sign included."""
    return len(name) + 1 if text.startswith(name + b"=") else -1


def compare_names(a: bytes, b: bytes) -> int:
    """Python's own order of bytes."""
    return (a > b) - (a < b)


def order_fields(fields: Sequence[Field], unsorted_max: int) -> list[Field] | None:
    """Sort by name; None for two of one name, or for too much work."""
    ordered = sorted(fields, key=lambda field: field.name)
    names = [field.name for field in ordered]
    if len(set(names)) < len(names):
        return None
    return None if ordered != list(fields) and len(names) > unsorted_max else ordered


def keep_link(previous: bytes, entry: bytes, here: int) -> tuple[int, int]:
    """Tell whether two names stand in one line, and in their order."""
    return int(here), int(compare_names(previous, entry) < 0)


def read_fields(
    text: bytes, head: tuple[int, int], known: Known
) -> tuple[int, list[Field]] | None:  # fmt: skip
    """Where they end and what they are; every number's series is known, and one series or more."""
    start, position = head
    fields: list[Field] = []
    while not fields or text[position : position + 1] == b",":
        equals, plain = skip_name(text, position + 1, len(text))
        if equals < 0:
            return None
        name = text[position + 1 : equals]
        position, value, sample = read_value(text, equals + 1, len(text))
        vouched = (text[start : head[1]], name) in known
        if position < 0 or not (vouched or (plain and not sample)):
            return None
        fields.append(Field(name, value if sample else None))
    vouched = any((text[start : head[1]], field.name) in known for field in fields)
    return (position, fields) if vouched else None


def read_end(buffer: bytes, position: int, stop: int) -> tuple[int, int]:
    """Match a time and a margin up to the end of the line; -1 stands for what is missing."""
    found = END.match(buffer[:stop], position)
    time = int(found[1]) if found and found[1] else -1
    return (found.end(), time) if found and time < 2**63 - 1 else (-1, -1)


def read_record(
    text: bytes, own: int, known: Known, scale: int, limits: tuple[int, int]
) -> list[Sample] | None:
    """Read line after line; None when any is left to the codec."""
    samples: list[Sample] = []
    at = next_line(text, 0, len(text))
    if at == len(text):
        return None
    while at < len(text):
        space = skip_head(text, at, len(text))
        found = read_fields(text, (at, space), known) if space >= 0 else None
        if found is None or len(found[1]) > limits[0]:
            return None
        fields = order_fields(found[1], limits[1])
        end, time = read_end(text, found[0], len(text))
        if fields is None or end < 0:
            return None
        time = own if time < 0 else naive.whole_time(time, scale)
        head = text[at:space]
        samples.extend((known[head, f.name], time, f.value) for f in fields if f.value is not None)
        at = next_line(text, end + 1, len(text))
    return samples


def read_lines(
    records: Mapping[int, bytes | None],
    own: Sequence[int],
    known: Known,
    scale: int,
    bytes_max: int,
    limits: tuple[int, int],
) -> dict[int, list[Sample]]:
    """Collect the samples of each row that is read; limits are fields, and unsorted ones."""
    read = {}
    for row, text in records.items():
        if text and len(text) <= bytes_max:
            found = read_record(text, own[row], known, scale, limits)
            if found is not None:
                read[row] = found
    return read
