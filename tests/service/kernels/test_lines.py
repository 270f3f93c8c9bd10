"""Records of line protocol, piece by piece and in whole batches, against twins."""

from __future__ import annotations

import struct

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_lines as naive
from daemon.formats.line_reader import line_index
from daemon.formats.span_index import SEED, SpanIndex
from daemon.kernels import line_fields
from daemon.kernels import lines as kernels
from daemon.kernels.identities import EMPTY
from daemon.kernels.json_flat import NEXT_ENTRY
from daemon.spans import Spans
from hebbstream.arrays import I64, U8

FIELDS = np.empty((kernels.FIELDS_MAX, line_fields.FIELD_WIDTH), dtype=np.int64)
LIMITS = (kernels.FIELDS_MAX, line_fields.UNSORTED_MAX)
HEADS = ["cpu", "cpu,host=a", "disk\\ io,p=a\\\\", "größe,ö=é"]
NAMES = ["idle", "user", "idle2", "é", "i"]
#: What the codec is said to have read: of the first three heads all but one, of the last none.
KNOWN = {
    (head.encode(), name.encode()): 10 * at + number
    for at, head in enumerate(HEADS[:3])
    for number, name in enumerate(NAMES)
    if (head, name) != ("cpu", "user")
}


def as_array(data: bytes) -> U8:
    """Make the array a kernel gets."""
    return np.frombuffer(data, dtype=np.uint8)


def index_of(known: naive.Known = KNOWN) -> SpanIndex:
    """Make the arrays of the series that are known."""
    index = line_index()
    for (head, name), series in known.items():
        index.add(head, name.decode(), series)
    index.settle()
    return index


def foreseen_of(index: SpanIndex, text: bytes) -> int:
    """Find a series with the head a line begins with, EMPTY for none."""
    for entry in range(len(index.entries)):
        head = kernels.known_head(as_array(text), 0, len(text), index.entries, index.arena, entry)
        if head >= 0:
            return entry
    return EMPTY


values = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(2**63), 2**63 - 1).map("{}i".format),
    st.sampled_from(["true", "F", '"text"', '"é"', "7u", "-0i", "1e400", "", "01", "nan"]),
)
times = st.integers(0, 2**63).map(str) | st.sampled_from(
    ["", "05", "-1", "7 ", "7\r", "7 8", "1e3"]
)


@st.composite
def records(draw: st.DrawFn) -> bytes:
    """Make records of one or more lines, sometimes with a byte wrong."""
    text = ""
    for _ in range(draw(st.integers(1, 4))):
        names = draw(st.lists(st.sampled_from([*NAMES, "note"]), min_size=1, max_size=4))
        fields = ",".join(f"{name}={draw(values)}" for name in names)
        head = draw(st.sampled_from(HEADS[:3] * 3 + HEADS))
        text += draw(st.sampled_from(["", "", "# x\n", "\n", "\t"]))
        text += f"{head} {fields}" + draw(st.sampled_from(["", " "]))
        text += draw(times) + draw(st.sampled_from(["\n", "\r\n", " \n", ""]))
    made = bytearray(text.encode())
    if draw(st.integers(0, 7)) == 0:
        made[draw(st.integers(0, len(made) - 1))] = draw(st.sampled_from(b' \n#\\,="t1i\xff\x00'))
    return bytes(made)


ordinary = st.builds(
    "{} {}={},{}={} {}\n".format,
    st.sampled_from(HEADS[:3]), st.sampled_from(NAMES), st.integers(), st.sampled_from(NAMES),
    st.booleans(), st.integers(0, 2**60),
).map(str.encode)  # fmt: skip


@given(text=records(), head=st.sampled_from(HEADS).map(str.encode))
def test_heads_are_compared_as_by_the_twin(text: bytes, head: bytes) -> None:
    """With all their bytes, and the space behind them; no series has no head."""
    index = index_of({(head, b"name"): 0})

    for stop in (len(text), len(head), len(head) + 1):
        found = kernels.known_head(as_array(text), 0, stop, index.entries, index.arena, 0)
        assert found == naive.known_head(text[:stop], head)
    assert kernels.known_head(as_array(text), 0, 1, index.entries, index.arena, EMPTY) == -1


@given(
    text=st.sampled_from(["idle=1", "idle2=1", "idle", "idl=1", "user=3", "é=1"]).map(str.encode)
)
def test_names_are_compared_as_by_the_twin(text: bytes) -> None:
    """With all their bytes, and the equals sign behind them; no series has no name."""
    index = index_of({(b"cpu", b"idle"): 0})

    for stop in range(len(text) + 1):
        found = kernels.known_field(as_array(text), 0, stop, index.entries, index.arena, 0)
        assert found == naive.known_field(text[:stop], b"idle")
    assert kernels.known_field(as_array(text), 0, 9, index.entries, index.arena, EMPTY) == -1


@given(a=st.sampled_from(NAMES), b=st.sampled_from(NAMES), here=st.sampled_from([0, 1]))
def test_links_equal_the_twins(a: str, b: str, here: int) -> None:
    """What is kept of two series that follow each other; nothing of none before it."""
    index = index_of({(b"cpu", a.encode()): 0, (b"mem", b.encode()): 1})
    before = index.links.copy()

    kernels.keep_link(index.entries, index.arena, index.links, EMPTY, 1, here)
    assert index.links.tolist() == before.tolist()
    kernels.keep_link(index.entries, index.arena, index.links, 0, 1, here)

    kept = index.links[0, [kernels.HERE, kernels.ASCENDING]].tolist()
    assert tuple(kept) == naive.keep_link(a.encode(), b.encode(), here)
    assert index.links[0, NEXT_ENTRY] == 1


