"""Samples to frames, by event time: pure, without a clock, the same for every split into batches.

Late and ahead samples are judged by `daemon.event_clock`, who belongs to a group at which tick by
`daemon.membership`, rates and differences are computed by `daemon.counters`, and blocks are made by
`daemon.closing`. Here they are put together, and samples wait until their tick closes.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from daemon.closing import Closing
from daemon.config import FramingSection, GroupingSection, MetricRule
from daemon.counters import ValueHistory
from daemon.event_clock import NEVER, EventClock
from daemon.framer_state import FramerState
from daemon.membership import Membership, MemoryLimit
from daemon.records import (
    I64,
    NANOSECONDS,
    DropReason,
    FrameBlock,
    RecordBatch,
    SampleBatch,
    Series,
)
from daemon.series import SeriesTable
from daemon.waiting import Waiting
from daemon.winners import Winners

#: Series a table may hold beyond twice those in use before the others are forgotten.
UNUSED_SERIES_MAX = 4096
#: No duration counts for more than this many nanoseconds (292 years end int64).
_FOREVER = 2**61


#: Samples of the frames that one call takes, beyond which it takes fewer groups: its results have
#: to stay in the second cache.
CELLS_MAX = 16_384


@dataclass(frozen=True, slots=True)
class Framed:
    """What became of a batch.

    Attributes
    ----------
    blocks : list of FrameBlock
        Closed frames, in order for each group.
    framed : int
        Samples that are in these frames.
    dropped : dict
        Samples that are not, by reason. Reasons that are decided when a tick closes appear then:
        over all calls, samples in = framed + dropped + pending.
    pending : int
        Samples waiting for their tick to close.
    vanished : tuple of str
        Groups that ended and did not begin again; to be forgotten after the blocks.
    forgotten : int
        Groups that ended to make room for others.
    """

    blocks: list[FrameBlock]
    framed: int
    dropped: dict[DropReason, int]
    pending: int
    vanished: tuple[str, ...]
    forgotten: int = 0


def in_one_call(blocks: Iterable[FrameBlock]) -> Iterator[list[FrameBlock]]:
    """Cut blocks into stretches that may go through one call, each group but once.

    Parameters
    ----------
    blocks : iterable of FrameBlock
        In order.

    Yields
    ------
    list of FrameBlock
        Of the same ticks; one that starts its group is the first, so that what ended before it is
        told first.
    """
    stretch: list[FrameBlock] = []
    names: set[str] = set()
    cells = 0
    for block in blocks:
        size = block.frames.size
        other = stretch and block.ticks is not stretch[0].ticks
        if stretch and (other or block.starts or block.group in names or cells + size > CELLS_MAX):
            yield stretch
            stretch, names, cells = [], set(), 0
        stretch.append(block)
        names.add(block.group)
        cells += size
    if stretch:
        yield stretch


def _nanoseconds(seconds: float) -> int:
    return round(min(seconds * NANOSECONDS, _FOREVER))


class Framer:
    """Frames the samples of one input partition.

    Parameters
    ----------
    framing : FramingSection
        Grid, lateness, gaps, retention.
    grouping : GroupingSection
        Limits.
    metrics : sequence of MetricRule
        Counters and transforms; the rules `table` was built with.
    table : SeriesTable
        The series `SampleBatch.series` points into. The framer forgets series nobody uses, which
        renumbers the others: a batch must be pushed before the next one is decoded.
    """

    def __init__(
        self,
        framing: FramingSection,
        grouping: GroupingSection,
        metrics: Sequence[MetricRule],
        table: SeriesTable,
        memory: MemoryLimit | None = None,
    ) -> None:
        interval = _nanoseconds(framing.interval)
        lateness, ahead = _nanoseconds(framing.lateness), _nanoseconds(framing.max_ahead)
        self._clock = EventClock(interval, lateness, ahead)
        self._gap_ticks = _nanoseconds(framing.gap_max) // interval
        self._table = table
        retention = max(1, math.ceil(_nanoseconds(framing.retention) / interval))
        self._membership = Membership(
            table, grouping.groups_max, grouping.series_per_group_max, retention, memory
        )
        self._history = ValueHistory(metrics)
        self._waiting = Waiting()

    @property
    def interval_ns(self) -> int:
        """Grid step, nanoseconds."""
        return self._clock.interval

    @property
    def watermark(self) -> int:
        """Time up to which frames are closed, Unix nanoseconds; 0 before the first sample."""
        return self._clock.watermark

    @property
    def newest(self) -> int | None:
        """Newest accepted event time, Unix nanoseconds; None before the first sample."""
        return None if self._clock.newest == NEVER else self._clock.newest

    @property
    def pending(self) -> int:
        """Samples waiting for their tick to close."""
        return len(self._waiting)

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups that exist, sorted."""
        return tuple(sorted(self._membership.groups))

    @property
    def series_count(self) -> int:
        """Series that are members of a group."""
        return self._membership.member_count()

    def members(self, group: str) -> tuple[Series, ...]:
        """Return a group's series in column order after the last block; none if it is gone."""
        state = self._membership.groups.get(group)
        return tuple(self._table.identities[i] for i in state.members) if state else ()

    def state(self) -> FramerState:
        """Copy what is held between two batches."""
        clock, table = self._clock, self._table
        self._membership.resize(len(table))
        self._history.resize(len(table))
        waiting = self._waiting
        return FramerState(
            newest=clock.newest,
            newest_offset=clock.newest_offset,
            idle_until=clock.idle_until,
            identities=list(table.identities),
            groups=self._membership.copies(),
            seen=self._membership.seen.copy(),
            last_time=self._history.time.copy(),
            last_sample=self._history.sample.copy(),
            last_value=self._history.value.copy(),
            waiting_series=waiting.series.copy(),
            waiting_time=waiting.time.copy(),
            waiting_value=waiting.value.copy(),
            watermark=clock.watermark,
        )

    def restore(self, state: FramerState) -> None:
        """Go on where `state` was taken; the arrays are owned from now on.

        Raises
        ------
        IndexError, ValueError
            When the state contradicts itself; the framer is of no use then.
        """
        clock = self._clock
        clock.newest, clock.newest_offset = state.newest, state.newest_offset
        clock.idle_until = state.idle_until
        derived = max(state.newest - clock.lateness, state.idle_until)
        clock.watermark = derived if state.watermark < 0 else state.watermark
        self._table.adopt(state.identities)
        self._membership.restore(state.groups, state.seen)
        self._history.time, self._history.sample = state.last_time, state.last_sample
        self._history.value = state.last_value
        self._waiting.restore(state.waiting_series, state.waiting_time, state.waiting_value)

    @property
    def idle_until(self) -> int:
        """Watermark `close_idle` has moved to, Unix nanoseconds; 0 when it never has."""
        return self._clock.idle_until

    def idle_end(self) -> int | None:
        """Return the watermark `close_idle` would move to; None when it would do nothing."""
        return self._clock.newest_end()

    def push(self, samples: SampleBatch, batch: RecordBatch) -> Framed:
        """Take in a batch; return the frames it closes.

        Parameters
        ----------
        samples : SampleBatch
            Decoded samples, in record order.
        batch : RecordBatch
            The records they came from.

        Returns
        -------
        Framed
            Closed frames and counts.
        """
        if not len(samples.time):
            return Framed([], 0, {}, self.pending, ())
        closed = self._clock.closed
        advance = self._clock.advance(samples, batch)
        self._waiting.add(samples, advance.kept)
        return self._close(closed, advance.levels, advance.offsets, Counter(advance.dropped))

    def close_idle(self) -> Framed:
        """Close every waiting tick, as if the watermark had reached the end of the newest one.

        For an input that went quiet, and for the end of a file. Samples that still come for these
        ticks are late.

        Returns
        -------
        Framed
            Closed frames and counts.
        """
        closed = self._clock.closed
        ends = self._clock.close_newest()
        if ends is None:
            return Framed([], 0, {}, self.pending, ())
        return self._close(closed, *ends, Counter())

    def _close(self, start: int, levels: I64, offsets: I64, dropped: Counter[DropReason]) -> Framed:
        """Make frames of the ticks from `start` to what is closed now."""
        end = self._clock.closed
        if start >= end:
            return Framed([], 0, dict(dropped), self.pending, ())
        count = len(self._table)
        self._membership.resize(count)
        self._history.resize(count)
        interval = self._clock.interval
        winners = Winners.choose(
            *self._waiting.take(end * interval), self._table.group_of(), interval
        )
        closing = Closing(winners, self._membership, self._table, self._gap_ticks)
        closing.plan(start, end)
        rules = self._table.rule_of()
        blocks, framed = closing.assemble(self._history, rules, interval, levels, offsets)
        self._forget_unused()
        dropped.update(closing.dropped)
        vanished = tuple(sorted(closing.vanished))
        forgotten = closing.forgotten
        return Framed(blocks, framed, dict(dropped), self.pending, vanished, forgotten)

    def _forget_unused(self) -> None:
        """Purge the table when most of it is neither member nor waiting."""
        if len(self._table) <= 2 * self._membership.member_count() + UNUSED_SERIES_MAX:
            return
        used = self._membership.column >= 0
        used[self._waiting.series] = True
        indices = np.flatnonzero(used).astype(np.int32)
        if len(self._table) <= 2 * len(indices) + UNUSED_SERIES_MAX:
            return
        renumbered = self._table.retain(indices)
        self._membership.retain(indices, renumbered)
        self._history.retain(indices)
        self._waiting.series[:] = renumbered[self._waiting.series]
