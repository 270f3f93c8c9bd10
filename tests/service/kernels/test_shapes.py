"""Records by their shape, piece by piece, against twins made of regular expressions."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_shapes as naive
from daemon.formats.span_index import SEED
from daemon.kernels import shapes as kernels
from daemon.spans import Spans
from hebbstream.arrays import I64, U8

SIGNS = '{}[]":,\\nul0159.-+e \x01é'


def as_array(data: bytes) -> U8:
    """Make the array a kernel gets."""
    return np.frombuffer(data, dtype=np.uint8)


def cut(data: bytes) -> I64:
    """Find the numbers with the kernel."""
    cuts = np.empty((len(data), 2), dtype=np.int64)
    return cuts[: kernels.find_numbers(as_array(data), 0, len(data), cuts)]


class Arrays:
    """Shapes as the kernels take them."""

    def __init__(self, shapes: Sequence[naive.Shape]) -> None:
        self.texts = as_array(b"".join(gap for shape in shapes for gap in shape.gaps))
        places: list[tuple[int, int, int]] = []
        parts: list[tuple[int, int]] = []
        rows, text = [], 0
        for shape in shapes:
            first, part = len(places), len(parts)
            for gap, kind in zip(shape.gaps, [*shape.kinds, None], strict=True):
                if isinstance(kind, str):
                    places.append((len(gap), kernels.TIME, int(kind)))
                elif kind is None:
                    places.append((len(gap), kernels.IGNORED, 0))
                else:
                    places.append((len(gap), kernels.VALUE, kind))
            parts.extend((count, int(timed)) for count, timed in shape.parts)
            samples = sum(count for count, _ in shape.parts)
            key = naive.shape_key(shape.gaps, SEED)
            rows.append((key, text, first, len(places), part, len(parts), samples, -1))
            text += sum(map(len, shape.gaps))
        self.places = np.array(places, dtype=np.int64)
        self.parts = np.array(parts, dtype=np.int64)
        self.shapes = np.array(rows, dtype=np.int64)
        self.slots = np.full(8, -1, dtype=np.int64)
        kernels.place_shapes(self.slots, self.shapes, 0)
        self.cuts = np.empty((max(len(shape.gaps) for shape in shapes), 2), dtype=np.int64)


#: A wide map, its time last, two samples in an array, and one with a number that does not matter.
SHAPES = [
    naive.Shape((b'{"t":', b',"v":{"a":', b',"b":', b"}}"), ("0", 0, -2), ((2, True),)),
    naive.Shape((b'{"v":{"a":', b'},"t":', b"}"), (0, "0"), ((1, True),)),
    naive.Shape((b'[{"v":', b'},{"v":', b',"t":', b"}]"), (3, 4, "1"), ((1, False), (1, True))),
    naive.Shape((b'{"x":', b',"v":', b"}"), (None, 5), ((1, False),)),
]
numbers = st.one_of(
    st.sampled_from(["0", "-2.5", "1e3", "null", "nul", "01", "1.", "", "1e400", "1-2", "9" * 25]),
    st.integers(0, 2**64).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
)


@st.composite
def records(draw: st.DrawFn) -> bytes:
    """Make records of the shapes, sometimes with a byte wrong, missing or too many."""
    gaps = draw(st.sampled_from(SHAPES)).gaps
    text = bytearray(gaps[0])
    for gap in gaps[1:]:
        text += draw(numbers).encode() + gap
    at = draw(st.integers(0, len(text) - 1))
    wrong = draw(st.sampled_from(SIGNS.encode()))
    change = draw(st.integers(0, 9))
    if change == 0:
        text[at] = wrong
    elif change == 1:
        del text[at]
    elif change == 2:
        text.insert(at, wrong)
    return bytes(text)


def bits(number: float) -> bytes:
    """Tell -0.0 from 0.0."""
    return struct.pack("<d", number)


@settings(deadline=None, max_examples=400)
@given(text=records() | st.text(SIGNS, max_size=20).map(str.encode))
def test_numbers_are_found_as_by_the_twin(text: bytes) -> None:
    """Wherever the text begins and ends, and none beyond the room there is."""
    for start, stop in ((0, len(text)), (1, len(text)), (0, len(text) - 1)):
        cuts = np.empty((len(text) + 1, 2), dtype=np.int64)
        count = kernels.find_numbers(as_array(text), start, stop, cuts)

        expected = naive.find_numbers(text, start, stop)
        assert cuts[:count].tolist() == [list(each) for each in expected]
        if expected:
            room = cuts[: len(expected) - 1]
            assert kernels.find_numbers(as_array(text), start, stop, room) == -1


@settings(deadline=None)
@given(text=st.text("nul", max_size=6).map(str.encode), position=st.integers(0, 6))
def test_nulls_equal_the_twins(text: bytes, position: int) -> None:
    """Up to the end of the text and not beyond it."""
    for stop in (len(text), max(len(text) - 1, 0)):
        found = kernels.is_null(as_array(text + b"l"), position, stop)
        assert found == naive.is_null(text, position, stop)


@settings(deadline=None)
@given(text=records())
def test_keys_equal_the_twins(text: bytes) -> None:
    """Of the text without its numbers alone."""
    cuts = cut(text)
    key = kernels.shape_key(as_array(text), 0, len(text), cuts, len(cuts), SEED)

    assert key == naive.shape_key(naive.gaps_of(text), SEED)


def test_shapes_are_placed_as_by_the_twin() -> None:
    """Behind one another where their hashes fall on one slot."""
    keys = [5, 13, 21, 6, 2]
    shapes = np.zeros((len(keys), kernels.SHAPE_WIDTH), dtype=np.int64)
    shapes[:, kernels.HASH] = keys
    slots = np.full(8, -1, dtype=np.int64)

    kernels.place_shapes(slots, shapes, 0)

    assert slots.tolist() == naive.place_shapes([-1] * 8, keys, 0)


@settings(deadline=None, max_examples=400)
@given(text=records(), at=st.integers(0, len(SHAPES) - 1))
def test_matches_equal_the_twins(text: bytes, at: int) -> None:
    """A record has a shape or not; numbers left to a slower parser may be missing."""
    arrays = Arrays(SHAPES)
    times = np.full(4, -7, dtype=np.int64)
    columns = np.full((4, 3), -9, dtype=np.int64)

    taken = kernels.match_shape(
        as_array(text), 0, len(text), arrays.shapes[at], arrays.texts, arrays.places, times,
        columns, 1,
    )  # fmt: skip

    expected = naive.match_shape(text, SHAPES[at])
    assert taken <= (expected is not None)
    if taken and expected is not None:
        stop = 1 + len(expected[0])
        assert columns[kernels.SERIES_ROW, 1:stop].tolist() == [s for s, _ in expected[0]]
        values = columns[kernels.VALUE_ROW, 1:stop].view(np.float64).tolist()
        assert [bits(v) for v in values] == [bits(v) for _, v in expected[0]]
        assert [time for time in times.tolist() if time != -7] == expected[1]
        assert columns[:, 0].tolist() == [-9] * 4


@settings(deadline=None)
@given(text=records())
def test_shapes_are_found_as_by_the_twin(text: bytes) -> None:
    """Or none."""
    arrays = Arrays(SHAPES)

    found = kernels.find_shape(
        as_array(text), 0, len(text), arrays.slots, arrays.shapes, arrays.cuts, SEED
    )

    assert found == naive.find_shape(text, SHAPES)


@settings(deadline=None)
@given(at=st.integers(0, len(SHAPES) - 1), time=st.integers(0, 2**63 - 1), own=st.integers(-1, 9))
def test_times_equal_the_twins(at: int, time: int, own: int) -> None:
    """Each part's own, or the record's."""
    arrays = Arrays(SHAPES)
    columns = np.full((4, 4), -9, dtype=np.int64)
    times = np.full(4, time, dtype=np.int64)

    stop = kernels.finish_record(arrays.shapes[at], arrays.parts, times, own, 0, 6, columns, 1)

    expected = naive.finish_record(SHAPES[at].parts, [time] * 2, own, 0)
    assert columns[kernels.TIME_ROW].tolist() == [-9, *expected, *[-9] * (4 - stop)]
    assert columns[kernels.RECORD_ROW].tolist() == [-9, *[6] * len(expected), *[-9] * (4 - stop)]


@settings(deadline=None, max_examples=200)
@given(payloads=st.lists(st.none() | st.just(b"") | records(), max_size=8), room=st.integers(0, 16))
def test_batches_equal_the_twins(payloads: list[bytes | None], room: int) -> None:
    """Records of known shapes are read in order, as far as there is room, and the others left."""
    arrays, spans = Arrays(SHAPES), Spans.of(payloads)
    own = np.arange(len(payloads), dtype=np.int64)
    columns = np.zeros((4, room), dtype=np.int64)
    taken = np.full(len(payloads), -1, dtype=np.int64)
    last = np.full(1, -1, dtype=np.int64)
    part_times = np.empty(len(arrays.cuts), dtype=np.int64)

    for _ in range(2):  # the second time it is known what comes next
        filled = kernels.read_shapes(
            spans.array, spans.start, spans.stop, own, own, arrays.slots, arrays.shapes,
            arrays.texts, arrays.places, arrays.parts, last, arrays.cuts, part_times, columns,
            taken, SEED, 0, 80,
        )  # fmt: skip

        records_of = dict(enumerate(payloads))
        expected = naive.read_shapes(records_of, own.tolist(), SHAPES, 0, 80)
        rows = np.flatnonzero(taken).tolist()
        assert set(rows) <= expected.keys()
        assert set(taken.tolist()) <= {0, 1}
        read = [sample for row in rows for sample in expected[row]]
        assert filled == len(read)
        series, times, values, records_read = (column[:filled] for column in columns)
        assert series.tolist() == [sample[0] for sample in read]
        assert times.tolist() == [sample[1] for sample in read]
        assert values.tobytes() == b"".join(bits(sample[2]) for sample in read)
        assert records_read.tolist() == [sample[3] for sample in read]
