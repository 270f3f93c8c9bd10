"""A group's last scores, in memory that is only ever appended to.

What has been published is never written again, so publishing is taking a slice: no copy, no lock.
When a buffer is full, what is still wanted moves to a new one and the old one lives as long as a
reader holds a slice of it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from daemon.readmodel.views import F32, ScoreHistory
from daemon.records import F64, I64

_SMALLEST = 32
#: Score, p-value and channel.
_ROWS = 3


class ScoreSpan(NamedTuple):
    """What is kept of a buffer at a moment; taking it copies nothing.

    Attributes
    ----------
    ticks : int64[C]
        The buffer's grid steps.
    rows : float32[3, C]
        Its scores, p-values and channels.
    start, stop : int
        What of them is kept.
    """

    ticks: I64
    rows: F32
    start: int
    stop: int

    def view(self) -> ScoreHistory:
        """Return what is kept, read-only."""
        kept = slice(self.start, self.stop)
        score, p_value, kind = self.rows[:, kept]
        history = ScoreHistory(self.ticks[kept], score, p_value, kind.astype(np.int8))
        for array in (history.ticks, history.score, history.p_value, history.kind):
            array.setflags(write=False)
        return history


class ScoreBuffer:
    """Appends verdicts and gives out the last of them."""

    __slots__ = ("_end", "_rows", "_start", "_ticks")

    def __init__(self) -> None:
        self._start = self._end = 0
        self._make(0)

    @property
    def capacity(self) -> int:
        """Rows there is memory for."""
        return len(self._ticks)

    def append(self, ticks: I64, rows: F64, limit: int) -> None:
        """Add a block of verdicts and forget all but the last `limit`.

        Parameters
        ----------
        ticks : int64[T]
            Grid steps.
        rows : float64[3, T]
            Score, p-value and channel of each.
        limit : int
            Rows to keep, at least 1; may change from call to call.
        """
        added = len(ticks)
        if not added:
            return
        if added > limit:
            ticks, rows, added = ticks[-limit:], rows[:, -limit:], limit
        kept = min(self._end - self._start, limit - added)
        capacity = len(self._ticks)
        if self._end + added > capacity or capacity > 4 * max(limit, _SMALLEST):
            self._move(kept, added, limit)
        start, stop = self._end, self._end + added
        self._ticks[start:stop] = ticks
        self._rows[:, start:stop] = rows
        self._start, self._end = start - kept, stop

    def span(self) -> ScoreSpan:
        """Return what is kept, for any thread and for ever."""
        return ScoreSpan(self._ticks, self._rows, self._start, self._end)

    def _make(self, capacity: int) -> None:
        self._ticks: I64 = np.empty(capacity, np.int64)
        self._rows: F32 = np.empty((_ROWS, capacity), np.float32)

    def _move(self, kept: int, added: int, limit: int) -> None:
        """Move the last `kept` rows to new memory with room for `added` and more."""
        old = slice(self._end - kept, self._end)
        ticks, rows = self._ticks[old], self._rows[:, old]
        wanted = kept + added
        self._make(max(wanted, min(2 * limit, max(_SMALLEST, 2 * wanted))))
        self._ticks[:kept], self._rows[:, :kept] = ticks, rows
        self._start, self._end = 0, kept
