"""Pieces of line protocol, against twins made of regular expressions and Python's numbers."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_lines as naive
from daemon.kernels import line_text
from hebbstream.arrays import U8

SIGNS = ' \t\r\n#\\,="tTrRuUeEfFaAlLsSiu0159.-+xé\x01'
WORDS = ["true", "True", "TRUE", "tRUE", "TRue", "t", "F", "false", "fALSE", "False", "FALSE",
         '"text"', '"a b,c=1"', '"é"', "1i", "-1i", "-0i", "-0", "7u", "-7u", "1.5i", "1e3u",
         "9223372036854775807i", "9223372036854775808i", "18446744073709551615u", "--1i", "2.5",
         "# note\n", " \n", "name=", "größe=", "m,a=b\\ c "]  # fmt: skip
texts = st.lists(st.sampled_from(WORDS) | st.text(SIGNS, max_size=4), max_size=4).map(
    lambda parts: "".join(parts).encode()
)
numbers = st.integers(-(2**70), 2**70).map(str) | st.floats(allow_nan=False).map(repr)


def as_array(data: bytes) -> U8:
    """Make the array a kernel gets."""
    return np.frombuffer(data, dtype=np.uint8)


def number_of(bits: int) -> bytes:
    """Tell -0.0 from 0.0."""
    return struct.pack("<q", bits)


@settings(max_examples=300)
@given(text=texts)
@pytest.mark.parametrize(
    ("kernel", "twin"),
    [
        (line_text.skip_margin, naive.skip_margin),
        (line_text.next_line, naive.next_line),
        (line_text.skip_head, naive.skip_head),
        (line_text.skip_name, naive.skip_name),
    ],
    ids=["margin", "line", "head", "name"],
)
def test_pieces_equal_the_twins(
    kernel: Callable[[U8, int, int], object], twin: Callable[[bytes, int, int], object], text: bytes
) -> None:
    """Wherever the text begins and ends, and nothing beyond."""
    for start, stop in ((0, len(text)), (min(1, len(text)), len(text)), (0, max(len(text) - 1, 0))):
        assert kernel(as_array(text), start, stop) == twin(text, start, stop)


@settings(max_examples=300)
@given(text=texts.map(lambda text: b'"' + text))
def test_text_equals_the_twin(text: bytes) -> None:
    """Up to the closing quote, or not at all."""
    for stop in (len(text), len(text) - 1, 1):
        expected = naive.skip_text(text, 0, stop)
        assert line_text.skip_text(as_array(text), 0, stop) == expected


@settings(max_examples=400)
@given(text=texts.filter(bool) | st.tuples(numbers, texts).map(lambda t: t[0].encode() + t[1]))
@pytest.mark.parametrize(
    ("kernel", "twin"),
    [
        (line_text.read_boolean, naive.read_boolean),
        (line_text.read_quantity, naive.read_quantity),
        (line_text.read_value, naive.read_value),
    ],
    ids=["boolean", "quantity", "value"],
)
def test_values_equal_the_twins(
    kernel: Callable[[U8, int, int], tuple[int, ...]],
    twin: Callable[[bytes, int, int], tuple[int | float, ...]],
    text: bytes,
) -> None:
    """To the last bit; what is left to a slower parser may be missing."""
    for stop in {len(text), max(len(text) - 1, 1)}:
        end, bits, *sample = kernel(as_array(text), 0, stop)

        expected, value, *samples = twin(text, 0, stop)
        assert end in (-1, expected)
        if end >= 0:
            assert number_of(bits) == struct.pack("<d", value)
            assert sample == samples


@given(whole=st.integers(-(10**18), 10**18), suffix=st.sampled_from(["i", "u", ""]))
def test_plain_integers_are_read(whole: int, suffix: str) -> None:
    """None of them is left to the codec, but for a negative number that is said to have no sign."""
    text = f"{whole}{suffix}".encode()

    end, bits = line_text.read_quantity(as_array(text), 0, len(text))

    assert end == (-1 if whole < 0 and suffix == "u" else len(text))
    assert end < 0 or number_of(bits) == struct.pack("<d", float(whole))


@pytest.mark.parametrize("word", ["t", "T", "true", "True", "TRUE", "f", "F", "false", "False"])
def test_booleans_are_read(word: str) -> None:
    """Each of the spellings there are."""
    end, bits = line_text.read_boolean(as_array(word.encode()), 0, len(word))

    assert end == len(word)
    assert number_of(bits) == struct.pack("<d", float(word[0] in "tT"))