@settings(max_examples=200)
@given(
    text=times.map(lambda text: f" {text}".encode())
    | st.text(" \t\r\n1", max_size=5).map(str.encode)
)
def test_ends_equal_the_twins(text: bytes) -> None:
    """A time or none, then the end of the line."""
    for tail in (b"", b"\n", b"\nx"):
        whole = text + tail
        found = kernels.read_end(as_array(whole), 0, len(whole))
        assert found == naive.read_end(whole, 0, len(whole))


@settings(max_examples=300)
@given(text=records() | ordinary)
def test_fields_equal_the_twins(text: bytes) -> None:
    """Names, values and where they end; numbers left to a slower parser may be missing."""
    index, space = index_of(), naive.skip_head(text, 0, len(text))
    fields = np.zeros((kernels.FIELDS_MAX, line_fields.FIELD_WIDTH), dtype=np.int64)

    for _ in range(2 if space >= 0 else 0):  # the second time the links are there
        foreseen = foreseen_of(index, text)
        end, count, ordered = kernels.read_fields(
            as_array(text), (0, space), len(text), foreseen, index.slots, index.entries,
            index.arena, index.links, index.last, fields, SEED,
        )  # fmt: skip

        expected = naive.read_fields(text, (0, space), KNOWN)
        assert end < 0 or (expected is not None and end == expected[0])
        if end >= 0 and expected is not None:
            names = [text[at : at + size] for at, size in fields[:count, :2].tolist()]
            assert names == [field.name for field in expected[1]]
            assert not ordered or names == sorted(set(names))
            is_text = fields[:count, line_fields.FIELD_SERIES] == kernels.TEXT
            assert is_text.tolist() == [field.value is None for field in expected[1]]
            numbers = [0.0 if field.value is None else field.value for field in expected[1]]
            bits = fields[:count, line_fields.FIELD_BITS].tobytes()
            assert bits == struct.pack(f"<{count}d", *numbers)


def unpacked(columns: I64, filled: int) -> list[tuple[int, int, bytes, int]]:
    """List series, time, value and row of each sample, values by their bits."""
    return [(s, t, struct.pack("<q", v), r) for s, t, v, r in columns[:, :filled].T.tolist()]


@settings(max_examples=300)
@given(text=records() | ordinary, room=st.sampled_from([0, 3, 40]))
def test_records_equal_the_twins(text: bytes, room: int) -> None:
    """All samples of a record, or none; behind those that are there."""
    index = index_of()
    columns = np.zeros((4, 1 + room), dtype=np.int64)
    fields = np.zeros((kernels.FIELDS_MAX, line_fields.FIELD_WIDTH), dtype=np.int64)

    for _ in range(2):
        filled = kernels.read_record(
            as_array(text), 0, len(text), 5, index.slots, index.entries, index.arena, index.links,
            index.last, fields, columns, 1, SEED, 1000,
        )  # fmt: skip

        expected = naive.read_record(text, 5, KNOWN, 1000, LIMITS)
        assert filled < 0 or expected is not None
        if filled >= 0 and expected is not None:
            found = [sample[:3] for sample in unpacked(columns, filled)[1:]]
            assert found == [(s, t, struct.pack("<d", v)) for s, t, v in expected]


@settings(max_examples=200)
@given(payloads=st.lists(st.none() | st.just(b"") | records() | ordinary, max_size=8))
def test_batches_equal_the_twins(payloads: list[bytes | None]) -> None:
    """Records of known series are read in order, and the others left."""
    index, spans = index_of(), Spans.of(payloads)
    own = np.arange(len(payloads), dtype=np.int64)
    taken = np.full(len(payloads), -1, dtype=np.int64)
    columns = np.zeros((4, len(spans.data) // kernels.SAMPLE_BYTES_MIN + 1), dtype=np.int64)

    for _ in range(2):  # the second time it is known what comes next
        filled = kernels.read_lines(
            spans.array, spans.start, spans.stop, own, own, index.slots, index.entries, index.arena,
            index.links, index.last, FIELDS, columns, taken, SEED, 1, 120,
        )  # fmt: skip

        expected = naive.read_lines(dict(enumerate(payloads)), own.tolist(), KNOWN, 1, 120, LIMITS)
        rows = np.flatnonzero(taken).tolist()
        assert set(rows) <= expected.keys()
        assert set(taken.tolist()) <= {0, 1}
        assert unpacked(columns, filled) == [
            (s, t, struct.pack("<d", v), row) for row in rows for s, t, v in expected[row]
        ]


def test_plain_records_are_read() -> None:
    """None of what is plain is left."""
    text = b'cpu,host=a idle=1.5,idle2=3i,user=t 7\n# x\ndisk\\ io,p=a\\\\ note="x",i=-2 8\r\n'
    index, spans = index_of(), Spans.of([text] * 2)
    own, taken = np.arange(2, dtype=np.int64), np.zeros(2, dtype=np.int64)
    columns = np.zeros((4, 16), dtype=np.int64)

    filled = kernels.read_lines(
        spans.array, spans.start, spans.stop, own, own, index.slots, index.entries, index.arena,
        index.links, index.last, FIELDS, columns, taken, SEED, 1, 120,
    )  # fmt: skip

    assert (filled, taken.tolist()) == (8, [1, 1])
