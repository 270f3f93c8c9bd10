"""Timestamps of every spelling to integer Unix nanoseconds, without ever wrapping or raising.

A time before 1970 or from 2200 on is no time (-1): it can only be a fault, and the headroom below
the end of int64 nanoseconds (2262) lets framing add durations without overflow.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np

from daemon.config import TimestampUnit
from daemon.records import I64, NANOSECONDS

#: First time that is refused: 2200-01-01T00:00:00Z.
TIME_END = 7_258_118_400 * NANOSECONDS
#: What stands for a time that cannot be used.
NO_TIME = -1

SCALES = {
    TimestampUnit.S: NANOSECONDS,
    TimestampUnit.MS: 1_000_000,
    TimestampUnit.US: 1_000,
    TimestampUnit.NS: 1,
}
#: auto: a number below each bound is in the unit of that scale. Seconds up to the year 5138 and
#: milliseconds from 1973 on, and so forth, so that every time from 1973 to 2286 is told apart.
_BOUNDS = (
    (10**11, SCALES[TimestampUnit.S]),
    (10**14, SCALES[TimestampUnit.MS]),
    (10**17, SCALES[TimestampUnit.US]),
)
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INT64_MAX = 2**63 - 1


def _scale_of(magnitude: float, unit: TimestampUnit) -> int:
    if unit is not TimestampUnit.AUTO:
        return SCALES[unit]
    return next((scale for bound, scale in _BOUNDS if magnitude < bound), 1)


def whole_to_ns(numbers: list[int], unit: TimestampUnit) -> I64:
    """Convert whole numbers, all at once.

    Parameters
    ----------
    numbers : list of int
        Timestamps of any size and sign.
    unit : TimestampUnit
        Their unit; auto decides for each by its magnitude.

    Returns
    -------
    int64[len(numbers)]
        Unix nanoseconds, NO_TIME where out of range.
    """
    try:
        times = np.array(numbers, dtype=np.int64)
    except OverflowError:
        times = np.array([n if 0 <= n <= _INT64_MAX else NO_TIME for n in numbers], dtype=np.int64)
    if not len(times):
        return times
    low, high = int(times.min()), int(times.max())
    scale: int | I64 = _scale_of(high, unit)
    if unit is TimestampUnit.AUTO and _scale_of(low, unit) != scale:
        scale = np.select([times < bound for bound, _ in _BOUNDS], [s for _, s in _BOUNDS], 1)
    if low < 0 or high >= TIME_END // int(np.max(scale)):
        usable = (times >= 0) & (times < TIME_END // scale)
        return np.where(usable, np.where(usable, times, 0) * scale, NO_TIME)
    return times * scale


def float_to_ns(number: float, unit: TimestampUnit) -> int:
    """Convert one fractional number: exactly to its whole part, the fraction rounded half to even.

    Parameters
    ----------
    number : float
        Timestamp.
    unit : TimestampUnit
        Its unit; auto decides by its magnitude.

    Returns
    -------
    int
        Unix nanoseconds, NO_TIME when out of range or not finite.

    Examples
    --------
    >>> float_to_ns(1700000000.25, TimestampUnit.AUTO)
    1700000000250000000
    >>> float_to_ns(float("nan"), TimestampUnit.AUTO)
    -1
    """
    if not 0 <= number < TIME_END:
        return NO_TIME
    scale = _scale_of(number, unit)
    fraction, whole = math.modf(number)
    time = int(whole) * scale + round(fraction * scale)
    return time if time < TIME_END else NO_TIME


def floats_to_ns(numbers: list[float], unit: TimestampUnit) -> I64:
    """Convert fractional numbers, all at once; each becomes what `float_to_ns` makes of it.

    Parameters
    ----------
    numbers : list of float
        Timestamps of any size and sign, NaN and infinities included.
    unit : TimestampUnit
        Their unit; auto decides for each by its magnitude.

    Returns
    -------
    int64[len(numbers)]
        Unix nanoseconds, NO_TIME where out of range or not finite.
    """
    given = np.array(numbers, dtype=np.float64)
    given = np.where((given >= 0) & (given < TIME_END), given, NO_TIME)
    scale: int | I64 = SCALES.get(unit, 1)
    if unit is TimestampUnit.AUTO:
        scale = np.select([given < bound for bound, _ in _BOUNDS], [s for _, s in _BOUNDS], 1)
    whole = np.floor(given)
    usable = (given >= 0) & (whole < TIME_END // scale)
    parts = np.where(usable, whole, 0).astype(np.int64) * scale
    times = parts + np.rint((given - whole) * scale).astype(np.int64)
    return np.where(usable & (times < TIME_END), times, NO_TIME)


def spelled_as_time(text: str) -> bool:
    """Tell whether a text is written as RFC 3339 wants it, be it a time that can be used or not.

    Examples
    --------
    >>> spelled_as_time("0001-01-01T00:00:00Z"), spelled_as_time("2026-01-01T00:00:00")
    (True, False)
    """
    return _RFC3339.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def text_to_ns(text: str) -> int:
    """Read an RFC 3339 time; digits beyond nanoseconds are cut off.

    Parameters
    ----------
    text : str
        For example `2026-01-01T00:00:00.5Z` or `2026-01-01 01:00:00+01:00`.

    Returns
    -------
    int
        Unix nanoseconds, NO_TIME when it is no such text or out of range. A leap second counts as
        the first second of the next minute.

    Examples
    --------
    >>> text_to_ns("2026-01-01T01:00:00.000000001+01:00")
    1767225600000000001
    >>> text_to_ns("yesterday")
    -1
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        return NO_TIME
    year, month, day, hour, minute, second = (int(match[i]) for i in range(1, 7))
    leap = int(second == 60)
    try:
        at = datetime(year, month, day, hour, minute, second - leap, tzinfo=UTC)
    except ValueError:
        return NO_TIME
    offset_hours, offset_minutes = int(match[9] or 0), int(match[10] or 0)
    if offset_hours > 23 or offset_minutes > 59:
        return NO_TIME
    offset = (3600 * offset_hours + 60 * offset_minutes) * (-1 if match[8] == "-" else 1)
    seconds = (at - _EPOCH).days * 86_400 + (at - _EPOCH).seconds + leap - offset
    time = seconds * NANOSECONDS + int((match[7] or "0").ljust(9, "0")[:9])
    return time if 0 <= time < TIME_END else NO_TIME
