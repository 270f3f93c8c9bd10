"""Windows of time as people write them, and samples that lie in one."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.errors import ConfigError
from daemon.records import DropReason, SampleBatch
from daemon.windows import TIME_END, Window, outside, parse_time

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        (
            "2026-03-01T10:00:00Z..2026-03-01T12:30:00.25Z",
            1772359200_000000000,
            1772368200_250000000,
        ),
        ("2026-03-01T11:00+01:00..2026-03-01 12:30", 1772359200_000000000, 1772368200_000000000),
        ("1772359200..1772368200.5", 1772359200_000000000, 1772368200_500000000),
        ("..100", 0, 100_000000000),
    ],
)
def test_reads_times_as_people_write_them(text: str, start: int, end: int) -> None:
    """RFC 3339 with any zone, without one UTC, or Unix seconds; either side may be open."""
    assert Window.parse(text) == Window(start, end)


def test_a_window_may_have_no_end() -> None:
    """Everything from a time on."""
    assert Window.parse("100..") == Window(100 * SECOND, TIME_END)


@pytest.mark.parametrize(
    "text",
    ["", "..", "100", "200..100", "yesterday..100", "1..nan", "1..inf", "1e99..", "1e9999999.."],
)
def test_refuses_what_is_no_window(text: str) -> None:
    """The message says what is wrong with it."""
    with pytest.raises(ConfigError, match=r"write FROM\.\.TO|no time|before it begins"):
        Window.parse(text)


def test_times_are_exact_to_the_microsecond() -> None:
    """No float stands between the text and the nanoseconds."""
    assert parse_time("2026-03-01T10:00:00.123456Z") == 1772359200_123456000


def test_samples_in_a_window_count_as_excluded() -> None:
    """From the start on, not at the end; the others keep order and record."""
    samples = SampleBatch(
        series=np.arange(5, dtype=np.int32),
        time=np.array([1, 2, 3, 4, 9], np.int64),
        value=np.arange(5.0),
        record=np.array([0, 0, 1, 1, 2], np.int32),
        dropped={DropReason.EXCLUDED: 2},
    )

    left = outside(samples, [Window(2, 4), Window(9, 10)])

    assert left.time.tolist() == [1, 4]
    assert left.series.tolist() == [0, 3]
    assert left.record.tolist() == [0, 1]
    assert left.dropped == {DropReason.EXCLUDED: 5}
    assert outside(samples, []) is samples
    assert outside(samples, [Window(100, 200)]) is samples
