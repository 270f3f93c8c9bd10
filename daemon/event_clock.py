"""Event time of one input partition: which samples are late or ahead, and which steps are closed.

The watermark is the newest event time so far minus the lateness. It is judged sample by sample, so
the verdict on a sample is the same however records were split into polls. Samples of series that
a limit refuses move it; samples the codec dropped (excluded, bad time and so on) do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.kernels.event_clock import CLOCK_SIZE, NEWEST, NEWEST_OFFSET, judge
from daemon.records import I64, DropReason, RecordBatch, SampleBatch

#: `newest` before the first sample.
NEVER = -1


@dataclass(frozen=True, slots=True)
class Advance:
    """What a batch did to the event clock.

    Attributes
    ----------
    kept : bool[S]
        Samples that are neither late nor ahead.
    levels : int64[K]
        The watermark each time it closed a step, rising.
    offsets : int64[K]
        Offset of the record that closed it.
    dropped : dict
        How many were late and ahead.
    """

    kept: NDArray[np.bool_]
    levels: I64
    offsets: I64
    dropped: dict[DropReason, int]


@dataclass(slots=True)
class EventClock:
    """Newest event time and watermark; all durations in nanoseconds.

    Attributes
    ----------
    interval, lateness, max_ahead : int
        Grid step, how late a sample may be, how far before its record's timestamp.
    newest : int
        Newest event time so far, NEVER before the first sample.
    newest_offset : int
        Offset of the last record that held an accepted sample, -1 before the first.
    idle_until : int
        Watermark an idle input was closed up to; 0 when it never was.
    watermark : int
        Time up to which frames are closed, Unix nanoseconds; 0 before the first sample. Where the
        lateness has changed since, it stays until the new one is past it, or a sample comes.
    """

    interval: int
    lateness: int
    max_ahead: int
    newest: int = NEVER
    newest_offset: int = -1
    idle_until: int = 0
    watermark: int = 0

    @property
    def closed(self) -> int:
        """First tick that is still open."""
        return self.watermark // self.interval

    def advance(self, samples: SampleBatch, batch: RecordBatch) -> Advance:
        """Judge samples in order and move on.

        Parameters
        ----------
        samples : SampleBatch
            Decoded samples, in record order.
        batch : RecordBatch
            The records they came from.

        Returns
        -------
        Advance
            The verdicts and the watermark's course.
        """
        count, before = len(samples.time), self.watermark
        known = max(self.newest - self.lateness, before), self.newest_offset
        kept = np.empty(count, dtype=np.bool_)
        levels, closers = np.empty((2, count), dtype=np.int64)
        clock = np.zeros(CLOCK_SIZE, dtype=np.int64)
        clock[NEWEST], clock[NEWEST_OFFSET] = self.newest, self.newest_offset
        judge(
            samples.time, samples.record, batch.timestamps, batch.offsets, clock, kept, levels,
            closers, self.interval, self.lateness, self.max_ahead, before,
        )  # fmt: skip
        self.newest, self.newest_offset, late, ahead, closings = clock.tolist()
        counts = {DropReason.LATE: late, DropReason.AHEAD: ahead}
        dropped = {reason: count for reason, count in counts.items() if count}
        self.watermark = max(self.newest - self.lateness, before)
        levels, closers = levels[:closings], closers[:closings]
        if known[0] // self.interval > before // self.interval:  # the lateness was lowered
            levels, closers = np.append(known[0], levels), np.append(known[1], closers)
        return Advance(kept, levels, closers, dropped)

    def newest_end(self) -> int | None:
        """Return the end of the newest sample's step; None when that step is closed already."""
        if self.newest == NEVER:
            return None
        end = (self.newest // self.interval + 1) * self.interval
        return None if end <= self.watermark else end

    def close_newest(self) -> tuple[I64, I64] | None:
        """Move the watermark to the end of the newest sample's step.

        Returns
        -------
        tuple of int64[1] and int64[1], or None
            Watermark and offset, as in Advance; None when that step is closed already.
        """
        end = self.newest_end()
        if end is None:
            return None
        self.idle_until = self.watermark = end
        return np.array([end], dtype=np.int64), np.array([self.newest_offset], dtype=np.int64)
