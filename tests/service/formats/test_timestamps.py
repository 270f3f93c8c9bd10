"""Timestamps of every spelling, exact and bounded."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config import TimestampUnit
from daemon.formats import timestamps as module
from daemon.formats.timestamps import (
    NO_TIME,
    SCALES,
    TIME_END,
    float_to_ns,
    floats_to_ns,
    text_to_ns,
    whole_to_ns,
)

#: Seconds from 1973-03-03 to 2199, which auto must tell apart in every unit.
TOLD_APART = st.integers(10**8, TIME_END // 10**9 - 1)
UNITS = [unit for unit in TimestampUnit if unit is not TimestampUnit.AUTO]


def test_examples_in_the_docstrings_hold() -> None:
    """The examples a reader sees are true."""
    assert doctest.testmod(module).failed == 0


@given(st.lists(st.tuples(TOLD_APART, st.sampled_from(UNITS)), max_size=9))
def test_auto_tells_units_apart(drawn: list[tuple[int, TimestampUnit]]) -> None:
    """A time in any unit is recognised, number by number."""
    numbers = [seconds * (10**9 // SCALES[unit]) for seconds, unit in drawn]

    times = whole_to_ns(numbers, TimestampUnit.AUTO)

    assert times.tolist() == [seconds * 10**9 for seconds, _ in drawn]


@given(st.lists(st.integers(-(2**70), 2**70), max_size=9), st.sampled_from(list(TimestampUnit)))
def test_whole_numbers_never_wrap(numbers: list[int], unit: TimestampUnit) -> None:
    """The exact product, or no time: never another time."""
    times = whole_to_ns(numbers, unit)

    for number, time in zip(numbers, times.tolist(), strict=True):
        scale = time // number if unit is TimestampUnit.AUTO and time > 0 else SCALES.get(unit, 1)
        if time != NO_TIME:
            assert 0 <= time < TIME_END
            assert time == number * scale
        elif unit is not TimestampUnit.AUTO:
            assert not 0 <= number * scale < TIME_END - scale


@given(st.floats(), st.sampled_from(UNITS))
def test_fractions_are_rounded_once(number: float, unit: TimestampUnit) -> None:
    """A float's time is within half a nanosecond and the product's own rounding of the truth."""
    time = float_to_ns(number, unit)

    if time != NO_TIME:
        assert 0 <= time < TIME_END
        assert abs(time - Fraction(number) * SCALES[unit]) <= Fraction(1, 2) + Fraction(1, 2**20)


@given(st.lists(st.floats(), max_size=9), st.sampled_from(list(TimestampUnit)))
def test_many_fractions_are_converted_as_one(numbers: list[float], unit: TimestampUnit) -> None:
    """The fast conversion gives the same nanoseconds as the plain one."""
    times = floats_to_ns(numbers, unit)

    assert times.tolist() == [float_to_ns(number, unit) for number in numbers]


@given(st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31)), st.integers(0, 999))  # noqa: DTZ001
def test_rfc3339_reads_back(at: datetime, nanoseconds: int) -> None:
    """Every digit counts."""
    text = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}{nanoseconds:03d}Z"
    since = at.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)

    time = text_to_ns(text)

    whole = (since.days * 86_400 + since.seconds) * 10**9
    assert time == whole + at.microsecond * 1000 + nanoseconds


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t00:00:01z", 10**9),
        ("1970-01-01 01:30:00+01:30", 0),
        ("1969-12-31T23:00:00-01:00", 0),
        ("1972-06-30T23:59:60Z", 78_796_800 * 10**9),
        ("1970-01-01T00:00:00.9999999999Z", 999_999_999),
        ("1970-01-01T00:00:00", NO_TIME),
        ("1969-12-31T23:59:59Z", NO_TIME),
        ("2200-01-01T00:00:00Z", NO_TIME),
        ("1970-13-01T00:00:00Z", NO_TIME),
        ("1970-01-01T24:00:00Z", NO_TIME),
        ("1970-01-01T00:00:61Z", NO_TIME),
        ("1970-01-01T00:00:00+24:00", NO_TIME),
        ("1970-01-01T00:00:00+00:60", NO_TIME),
        ("\N{ARABIC-INDIC DIGIT ONE}970-01-01T00:00:00Z", NO_TIME),
        ("1700000000", NO_TIME),
        ("", NO_TIME),
    ],
)
def test_rfc3339_by_example(text: str, time: int) -> None:
    """Zones, leap seconds, too many digits, and what is no time."""
    assert text_to_ns(text) == time


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_none(text: str) -> None:
    """No text raises."""
    assert text_to_ns(text) == NO_TIME or 0 <= text_to_ns(text) < TIME_END
