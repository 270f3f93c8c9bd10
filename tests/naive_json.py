"""Twins of the kernels that read JSON samples, in plain Python from the formats' descriptions."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping, Sequence
from fractions import Fraction

NUMBER = re.compile(rb"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
WHOLE = re.compile(rb"(0|[1-9][0-9]*)(?![0-9.eE])")
DIGITS = re.compile(rb"[0-9]*")
BLANK = re.compile(rb"[ \t\r\n]*")
STRING = re.compile(rb'"[^"\\\x00-\x1f]*"')
LABELS = re.compile(rb'\{(?:[^{}\[\]"]|"[^"\\\x00-\x1f]*")*\}')
MEMBERS = {b"name": 1, b"labels": 2, b"timestamp": 4, b"value": 8}
WORD = 2**64
UNKNOWN = -(2**31)

Span = tuple[int, int]
Found = tuple[Span, Span, int, float]


def word_at(buffer: bytes, position: int) -> int:
    """Take eight bytes as one number, the first lowest."""
    return int.from_bytes(buffer[position : position + 8], "little")


def leading_digits(text: bytes) -> int:
    """Count the digits a text begins with."""
    return len(text) - len(text.lstrip(b"0123456789"))


def eight_digits(text: bytes) -> int:
    """Read digits as a number."""
    return int(text)


def multiply(a: int, b: int) -> tuple[int, int]:
    """Both words of the product."""
    return divmod(a * b, WORD)


def float_bits(mantissa: int, power: int) -> int:
    """Round to the nearest float of an exact fraction, as bits."""
    number = float(Fraction(mantissa) * Fraction(10) ** power)
    return int(struct.unpack("<q", struct.pack("<d", number))[0])


def scan_digits(buffer: bytes, position: int, stop: int, number: int) -> tuple[int, int]:
    """Append the digits that stand here."""
    found = DIGITS.match(buffer, position, stop)
    assert found is not None
    whole = int(str(number) + found.group().decode())
    return found.end(), whole % WORD


def read_number(buffer: bytes, position: int, stop: int) -> tuple[int, float, int]:
    """End, Python's own float of the text, and the number where it is a whole time."""
    found = NUMBER.match(buffer, position, stop)
    if found is None:
        return -1, 0.0, -1
    text = found.group()
    whole = int(text) if text.isdigit() and int(text) < 2**63 else -1
    return found.end(), float(text), whole


def read_whole(buffer: bytes, position: int, stop: int) -> tuple[int, int]:
    """End and number, where it is a whole time."""
    found = WHOLE.match(buffer, position, stop)
    if found is None or int(found.group()) >= 2**63:
        return -1, -1
    return found.end(), int(found.group())


def hash_bytes(buffer: bytes, start: int, stop: int, seed: int) -> int:
    """Words of eight bytes multiplied and folded one after the other, then the rest."""
    mix, end = 0x9E3779B97F4A7C15, 0xE7037ED1A0B428DB
    text = buffer[start:stop]
    whole = len(text) // 8 * 8
    state = seed ^ (len(text) * end % WORD)
    for at in range(0, whole, 8):
        high, low = multiply(state ^ int.from_bytes(text[at : at + 8], "little"), mix ^ seed >> 8)
        state = high ^ low
    high, low = multiply(state ^ int.from_bytes(text[whole:], "big"), end ^ seed)
    return high ^ low


def series_key(buffer: bytes, name: Span, labels: Span, seed: int) -> int:
    """Take the labels' hash as the seed of the name's."""
    hashed = hash_bytes(buffer, *name, hash_bytes(buffer, *labels, seed))
    return hashed - WORD if hashed >= WORD // 2 else hashed


def same_bytes(a: bytes, a_start: int, b: bytes, b_start: int, size: int) -> bool:
    """Compare two stretches."""
    return a[a_start : a_start + size] == b[b_start : b_start + size]


def place_entries(
    slots: Sequence[int], entries: Sequence[Sequence[int]], first: int
) -> Sequence[int]:
    """Each goes to the first free slot from the one its hash names."""
    placed = list(slots)
    for row in range(first, len(entries)):
        at = entries[row][0] % len(placed)
        while placed[at] != -1:
            at = (at + 1) % len(placed)
        placed[at] = row
    return placed


def find_entry(known: Mapping[tuple[bytes, bytes], int], name: bytes, labels: bytes) -> int:
    """Look it up in a dictionary."""
    return known.get((name, labels), UNKNOWN)


