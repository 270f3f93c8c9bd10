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
texts = st.text(SIGNS, max_size=24).map(str.encode)


def as_array(data: bytes) -> U8:
    """Make the array a kernel gets."""
    return np.frombuffer(data, dtype=np.uint8)


@settings(deadline=None)
@given(text=texts, start=st.integers(0, 24))
def test_pieces_equal_the_twins(text: bytes, start: int) -> None:
    """White space, strings and label sets end where the twins say, from anywhere in any text."""
    start = min(start, len(text))
    for kernel, twin in (
        (json_flat.skip_blank, naive.skip_blank),
        (json_flat.skip_string, naive.skip_string),
        (json_flat.skip_labels, naive.skip_labels),
    ):
        assert kernel(as_array(text), start, len(text)) == twin(text, start, len(text))


@settings(deadline=None)
@given(text=st.sampled_from([*naive.MEMBERS, b"", b"nam", b"Name", b"values", b"labelz"]))
def test_members_equal_the_twins(text: bytes) -> None:
    """The four, and others like them."""
    assert json_flat.member_of(as_array(text), 0, len(text)) == naive.member_of(text, 0, len(text))


@settings(deadline=None)
@given(number=st.integers(0, 10**18 - 1) | st.sampled_from([10**11, 10**14 - 1, TIME_END // 1000]))
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
        assert found[:5].tolist() == [*name, *labels, time]
        assert struct.pack("<q", int(found[5])) == struct.pack("<d", value)


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

    left = json_flat.read_flat(
        spans.array, spans.start, spans.stop, own, index.slots, index.entries, index.arena,
        columns, SEED, 0, 80,
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
