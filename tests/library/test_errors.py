"""The error tree."""

from __future__ import annotations

import pytest

from hebbstream import HebbstreamError, InvariantError, SeriesError, SnapshotError, errors


def test_all_errors_have_one_root() -> None:
    """Everything raised on purpose is a HebbstreamError that says whether waiting helps."""
    kinds: list[type[HebbstreamError]] = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and kind.__module__ == errors.__name__
    ]

    assert all(issubclass(kind, HebbstreamError) for kind in kinds)
    assert all(kind.retriable is False for kind in kinds)
    assert SnapshotError in kinds


def test_check_stops_at_a_broken_invariant() -> None:
    """A condition that does not hold raises with its message; one that holds is silent."""
    errors.check(1 > 0, "fine")

    with pytest.raises(InvariantError, match="broken"):
        errors.check(1 < 0, "broken")


def test_series_errors_read_like_sentences() -> None:
    """The message is not quoted as a key would be."""
    assert str(SeriesError("no series 'x'")) == "no series 'x'"
