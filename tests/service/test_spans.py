"""Columns of byte strings."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from daemon.spans import Spans

parts = st.lists(st.none() | st.binary(max_size=5), max_size=8)


@given(given_parts=parts, cut=st.slices(8))
def test_reads_like_the_list_it_was_made_of(given_parts: list[bytes | None], cut: slice) -> None:
    """Length, items from both ends, slices and iteration."""
    spans = Spans.of(given_parts)

    assert list(spans) == given_parts
    assert [spans[at] for at in range(-len(spans), len(spans))] == given_parts * 2
    assert list(spans[cut]) == given_parts[cut]


def test_holds_one_buffer() -> None:
    """Nothing is kept twice; nulls take no bytes and differ from empty strings."""
    spans = Spans.of([b"ab", None, b"", b"c"])

    assert spans.data == b"abc"
    assert spans.array.tolist() == [97, 98, 99]
    assert (spans.stop - spans.start).tolist() == [2, -1, 0, 1]
    assert spans.start.dtype == spans.stop.dtype == np.int64
    assert repr(spans) == "Spans.of([b'ab', None, b'', b'c'])"


def test_nothing_is_fine() -> None:
    """A column may be empty."""
    assert list(Spans.of([])) == []
    assert Spans.of([None]).array.tolist() == []
