"""JSON numbers to float64, correctly rounded.

Short numbers take one operation: where w and 10^|q| are floats themselves, IEEE's product or
quotient of the two is w * 10^q correctly rounded (Clinger 1990, "How to Read Floating Point Numbers
Accurately", PLDI). For all others the method is Lemire's (2021, "Number Parsing at a Gigabyte per
Second", Software: Practice and Experience 51), without its slow paths: w times a 128-bit power of
five, shifted. The few that this cannot decide, and those out of the normal range, are refused;
whoever calls then asks a slower parser.
"""

from __future__ import annotations

import numpy as np

from daemon.kernels.words import WORD, ZEROS, eight_digits, leading_digits, word_at
from hebbstream._jit import exact_kernel
from hebbstream.arrays import U8

#: The powers of ten of the table.
POWER_MIN, POWER_MAX = -342, 308
#: Down to 10^-NEAR the table's reciprocals are rounded up, beyond that cut off.
NEAR = 27
#: Significant digits that surely fit 64 bits.
DIGITS_MAX = 19
#: Whole numbers up to MANTISSA_MAX and powers of ten up to EXACT_POWER_MAX are floats themselves.
MANTISSA_MAX, EXACT_POWER_MAX = 2**53, 22
#: Exponents of more digits are refused.
EXPONENT_DIGITS_MAX = 4

MINUS, POINT, ZERO, NINE = ord("-"), ord("."), ord("0"), ord("9")
PLUS, SMALL_E, LARGE_E = ord("+"), ord("e"), ord("E")

_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_NONE, _ONE, _THREE, _TEN = np.uint64(0), np.uint64(1), np.uint64(3), np.uint64(10)
_ALL = np.uint64(2**64 - 1)
_WHOLE_MAX = np.uint64(2**63 - 1)
#: Bits of the product below those that decide the rounding: 64 - (52 explicit + 3).
_SPARE_BITS = np.uint64(9)
_SPARE = np.uint64(2**9 - 1)
_TOP_SHIFT = np.uint64(63)
_IMPLICIT = np.uint64(2**52)
_EXPONENT_SHIFT = np.uint64(52)
_BITS_MAX, _BIAS = 63, 1023
_BYTE_BITS = np.uint64(8)
#: Powers of ten by the digits that are appended at once.
_WHOLE_TENS = np.array([10**count for count in range(WORD + 1)], dtype=np.uint64)

