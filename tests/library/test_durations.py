"""Durations."""

from __future__ import annotations

import pytest

from hebbstream.durations import seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", 90),
        ("15m", 900),
        ("6h", 21_600),
        ("3d", 259_200),
        ("1h30m", 5400),
        ("2w", 1_209_600),
    ],
)
def test_text_is_read(text: str, expected: float) -> None:
    """The usual suffixes and their combinations are read."""
    assert seconds(text) == expected


@pytest.mark.parametrize("value", [0, 7, 2.5, "2.5"])
def test_numbers_are_seconds(value: float | str) -> None:
    """A number, or text that is one, is seconds."""
    assert seconds(value) == float(value)


@pytest.mark.parametrize("value", ["soon", "", None, True, [], float("nan"), "inf"])
def test_anything_else_is_refused(value: object) -> None:
    """The message shows how durations are written."""
    with pytest.raises(ValueError, match="not a duration"):
        seconds(value)
