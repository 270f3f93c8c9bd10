"""A group's last scores, in memory that is only ever appended to.

What has been published is never written again, so publishing is taking a slice: no copy, no lock.
When a buffer is full, what is still wanted moves to a new one and the old one lives as long as a
reader holds a slice of it.
"""

from __future__ import annotations

import numpy as np

from daemon.readmodel.views import F32, I8, ScoreHistory
from daemon.records import F64, I64

_SMALLEST = 32


class ScoreBuffer:
    """Appends verdicts and gives out the last of them."""

    __slots__ = ("_end", "_kind", "_p_value", "_score", "_start", "_ticks")

    def __init__(self) -> None:
        self._start = self._end = 0
        self._make(0)

    @property
    def capacity(self) -> int:
        """Rows there is memory for."""
        return len(self._ticks)

    def append(self, ticks: I64, score: F64, p_value: F64, kind: F64, limit: int) -> None:
        """Add a block of verdicts and forget all but the last `limit`.

        Parameters
        ----------
        ticks : int64[T]
            Grid steps.
        score, p_value : float64[T]
            Verdicts.
        kind : float64[T]
            Values of `Kind`.
        limit : int
            Rows to keep, at least 1; may change from call to call.
        """
        added = min(len(ticks), limit)
        if not added:
            return
        kept = min(self._end - self._start, limit - added)
        if self._end + added > self.capacity or self.capacity > 4 * max(limit, _SMALLEST):
            self._move(kept, added, limit)
        start, stop = self._end, self._end + added
        self._ticks[start:stop] = ticks[-added:]
        self._score[start:stop] = score[-added:]
        self._p_value[start:stop] = p_value[-added:]
        self._kind[start:stop] = kind[-added:]
        self._start, self._end = start - kept, stop

    def view(self) -> ScoreHistory:
        """Return what is kept, read-only and without a copy."""
        rows = slice(self._start, self._end)
        history = ScoreHistory(
            self._ticks[rows], self._score[rows], self._p_value[rows], self._kind[rows]
        )
        for array in (history.ticks, history.score, history.p_value, history.kind):
            array.setflags(write=False)
        return history

    def _make(self, capacity: int) -> None:
        self._ticks: I64 = np.empty(capacity, np.int64)
        self._score: F32 = np.empty(capacity, np.float32)
        self._p_value: F32 = np.empty(capacity, np.float32)
        self._kind: I8 = np.empty(capacity, np.int8)

    def _move(self, kept: int, added: int, limit: int) -> None:
        """Move the last `kept` rows to new memory with room for `added` and more."""
        rows = slice(self._end - kept, self._end)
        old = (self._ticks[rows], self._score[rows], self._p_value[rows], self._kind[rows])
        wanted = kept + added
        self._make(max(wanted, min(2 * limit, max(_SMALLEST, 2 * wanted))))
        self._ticks[:kept], self._score[:kept], self._p_value[:kept], self._kind[:kept] = old
        self._start, self._end = 0, kept
