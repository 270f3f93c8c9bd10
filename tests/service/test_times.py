"""Times in requests and answers: `daemon.times`."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.events import rfc3339
from daemon.times import parse_time, shown_times


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:01Z", 1.0),
        ("1970-01-01t01:00:01.5+01:00", 1.5),
        ("1969-12-31T23:59:59z", -1.0),
        ("1998-12-31T23:59:60Z", 915148800.0),
    ],
)
def test_every_spelling_of_rfc_3339_is_read(text: str, seconds: float) -> None:
    """Zones, fractions, small letters and leap seconds belong to it."""
    assert parse_time(text) == round(seconds * 1e9)


@pytest.mark.parametrize(
    "text",
    ["0.5", "1700000000", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z", 1, ""],
)
def test_nothing_else_is_taken_for_a_time(text: object) -> None:
    """A number or a time without a zone could mean several things."""
    with pytest.raises(ValueError, match=r"RFC 3339|month"):
        parse_time(text)


@pytest.mark.parametrize("step", [10**9, 250 * 10**6, 86_400 * 10**9, 1])
def test_times_written_together_look_like_one_written_alone(step: int) -> None:
    """Whole seconds, parts of them, before 1970 and after: the same text."""
    times = np.arange(-5, 20, dtype=np.int64) * step + 1_767_225_598 * 10**9

    assert shown_times(times) == [rfc3339(time) for time in times.tolist()]
    assert shown_times(times[:0]) == []
    assert shown_times(np.array([-(10**9)])) == ["1969-12-31T23:59:59Z"]
