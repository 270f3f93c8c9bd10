"""The walk over a batch's records, against its twin on whole and on damaged bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka.record.util import encode_varint

import naive_ingest as naive
from daemon.kernels.record_walk import FAR, read_varint, skip_headers, walk_records
from hebbstream.arrays import U8
from record_batches import HEADER, Made, batch

EDGES = [0, 1, 63, 64, 2**31, 2**62, 2**63 - 1]


def as_array(data: bytes | bytearray) -> U8:
    """Make the array a kernel gets."""
    return np.frombuffer(bytes(data), dtype=np.uint8)


@settings(deadline=None)
@given(data=st.binary(max_size=12), position=st.integers(0, 12))
def test_varints_equal_the_twins(data: bytes, position: int) -> None:
    """Any bytes, from any position, the end included."""
    expected = naive.read_varint(data, position)

    assert read_varint(as_array(data), position) == expected


@pytest.mark.parametrize("number", [sign * n for n in EDGES for sign in (1, -1)] + [-(2**63)])
def test_varints_of_every_length(number: int) -> None:
    """What the client writes is read, up to both ends of 64 bits."""
    data = bytearray()
    encode_varint(number, data.append)

    assert (
        read_varint(as_array(data), 0) == naive.read_varint(bytes(data), 0) == (number, len(data))
    )


@settings(deadline=None)
@given(data=st.binary(max_size=20) | st.lists(st.sampled_from([0, 2, 4, 65, 128]), max_size=20))
def test_headers_equal_the_twins(data: bytes | list[int]) -> None:
    """Any bytes."""
    expected = naive.skip_headers(bytes(data), 0)

    assert skip_headers(as_array(bytes(data)), 0) == expected


@settings(deadline=None, max_examples=300)
@given(
    flips=st.lists(st.tuples(st.integers(HEADER.size, 200), st.integers(0, 255)), max_size=3),
    values=st.lists(st.none() | st.binary(max_size=9), min_size=1, max_size=5),
    header=st.tuples(
        st.integers(0, 2**40),
        st.integers(-1, 2**50),
        st.integers(-1, 2**62),
        st.integers(0, 1),
        st.sampled_from([0, 61, 2**31]),
    ),
    more=st.sampled_from([0, 0, 0, 1, -1]),
)
def test_records_equal_the_twins(
    flips: list[tuple[int, int]],
    values: list[bytes | None],
    header: tuple[int, int, int, int, int],
    more: int,
) -> None:
    """Whole batches and damaged ones, with the right and the wrong number of records."""
    data = bytearray(batch([Made(value=v, key=v, headers=(("h", v),)) for v in values]))
    for at, byte in flips:
        if at < len(data):
            data[at] = byte
    whole = (HEADER.size, *header)
    columns = np.empty((6, len(values) + more), dtype=np.int64)

    size = walk_records(as_array(data), np.array(whole, dtype=np.int64), columns)

    expected, rows = naive.walk_records(bytes(data), whole, len(values) + more)
    assert size == expected
    assert size < 0 or [tuple(row) for row in columns.T.tolist()] == rows


def test_what_would_overflow_is_refused() -> None:
    """Offsets and times out of all proportion are the client's to judge."""
    data = batch([Made()])

    for header in ([HEADER.size, FAR, 0, 0, 0, 0], [HEADER.size, 0, -FAR, 0, 0, 0]):
        columns = np.empty((6, 1), dtype=np.int64)
        assert walk_records(as_array(data), np.array(header, dtype=np.int64), columns) == -1
