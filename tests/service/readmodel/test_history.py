"""A group's last scores: `daemon.readmodel.history`."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from daemon.readmodel.history import ScoreBuffer


def append(buffer: ScoreBuffer, first: int, count: int, limit: int) -> None:
    """Append `count` rows that can be told apart."""
    ticks = np.arange(first, first + count, dtype=np.int64)
    buffer.append(ticks, np.stack([ticks / 2, ticks / 4, ticks % 2]), limit)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 40)), max_size=30))
def test_the_last_rows_are_kept(steps: list[tuple[int, int]]) -> None:
    """Whatever the sizes of blocks, and though the limit may change at any time."""
    buffer, everything = ScoreBuffer(), 0
    kept = 0
    for count, limit in steps:
        append(buffer, everything, count, limit)
        everything += count
        kept = min(kept + count, limit) if count else kept

        view = buffer.span().view()
        expected = np.arange(everything - kept, everything)
        np.testing.assert_array_equal(view.ticks, expected)
        np.testing.assert_array_equal(view.score, expected / 2)
        np.testing.assert_array_equal(view.p_value, expected / 4)
        np.testing.assert_array_equal(view.kind, expected % 2)
        assert buffer.capacity <= 4 * max(32, limit) or not count


@given(st.lists(st.integers(1, 20), max_size=40), st.integers(1, 30))
def test_what_was_published_never_changes(counts: list[int], limit: int) -> None:
    """A reader may keep a view for ever."""
    buffer, first = ScoreBuffer(), 0
    published = []
    for count in counts:
        append(buffer, first, count, limit)
        first += count
        view = buffer.span().view()
        published.append((view, view.ticks.copy(), view.score.copy()))

    for view, ticks, score in published:
        np.testing.assert_array_equal(view.ticks, ticks)
        np.testing.assert_array_equal(view.score, score)
        assert not view.score.flags.writeable
