"""Eight bytes at a time: text as 64-bit words, and the decimal digits in one.

A word holds its first byte lowest, whatever the machine's own order. That eight digits are one
number by three multiplications is Langdale and Lemire's (2019, "Parsing Gigabytes of JSON per
Second", The VLDB Journal 28).
"""

from __future__ import annotations

import numpy as np

from hebbstream._jit import exact_kernel
from hebbstream.arrays import U8

#: Bytes of a word.
WORD = 8
#: Eight zeros as text; a digit of text and a zero differ by what the digit stands for.
ZEROS = np.uint64(0x3030303030303030)

_1, _2, _3, _4, _5, _6, _7 = (np.uint64(at) for at in range(1, WORD))
_S1, _S2, _S3, _S4, _S5, _S6, _S7 = (np.uint64(8 * at) for at in range(1, WORD))
_ONE, _TEN = np.uint64(1), np.uint64(10)
#: Added to a byte above nine it sets the highest bit.
_TO_HIGH, _HIGH = np.uint64(0x7676767676767676), np.uint64(0x8080808080808080)
_EACH_LOW, _TOP_BYTE = np.uint64(0x0101010101010101), np.uint64(56)
_PAIRS, _UPPER = np.uint64(0x000000FF000000FF), np.uint64(32)
_OUTER = np.uint64(100 + (1_000_000 << 32))
_INNER = np.uint64(1 + (10_000 << 32))


@exact_kernel
def word_at(buffer: U8, position: int) -> np.uint64:
    """Take eight bytes as one number.

    Parameters
    ----------
    buffer : uint8[B], in
        Text.
    position : int64
        The first byte, not negative; all eight stand in `buffer`.

    Returns
    -------
    uint64
        The first byte lowest.
    """
    # Such places are never counted from the end; so this is one load.
    at = np.uint64(position)
    return (
        np.uint64(buffer[at])
        | np.uint64(buffer[at + _1]) << _S1
        | np.uint64(buffer[at + _2]) << _S2
        | np.uint64(buffer[at + _3]) << _S3
        | np.uint64(buffer[at + _4]) << _S4
        | np.uint64(buffer[at + _5]) << _S5
        | np.uint64(buffer[at + _6]) << _S6
        | np.uint64(buffer[at + _7]) << _S7
    )


@exact_kernel
def leading_digits(digits: np.uint64) -> int:
    """Count the digits a word begins with.

    Parameters
    ----------
    digits : uint64
        Text, exclusive or ZEROS.

    Returns
    -------
    int64
        0 to 8.
    """
    others = ((digits + _TO_HIGH) | digits) & _HIGH
    if others == np.uint64(0):
        return WORD
    # Sums carry only beyond the first that is no digit; below it, count a bit of each byte.
    below = ((others & (~others + _ONE)) - _ONE) >> _7
    return np.int64(((below & _EACH_LOW) * _EACH_LOW) >> _TOP_BYTE)  # type: ignore[return-value]


@exact_kernel
def eight_digits(digits: np.uint64) -> np.uint64:
    """Make a number of eight digits.

    Parameters
    ----------
    digits : uint64
        What each digit stands for, the first lowest.

    Returns
    -------
    uint64
        The number.
    """
    pairs = digits * _TEN + (digits >> _S1)
    outer, inner = (pairs & _PAIRS) * _OUTER, ((pairs >> _S2) & _PAIRS) * _INNER
    return (outer + inner) >> _UPPER
