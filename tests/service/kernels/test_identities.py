"""Series by their bytes: no two are ever taken for one."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_json as naive
from daemon.kernels.identities import (
    EMPTY,
    UNKNOWN,
    find_entry,
    hash_bytes,
    place_entries,
    same_bytes,
    series_key,
)
from hebbstream.arrays import U8

SEED = 0x0123456789ABCDEF
texts = st.binary(max_size=20)
pairs = st.tuples(texts, texts)


def as_array(data: bytes) -> U8:
    """Make the array a kernel gets."""
    return np.frombuffer(data, dtype=np.uint8)


@settings(deadline=None)
@given(text=texts, start=st.integers(0, 9), seed=st.integers(0, 2**64 - 1))
def test_hashes_equal_the_twins(text: bytes, start: int, seed: int) -> None:
    """Every length, with and without whole words."""
    start = min(start, len(text))
    expected = naive.hash_bytes(text, start, len(text), seed)

    assert int(hash_bytes(as_array(text), start, len(text), np.uint64(seed))) % 2**64 == expected


@settings(deadline=None)
@given(pair=pairs)
def test_keys_equal_the_twins(pair: tuple[bytes, bytes]) -> None:
    """Labels first, then the name."""
    name, labels = pair
    spans = (0, len(name)), (len(name), len(name) + len(labels))

    key = series_key(as_array(name + labels), *spans, SEED)

    assert key == naive.series_key(name + labels, *spans, SEED)


@settings(deadline=None)
@given(text=texts, other=texts, at=st.integers(0, 5))
def test_comparison_equals_the_twins(text: bytes, other: bytes, at: int) -> None:
    """Equal and different stretches, of any length."""
    size = max(0, min(len(text) - at, len(other)))
    other = text[at : at + size] if at % 2 else other

    same = same_bytes(as_array(text), at, as_array(other), 0, size)

    assert same == naive.same_bytes(text, at, other, 0, size)


@settings(deadline=None)
@given(known=st.lists(pairs, unique=True, max_size=12), asked=pairs, hashes=st.integers(1, 3))
def test_equal_hashes_do_not_merge_series(
    known: list[tuple[bytes, bytes]], asked: tuple[bytes, bytes], hashes: int
) -> None:
    """With no more than three hashes for all, each series is still found as itself only."""
    numbers = {pair: number for number, pair in enumerate(known)}
    keys = {pair: sum(b"".join(pair)) % hashes for pair in [*known, asked]}
    entries, arena = [], b""
    for pair, number in numbers.items():
        name, labels = pair
        entries.append([keys[pair], len(arena), len(name), len(labels), number])
        arena += name + labels
    table = np.array(entries, dtype=np.int64).reshape(-1, 5)
    slots = np.full(32, EMPTY, dtype=np.int64)

    place_entries(slots, table, 0)

    assert slots.tolist() == naive.place_entries([EMPTY] * 32, entries, 0)
    for pair in [*known, asked]:
        name, labels = pair
        spans = (0, len(name)), (len(name), len(name) + len(labels))
        found = find_entry(
            slots, table, as_array(arena), as_array(name + labels), *spans, keys[pair]
        )
        assert (found if found != EMPTY else UNKNOWN) == naive.find_entry(numbers, name, labels)