# 5^q to 128 bits or more: far reciprocals, near ones (which have to be rounded up), whole powers.
_FIVES = [
    *(2 ** (2 * (5**n - 1).bit_length() + 128) // 5**n + 1 for n in range(-POWER_MIN, NEAR, -1)),
    *(2 ** ((5**n - 1).bit_length() + 127) // 5**n + 1 for n in range(NEAR, 0, -1)),
    *(5**n << 128 for n in range(POWER_MAX + 1)),
]
_TOPS = [power >> (power.bit_length() - 128) for power in _FIVES]
#: Top 128 bits of each power of five, high word first.
POWERS = np.array([word for top in _TOPS for word in divmod(top, 2**64)], dtype=np.uint64)

_EXACT_MANTISSA = np.uint64(MANTISSA_MAX)
_TENS = np.array([10.0**power for power in range(EXACT_POWER_MAX + 1)])


@exact_kernel
def multiply(a: np.uint64, b: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Multiply two 64-bit numbers.

    Parameters
    ----------
    a, b : uint64
        Factors.

    Returns
    -------
    tuple of uint64 and uint64
        High and low word of the product.
    """
    a_high, a_low, b_high, b_low = a >> _HALF, a & _LOW, b >> _HALF, b & _LOW
    low = a_low * b_low
    cross = a_high * b_low + (low >> _HALF)
    middle = a_low * b_high + (cross & _LOW)
    return a_high * b_high + (cross >> _HALF) + (middle >> _HALF), a * b


@exact_kernel
def _leading_zeros(number: np.uint64) -> np.uint64:
    """Count the zeros before the first bit of a number that has one."""
    # Without the bit that may follow the first, no float rounds it up to the next power of two.
    first = np.float64(number & ~(number >> _ONE))
    exponent = np.uint64(first.view(np.int64)) >> _EXPONENT_SHIFT
    return np.uint64(_BITS_MAX + _BIAS) - exponent


@exact_kernel
def _long_bits(mantissa: np.uint64, power: int) -> int:
    """Round as `float_bits` does, by the table of powers."""
    if mantissa == _NONE:
        return 0
    if power < POWER_MIN or power > POWER_MAX:
        return -1
    shift = _leading_zeros(mantissa)
    mantissa <<= shift
    at = 2 * (power - POWER_MIN)
    high, low = multiply(mantissa, POWERS[at])
    if high & _SPARE == _SPARE:
        more, _ = multiply(mantissa, POWERS[at + 1])
        low += more
        if low < more:
            high += _ONE
        if low == _ALL:
            return -1
    top = high >> _TOP_SHIFT
    digits = high >> (top + _SPARE_BITS)
    exponent = ((217706 * power) >> 16) + 63 + np.int64(top) - np.int64(shift) + 1023
    if exponent <= 0:
        return -1
    # Half way between two floats, exactly: drop the bit that would round up.
    exact = digits << (top + _SPARE_BITS) == high
    if low <= _ONE and -4 <= power <= 23 and digits & _THREE == _ONE and exact:
        digits -= _ONE
    digits = (digits + (digits & _ONE)) >> _ONE
    if digits >= _IMPLICIT << _ONE:
        digits = _IMPLICIT
        exponent += 1
    if exponent >= 2047:
        return -1
    bits = (digits - _IMPLICIT) | (np.uint64(exponent) << _EXPONENT_SHIFT)
    return np.int64(bits)  # type: ignore[return-value]


@exact_kernel
def _bits_of(number: np.float64) -> int:
    """Take a float's bits."""
    return np.float64(number).view(np.int64)  # type: ignore[return-value]


@exact_kernel
def float_bits(mantissa: np.uint64, power: int) -> int:
    """Round mantissa * 10^power to the nearest float64, ties to even.

    Parameters
    ----------
    mantissa : uint64
        Any.
    power : int64
        Any.

    Returns
    -------
    int64
        The bits of the float; -1 when it is not normal or not decided.
    """
    if mantissa > _EXACT_MANTISSA or power < -EXACT_POWER_MAX or power > EXACT_POWER_MAX:
        return _long_bits(mantissa, power)
    if power < 0:
        return _bits_of(np.float64(mantissa) / _TENS[-power])
    return _bits_of(np.float64(mantissa) * _TENS[power])


@exact_kernel
def scan_digits(buffer: U8, position: int, stop: int, number: np.uint64) -> tuple[int, np.uint64]:
    """Append decimal digits to a number, modulo 2^64.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    position, stop : int64
        Where to begin and where the text ends.
    number : uint64
        What the digits so far make.

    Returns
    -------
    tuple of int64 and uint64
        Where the digits end, and the number.
    """
    while position + WORD <= len(buffer):
        digits = word_at(buffer, position) ^ ZEROS
        count = min(leading_digits(digits), stop - position)
        if count < WORD:
            if count > 0:
                digits <<= _BYTE_BITS * np.uint64(WORD - count)
                number = number * _WHOLE_TENS[count] + eight_digits(digits)
            return position + max(count, 0), number
        number = number * _WHOLE_TENS[WORD] + eight_digits(digits)
        position += WORD
    while position < stop and ZERO <= buffer[position] <= NINE:
        number = number * _TEN + np.uint64(buffer[position] - ZERO)
        position += 1
    return position, number


@exact_kernel
def _read_exponent(buffer: U8, position: int, stop: int) -> tuple[int, int]:
    """Read what follows an e: where it ends, -1 when it is none or long, and the number."""
    down = position < stop and buffer[position] == MINUS
    if down or (position < stop and buffer[position] == PLUS):
        position += 1
    begin = position
    position, exponent = scan_digits(buffer, begin, stop, _NONE)
    if not 0 < position - begin <= EXPONENT_DIGITS_MAX:
        return -1, 0
    return position, -np.int64(exponent) if down else np.int64(exponent)  # type: ignore[return-value]


@exact_kernel
def read_whole(buffer: U8, position: int, stop: int) -> tuple[int, int]:
    """Read a JSON number that is whole and not negative.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    position, stop : int64
        Where the number begins and where the text ends.

    Returns
    -------
    tuple of int64 and int64
        Where the number ends, and the number; both are -1 when it is none, or has a point or an
        exponent, or is not below 2^63.
    """
    begin = position
    position, number = scan_digits(buffer, begin, stop, _NONE)
    digits = position - begin
    if not 0 < digits <= DIGITS_MAX or (digits > 1 and buffer[begin] == ZERO):
        return -1, -1
    if position < stop and buffer[position] in (POINT, SMALL_E, LARGE_E):
        return -1, -1
    if number > _WHOLE_MAX:
        return -1, -1
    return position, np.int64(number)  # type: ignore[return-value]


@exact_kernel
def read_number(buffer: U8, position: int, stop: int) -> tuple[int, int, int]:
    """Read a JSON number.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    position, stop : int64
        Where the number begins and where the text ends.

    Returns
    -------
    tuple of int64, int64 and int64
        Where the number ends; the bits of its float64; and the number itself where it is whole,
        not negative and below 2^63, else -1. The end is -1 when it is no number, or one that is
        left to a slower parser.
    """
    negative = position < stop and buffer[position] == MINUS
    first = position + 1 if negative else position
    position, mantissa = scan_digits(buffer, first, stop, _NONE)
    digits = position - first
    if digits == 0 or (digits > 1 and buffer[first] == ZERO):
        return -1, 0, -1
    power = 0
    whole = not negative
    if position < stop and buffer[position] == POINT:
        point = position + 1
        position, mantissa = scan_digits(buffer, point, stop, mantissa)
        power = point - position
        if power == 0:
            return -1, 0, -1
        if buffer[first] == ZERO:
            digits = 0
            while point < position and buffer[point] == ZERO:
                point += 1
        digits += position - point
        whole = False
    if digits > DIGITS_MAX:
        return -1, 0, -1
    if position < stop and (buffer[position] == SMALL_E or buffer[position] == LARGE_E):
        position, exponent = _read_exponent(buffer, position + 1, stop)
        if position < 0:
            return -1, 0, -1
        power += exponent
        whole = False
    bits = float_bits(mantissa, power)
    if bits < 0:
        return -1, 0, -1
    sign = np.int64(-(2**63)) if negative else np.int64(0)
    fits = whole and mantissa <= _WHOLE_MAX
    return position, bits | sign, np.int64(mantissa) if fits else -1  # type: ignore[return-value]