def skip_blank(buffer: bytes, position: int, stop: int) -> int:
    """Step over white space."""
    found = BLANK.match(buffer, position, stop)
    assert found is not None
    return found.end()


def skip_string(buffer: bytes, position: int, stop: int) -> int:
    """Step over a string without escapes."""
    found = STRING.match(buffer, position, stop)
    return found.end() if found else -1


def skip_labels(buffer: bytes, position: int, stop: int) -> int:
    """Step over an object without objects or arrays in it."""
    found = LABELS.match(buffer, position, stop)
    return found.end() if found else -1


def member_of(buffer: bytes, start: int, stop: int) -> int:
    """Look the key up."""
    return MEMBERS.get(buffer[start:stop], 0)


def members_of(buffer: bytes, start: int, stop: int) -> dict[bytes, Span] | None:
    """Find where the values of a flat sample stand, or None where any rule is broken."""
    position = skip_blank(buffer, start, stop)
    if buffer[position:stop][:1] != b"{":
        return None
    spans: dict[bytes, Span] = {}
    mark = b","
    while mark == b",":
        key = skip_blank(buffer, position + 1, stop)
        position = skip_string(buffer, key, stop)
        name = buffer[key + 1 : position - 1]
        if position < 0 or name in spans or name not in MEMBERS:
            return None
        colon = skip_blank(buffer, position, stop)
        if buffer[colon:stop][:1] != b":":
            return None
        begin = skip_blank(buffer, colon + 1, stop)
        skip = {b"name": skip_string, b"labels": skip_labels}.get(name)
        end = skip(buffer, begin, stop) if skip else read_number(buffer, begin, stop)[0]
        if end < 0:
            return None
        spans[name] = (begin, end)
        position = skip_blank(buffer, end, stop)
        mark = buffer[position:stop][:1]
    if mark != b"}" or skip_blank(buffer, position + 1, stop) != stop:
        return None
    if not {b"name", b"value"} <= spans.keys():
        return None
    if b"timestamp" in spans and read_number(buffer, *spans[b"timestamp"])[2] < 0:
        return None
    return spans


def scan_flat(buffer: bytes, start: int, stop: int) -> Found | None:
    """Name, labels, time and value of a flat sample."""
    spans = members_of(buffer, start, stop)
    if spans is None:
        return None
    time = read_number(buffer, *spans[b"timestamp"])[2] if b"timestamp" in spans else -1
    begin, end = spans[b"name"]
    value = json.loads(buffer[slice(*spans[b"value"])])
    return (begin + 1, end - 1), spans.get(b"labels", (start, start)), time, float(value)


def keep_head(record: bytes) -> bytes:
    """Return what comes before the first of time and value, if name and labels are in it."""
    spans = members_of(record, 0, len(record))
    assert spans is not None
    head = min(spans[key][0] for key in (b"timestamp", b"value") if key in spans)
    named = max(spans[key][1] for key in (b"name", b"labels") if key in spans)
    return record[:head] if named <= head <= 256 else b""


def resume_flat(record: bytes, head: bytes) -> tuple[int, float] | None:
    """Time and value, if the record begins with the head and names nothing after it."""
    spans = members_of(record, 0, len(record))
    if spans is None or not head or not record.startswith(head):
        return None
    if any(spans[key][1] > len(head) for key in (b"name", b"labels") if key in spans):
        return None
    found = scan_flat(record, 0, len(record))
    return found and found[2:]


def whole_time(number: int, scale: int) -> int:
    """By the unit, or by the magnitude: up to 11, 14 and 17 digits are s, ms and us."""
    digits = len(str(number))
    scale = scale or next((10**e for d, e in ((11, 9), (14, 6), (17, 3)) if digits <= d), 1)
    return number * scale if number * scale < 7_258_118_400 * 10**9 else -1


def read_flat(
    records: Sequence[bytes | None],
    times: Sequence[int],
    known: Mapping[tuple[bytes, bytes], int],
    scale: int,
    bytes_max: int,
) -> list[tuple[int, int, float] | None]:
    """Series, time and value of each record, None where it is left to the codec."""
    rows: list[tuple[int, int, float] | None] = []
    for record, own in zip(records, times, strict=True):
        text = record if record is not None and len(record) <= bytes_max else b""
        found = scan_flat(text, 0, len(text))
        rows.append(None)
        if found is None:
            continue
        name, labels, time, value = found
        series = find_entry(known, text[slice(*name)], text[slice(*labels)])
        if series != UNKNOWN:
            rows[-1] = (series, own if time < 0 else whole_time(time, scale), value)
    return rows
