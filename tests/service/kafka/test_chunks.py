"""Pieces of a partition's records, and what is made of them."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from kafka.consumer.fetcher import ConsumerRecord

from daemon.kafka.chunks import Chunk, chunk_from, chunk_of, record_batch
from daemon.records import InputPartition

PARTITION = InputPartition("m", 3)
Part = bytes | None


def test_times_no_nanosecond_can_hold_count_as_none() -> None:
    """A producer may have written any 64 bits."""
    times = [1_700_000_000_123, -1, 2**62, -(2**63), 0, None]
    rows: list[Any] = [
        ConsumerRecord("m", 3, 0, 7 + n, t, 0, b"k", b"v", [], None, 1, 1, 0)
        for n, t in enumerate(times)
    ]

    one = record_batch(PARTITION, [chunk_of(rows)])

    assert one.partition == PARTITION
    assert one.offsets.tolist() == [7, 8, 9, 10, 11, 12]
    assert one.timestamps.tolist() == [1_700_000_000_123_000_000, -1, -1, -1, 0, -1]
    assert {str(one.offsets.dtype), str(one.timestamps.dtype)} == {"int64"}
    assert (list(one.keys), list(one.values), one.next_offset) == ([b"k"] * 6, [b"v"] * 6, 13)


@given(
    pieces=st.lists(
        st.lists(st.tuples(*[st.none() | st.binary(max_size=4)] * 2), min_size=2, max_size=5),
        min_size=1,
        max_size=4,
    ),
    alone=st.booleans(),
)
def test_pieces_are_joined_whatever_they_lie_in(
    pieces: list[list[tuple[Part, Part]]], *, alone: bool
) -> None:
    """The last records of each, of data of their own or all of the same."""
    rows = [row for piece in pieces for row in piece]
    whole = chunk_from(
        list(range(len(rows))), [5] * len(rows), [part for row in rows for part in row]
    )
    chunks, first = [], 0
    for piece in pieces:
        end = first + len(piece)
        part = whole.part(first + 1, end)
        chunks.append(Chunk(bytearray(part.data), part.columns) if alone else part)
        first = end

    one = record_batch(PARTITION, chunks)

    kept = [row for piece in pieces for row in piece[1:]]
    assert list(zip(one.keys, one.values, strict=True)) == kept
    assert one.offsets.tolist() == [
        chunk.columns[0, at] for chunk in chunks for at in range(len(chunk))
    ]
    assert one.next_offset == len(rows)
    assert alone or one.values.data is whole.data


def test_only_the_bytes_of_the_records_are_joined() -> None:
    """What lies before and behind them in their data stays there."""
    chunks = [chunk_from([0, 1], [5, 5], [None, bytes([n]) * 100] * 2).part(1, 2) for n in range(3)]

    one = record_batch(PARTITION, chunks)

    assert len(one.values.data) == 300
