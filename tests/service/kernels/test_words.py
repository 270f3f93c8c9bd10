"""Eight bytes at a time, against the text they stand for."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

import naive_json as naive
from daemon.kernels.words import WORD, ZEROS, eight_digits, leading_digits, word_at

#: Digits, what stands beside them in ASCII, and what a carry could come from.
near_digits = st.sampled_from(b"0123456789/:.,-eE}\x00\x7f\x80\x89\x8a\xb9\xff")


@settings(deadline=None)
@given(text=st.binary(min_size=WORD, max_size=24), data=st.data())
def test_words_equal_the_twins(text: bytes, data: st.DataObject) -> None:
    """The first byte is the lowest, wherever the word begins."""
    at = data.draw(st.integers(0, len(text) - WORD))

    word = word_at(np.frombuffer(text, dtype=np.uint8), at)

    assert int(word) == naive.word_at(text, at)


@settings(deadline=None, max_examples=1000)
@given(
    text=st.lists(near_digits, min_size=WORD, max_size=WORD).map(bytes)
    | st.binary(min_size=WORD, max_size=WORD)
    | st.integers(0, 10**WORD).map(lambda number: b"%-8d" % (number % 10**WORD))
)
@example(text=b"99999999")
@example(text=b"00000000")
@example(text=b"\xff9999999")
def test_leading_digits_equal_the_twins(text: bytes) -> None:
    """Whatever the bytes behind the first that is no digit."""
    digits = np.uint64(naive.word_at(text, 0)) ^ ZEROS

    assert leading_digits(digits) == naive.leading_digits(text)


@settings(deadline=None, max_examples=500)
@given(number=st.integers(0, 10**WORD - 1))
@example(number=10**WORD - 1)
def test_eight_digits_equal_the_twins(number: int) -> None:
    """Every number of eight digits, leading zeros too."""
    text = b"%08d" % number

    read = eight_digits(np.uint64(naive.word_at(text, 0)) ^ ZEROS)

    assert int(read) == naive.eight_digits(text)
