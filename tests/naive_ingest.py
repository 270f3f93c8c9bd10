"""Twins of the kernels that read bytes, in plain Python from the formats' descriptions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

WalkedRow = tuple[int, int, int, int, int, int]


def read_varint(buffer: bytes, position: int) -> tuple[int, int]:
    """Seven bits a byte, lowest first, while the top bit is set; zigzag: 0, -1, 1, -2, ..."""
    bits = 0
    for shift in count(step=7):
        if position >= len(buffer) or shift > 63:
            return 0, -1
        bits |= (buffer[position] & 127) << shift
        position += 1
        if buffer[position - 1] < 128:
            break
    if bits >= 2**64:
        return 0, -1
    return (-(bits + 1) // 2 if bits % 2 else bits // 2), position


class Cursor:
    """Reads varints one after the other; raises ValueError at what is malformed."""

    def __init__(self, buffer: bytes, position: int) -> None:
        self.buffer = buffer
        self.position = position

    def number(self) -> int:
        """Read a varint."""
        value, self.position = read_varint(self.buffer, self.position)
        if self.position < 0:
            raise ValueError
        return value

    def span(self, *, nullable: bool = True) -> tuple[int, int]:
        """Read a length and step over as many bytes."""
        size = self.number()
        start = self.position
        if size > len(self.buffer) - start or (size < 0 and not nullable):
            raise ValueError
        self.position += max(size, 0)
        return start, start + max(size, -1)


def skip_headers(buffer: bytes, position: int) -> int:
    """Count, then name and value of each."""
    cursor = Cursor(buffer, position)
    try:
        headers = cursor.number()
        if headers < 0:
            return -1
        for _ in range(headers):
            start, stop = cursor.span(nullable=False)
            buffer[start:stop].decode("ascii")
            cursor.span()
    except ValueError:
        return -1
    return cursor.position


def walk_records(
    buffer: bytes, header: tuple[int, int, int, int, int, int], count: int
) -> tuple[int, list[WalkedRow]]:
    """Length, attributes, time, offset, key, value, headers of each record, and nothing after."""
    position, base, first, last, by_broker, origin = header
    cursor = Cursor(buffer, position)

    def one() -> Iterator[int]:
        cursor.number()
        delta = cursor.number()
        time = last if by_broker else first + delta
        offset = base + cursor.number()
        yield offset
        yield time * 1_000_000 if 0 <= time * 1_000_000 < 2**63 else -1
        yield from (origin + at for at in (*cursor.span(), *cursor.span()))
        cursor.position = skip_headers(buffer, cursor.position)

    rows: list[WalkedRow] = []
    total = 0
    try:
        for _ in range(count):
            length = cursor.number()
            begin = cursor.position
            rows.append(tuple(one()))  # type: ignore[arg-type] # six of them
            if cursor.position - begin != length:
                return -1, []
            total += length
    except ValueError:
        return -1, []
    return (total, rows) if cursor.position == len(buffer) else (-1, [])


def varint_size(number: int) -> int:
    """Count the bytes of a zigzag varint: seven bits each."""
    zigzag = 2 * number if number >= 0 else -2 * number - 1
    return max(1, -(-zigzag.bit_length() // 7))


def write_varint(number: int, position: int, out: bytearray) -> int:
    """Write a zigzag varint, the low bits first; returns where the next begins."""
    zigzag = 2 * number if number >= 0 else -2 * number - 1
    groups = []
    while True:
        zigzag, low = divmod(zigzag, 128)
        groups.append(low)
        if not zigzag:
            break
    for n, group in enumerate(groups):
        out[position + n] = group + 128 * (n < len(groups) - 1)
    return position + len(groups)


def write_records(
    keys: list[bytes], values: list[bytes], first: int, offset: int, time: int, room: int
) -> tuple[list[bytes], int]:
    """Write the records from `first` on that fit into `room` bytes; with the largest one's size."""
    written: list[bytes] = []
    for n, (key, value) in enumerate(zip(keys[first:], values[first:], strict=True)):
        parts = [b"\x00", *map(_varint, (time, offset + n, len(key))), key]
        body = b"".join([*parts, _varint(len(value)), value, _varint(0)])
        record = _varint(len(body)) + body
        if sum(map(len, written)) + len(record) > room:
            break
        written.append(record)
    return written, max(map(len, written), default=0)


def _varint(number: int) -> bytes:
    out = bytearray(10)
    return bytes(out[: write_varint(number, 0, out)])
