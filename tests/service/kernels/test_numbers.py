"""Numbers to floats, to the last bit."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import naive_json as naive
from daemon.kernels.numbers import float_bits, multiply, read_number, read_whole, scan_digits

words = st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 2**32 - 1, 2**32, 2**63, 2**64 - 1])


def read(text: bytes) -> tuple[int, float, int]:
    """Read with the kernel; the value as a float."""
    end, bits, whole = read_number(np.frombuffer(text + b" ", dtype=np.uint8), 0, len(text))
    return end, struct.unpack("<d", struct.pack("<q", bits))[0], whole


def bits_of(number: float) -> bytes:
    """Tell -0.0 from 0.0."""
    return struct.pack("<d", number)


@settings(deadline=None)
@given(a=words, b=words)
def test_products_equal_the_twins(a: int, b: int) -> None:
    """All 128 bits."""
    high, low = multiply(np.uint64(a), np.uint64(b))

    assert (int(high), int(low)) == naive.multiply(a, b)


@settings(deadline=None, max_examples=1000)
@given(mantissa=words, power=st.integers(-330, 300))
@example(mantissa=9007199254740993, power=0)  # half way between two floats
@example(mantissa=9007199254740995, power=0)
@example(mantissa=15, power=-1)
@example(mantissa=5, power=-324)
def test_rounding_is_to_the_nearest(mantissa: int, power: int) -> None:
    """Every float that is given equals the exact fraction's; few are refused, all far out."""
    bits = float_bits(np.uint64(mantissa), power)

    assert bits == -1 or bits == naive.float_bits(mantissa, power)
    assert bits != -1 or not -290 < power < 285


@settings(deadline=None, max_examples=1000)
@given(mantissa=st.integers(0, 2**53 + 2), power=st.integers(-24, 24))
@example(mantissa=2**53, power=22)  # the largest that one operation rounds
@example(mantissa=2**53 + 1, power=22)
@example(mantissa=2**53, power=-22)
@example(mantissa=2**53 - 1, power=-23)
@example(mantissa=0, power=22)
def test_short_numbers_are_rounded_to_the_nearest(mantissa: int, power: int) -> None:
    """None of them is refused, on either side of what one operation can do."""
    assert float_bits(np.uint64(mantissa), power) == naive.float_bits(mantissa, power)


@pytest.mark.parametrize("seed", range(4))
def test_half_way_numbers_go_to_the_even(seed: int) -> None:
    """Numbers of 54 bits lie exactly between two floats."""
    rng = np.random.default_rng(seed)
    for odd in rng.integers(2**52, 2**53, 200):
        number = 2 * int(odd) + 1
        assert float_bits(np.uint64(number), 0) == naive.float_bits(number, 0)


@settings(deadline=None, max_examples=500)
@given(
    text=st.text("0123456789x", max_size=25).map(str.encode),
    number=words,
    behind=st.sampled_from([b"", b"7", b"7777777", b"77777777", b"x7777777777"]),
)
def test_digits_equal_the_twins(text: bytes, number: int, behind: bytes) -> None:
    """Any digits, up to the first that is none, whatever stands behind the text."""
    buffer = np.frombuffer(text + behind, dtype=np.uint8)

    end, whole = scan_digits(buffer, 0, len(text), np.uint64(number))

    assert (end, int(whole)) == naive.scan_digits(text, 0, len(text), number)


@settings(deadline=None, max_examples=1000)
@given(
    text=st.floats(allow_nan=False, allow_infinity=False).map(repr)
    | st.integers(-(2**70), 2**70).map(str)
    | st.decimals(-(10**6), 10**6, places=6).map(str)
    | st.sampled_from(["9223372036854775807", "9223372036854775808", "18446744073709551615"])
    | st.from_regex(r"-?[0-9]{1,4}(\.[0-9]{0,20})?([eE][+-]?[0-9]{0,3})?", fullmatch=True)
    | st.text("0123456789.eE+-", max_size=12)
)
def test_numbers_equal_the_twins(text: str) -> None:
    """What is read is Python's float of the same text; the rest is refused, never misread."""
    end, value, whole = read(text.encode())

    expected = naive.read_number(text.encode(), 0, len(text))
    if end >= 0:
        assert (end, whole) == (expected[0], expected[2])
        assert bits_of(value) == bits_of(expected[1])


@settings(deadline=None, max_examples=500)
@given(
    text=st.integers(-2, 2**64).map(str)
    | st.from_regex(r"-?[0-9]{0,20}[.eE,} x]?[0-9]?", fullmatch=True)
    | st.sampled_from(["0", "00", "007", "9223372036854775807", "9223372036854775808"]),
    behind=st.sampled_from(["", "5", "}55555555", ".55555555"]),
)
def test_whole_numbers_equal_the_twins(text: str, behind: str) -> None:
    """A time is read where it is one, and what stands behind its text is not looked at."""
    buffer = np.frombuffer((text + behind).encode(), dtype=np.uint8)

    found = read_whole(buffer, 0, len(text))

    assert found == naive.read_whole(text.encode(), 0, len(text))


@pytest.mark.parametrize("shift", range(64))
def test_every_leading_bit_is_found(shift: int) -> None:
    """Mantissas of any length, such as a conversion to float would round up, are rounded right."""
    for mantissa in {2**shift, 2 ** (shift + 1) - 1}:
        assert float_bits(np.uint64(mantissa), -25) == naive.float_bits(mantissa, -25)


def test_ordinary_numbers_are_read() -> None:
    """Counts, times, ratios and what a float prints as need no slower parser."""
    rng = np.random.default_rng(3)
    texts = ["0", "-0", "1700000000123", "0.5", "-12.25", "1e6", "1.5E-7", "99.999", "3.0e+10"]
    texts += [repr(float(x)) for x in rng.normal(size=300) * 10.0 ** rng.integers(-9, 9, 300)]

    for text in texts:
        assert read(text.encode())[:2] == (len(text), float(text))
