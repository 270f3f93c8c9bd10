"""Collected samples become columns; what cannot be used is dropped once, with one reason."""

from __future__ import annotations

import doctest

import numpy as np

from codecs_under_test import batch_of
from daemon.config import GroupingSection, InputSection, MetricRule, SeriesSection
from daemon.formats import columns as module
from daemon.formats.columns import EXCERPT_BYTES, Columns, Limits
from daemon.formats.faults import DecodeFault, Fault
from daemon.records import DropReason
from daemon.series import SeriesTable

RULES = [MetricRule(match="low", valid_min=0.0), MetricRule(match="high", valid_max=10.0)]


def table_of(*names: str) -> SeriesTable:
    """Make a table of metrics without labels."""
    table = SeriesTable(SeriesSection(), RULES, GroupingSection(), InputSection())
    for name in names:
        table.resolve(name, {})
    return table


def test_examples_in_the_docstrings_hold() -> None:
    """The examples a reader sees are true."""
    assert doctest.testmod(module).failed == 0


def test_parts_share_their_time_and_record() -> None:
    """A part's time and record are those of each of its samples; an empty part has none."""
    columns = Columns(batch_of([b"", b"", b""]), Limits(InputSection(), RULES))
    columns.add_part(0, 1_700_000_000, 1)
    columns.add_part(1, 1_700_000_001, 0)
    columns.add_part(2, "1970-01-01T00:00:02Z", 2)
    columns.series.extend([0, 1, 0])
    columns.value.extend([1.0, 2.0, 3.0])

    samples = columns.finish(table_of("a", "b"))

    assert samples.time.tolist() == [1_700_000_000 * 10**9, 2 * 10**9, 2 * 10**9]
    assert samples.record.tolist() == [0, 2, 2]
    assert samples.series.dtype == samples.record.dtype == np.dtype("i4")


def test_each_sample_is_dropped_for_one_reason() -> None:
    """Refused series come first, then time, then the value, so that reasons add up."""
    columns = Columns(batch_of([b""]), Limits(InputSection(value_abs_max=100), RULES))
    columns.add_part(0, -1, 2)
    columns.add_part(0, 1_700_000_000, 7)
    columns.series.extend([-1, 2, -1, 2, 2, 0, 0, 1, 1])
    nan = float("nan")
    columns.value.extend([nan, nan, 1.0, nan, 101.0, -1.0, 0.0, 11.0, 10.0])

    samples = columns.finish(table_of("low", "high", "any"))

    assert samples.value.tolist() == [0.0, 10.0]
    assert samples.dropped == {
        DropReason.EXCLUDED: 2,
        DropReason.BAD_TIME: 1,
        DropReason.NOT_FINITE: 1,
        DropReason.OUT_OF_RANGE: 3,
    }


def test_negative_zero_is_zero() -> None:
    """Equal values have equal bits, so that ties are ties."""
    columns = Columns(batch_of([b""]), Limits(InputSection(), ()))
    columns.add_part(0, 1, 1)
    columns.series.append(0)
    columns.value.append(-0.0)

    samples = columns.finish(table_of("a"))

    assert not np.signbit(samples.value[0])


def test_dead_letter_of_a_large_record_is_an_excerpt() -> None:
    """A record refused for its size is not carried along whole."""
    columns = Columns(batch_of([b"x" * 10_000]), Limits(InputSection(), ()))

    columns.refuse(0, Fault(DecodeFault.TOO_LARGE, "too large"))

    letters = columns.finish(table_of()).dead_letters
    assert [len(letter.value or b"") for letter in letters] == [EXCERPT_BYTES]
