"""Flat samples, piece by piece, against twins made of regular expressions and Python's float."""

from __future__ import annotations

import struct

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_json as naive
from daemon.formats.span_index import SEED, SpanIndex
from daemon.formats.timestamps import TIME_END
from daemon.kernels import json_flat
from daemon.kernels.identities import UNKNOWN
from daemon.spans import Spans
from hebbstream.arrays import U8

SIGNS = '{}[]":,\\ntelabs0159.-e+ \t\x01é'


def as_array(data: bytes) -> U8:
    """Make the array a kernel gets."""
    return np.frombuffer(data, dtype=np.uint8)


@settings(deadline=None)
@given(text=st.sampled_from([*naive.MEMBERS, b"", b"nam", b"Name", b"values", b"labelz"]))
def test_members_equal_the_twins(text: bytes) -> None:
    """The four, and others like them."""
    assert json_flat.member_of(as_array(text), 0, len(text)) == naive.member_of(text, 0, len(text))


@settings(deadline=None)
@given(number=st.integers(0, 2**63 - 1) | st.sampled_from([10**11, 10**14 - 1, TIME_END // 1000]))
def test_times_equal_the_twins(number: int) -> None:
    """Every unit, and told by the magnitude."""
    for scale in (0, 1, 1000, 10**6, 10**9):
        assert json_flat.whole_time(number, scale) == naive.whole_time(number, scale)


blanks = st.text(" \t\r\n", max_size=2)
names = st.sampled_from(["cpu", "mem", "", "größe"])
label_sets = st.sampled_from(["{}", '{"a":"b"}', '{ "a" : "}" }'])
numbers = st.sampled_from(["1", "-2.5", "0.1e3", "01", "1.", "nope", "12345678901234567890123"])
times = st.sampled_from(["0", "1700000000", "1700000000123", "9" * 18, "1.5", "-1", '"x"'])


@st.composite
def records(draw: st.DrawFn) -> bytes:
    """Flat samples in any order and spacing, sometimes with a member too many or a byte wrong."""
    members = [
        ("name", f'"{draw(names)}"'),
        ("labels", draw(label_sets)),
        ("timestamp", draw(times)),
        ("value", draw(numbers)),
    ]
    chosen = draw(st.lists(st.sampled_from(members), max_size=5, unique=draw(st.booleans())))
    parts = [f'{draw(blanks)}"{key}"{draw(blanks)}:{draw(blanks)}{value}' for key, value in chosen]
    text = bytearray(f"{draw(blanks)}{{{','.join(parts)}{draw(blanks)}}}{draw(blanks)}".encode())
    if draw(st.integers(0, 4)) == 0:
        text[draw(st.integers(0, len(text) - 1))] = draw(st.sampled_from(SIGNS.encode()))
    return bytes(text)


@settings(deadline=None, max_examples=400)
@given(text=records())
def test_samples_equal_the_twins(text: bytes) -> None:
    """What is found is what the twin finds; numbers left to a slower parser may be missing."""
    found = np.empty(json_flat.FOUND_SIZE, dtype=np.int64)
    taken = json_flat.scan_flat(as_array(text), 0, len(text), found)

    expected = naive.scan_flat(text, 0, len(text))
    assert taken <= (expected is not None)
    if taken and expected is not None:
        name, labels, time, value = expected
        assert found[: json_flat.VALUE].tolist() == [*name, *labels, time]
        assert struct.pack("<q", int(found[json_flat.VALUE])) == struct.pack("<d", value)


@settings(deadline=None, max_examples=300)
@given(first=records(), second=records(), swap=st.booleans())
def test_heads_equal_the_twins(first: bytes, second: bytes, swap: bool) -> None:  # noqa: FBT001
    """A record that begins like another is read on from there, or else in full."""
    found = np.empty(json_flat.FOUND_SIZE, dtype=np.int64)
    if not json_flat.scan_flat(as_array(first), 0, len(first), found):
        return
    heads = np.zeros(2 * json_flat.HEAD_MAX, dtype=np.uint8)
    links = np.zeros((2, json_flat.LINK_SIZE), dtype=np.int64)
    json_flat.keep_head(as_array(first), 0, found, heads, links, 1)
    size = int(links[1, json_flat.HEAD_SIZE])
    head = heads[json_flat.HEAD_MAX :][:size].tobytes()

    assert head == naive.keep_head(first)
    text = head + second[size:] if swap else first[:size] + first[size:].replace(b"1", b"7")
    taken = json_flat.resume_flat(as_array(text), 0, len(text), heads, links, 1, found)
    expected = naive.resume_flat(text, head)
    assert taken <= (expected is not None)
    if taken and expected is not None:
        assert found[json_flat.TIME] == expected[0]
        assert struct.pack("<q", int(found[json_flat.VALUE])) == struct.pack("<d", expected[1])


@settings(deadline=None, max_examples=200)
@given(payloads=st.lists(st.none() | records(), max_size=8))
def test_batches_equal_the_twins(payloads: list[bytes | None]) -> None:
    """Series that are known are read, the others and the odd ones are counted and left."""
    known = {(b"cpu", b""): 0, (b"cpu", b"{}"): 1, (b"mem", b'{"a":"b"}'): -2}
    index = SpanIndex()
    for (name, labels), number in known.items():
        index.add(labels, name.decode(), number)
    index.settle()
    spans, own = Spans.of(payloads), np.arange(len(payloads), dtype=np.int64)
    columns = np.zeros((3, len(payloads)), dtype=np.int64)
    found = np.empty(json_flat.FOUND_SIZE, dtype=np.int64)

    index.last[0] = 0
    left = -1
    for _ in range(2):  # the second time heads are known
        left = json_flat.read_flat(
            spans.array, spans.start, spans.stop, own, index.slots, index.entries, index.arena,
            index.heads, index.links, index.last, found, columns, SEED, 0, 80,
        )  # fmt: skip

    rows = naive.read_flat(payloads, own.tolist(), known, 0, 80)
    assert left == int(np.count_nonzero(columns[0] == UNKNOWN))
    for row, (series, time, _) in zip(rows, columns.T.tolist(), strict=True):
        assert row is not None or series == UNKNOWN
        if series != UNKNOWN and row is not None:
            assert (series, time) == row[:2]
    values = columns[2].view(np.float64)
    assert all(
        values[at] == row[2]
        for at, row in enumerate(rows)
        if row is not None and columns[0, at] != UNKNOWN
    )
