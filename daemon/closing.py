"""One closing: the samples of the ticks that just closed become blocks of frames.

Planning walks the groups and decides who is a member at which tick; assembling then fills all
frames at once. Nothing here looks at more than the samples, the members and the range of ticks.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from daemon.counters import ValueHistory
from daemon.kernels.closing import (
    STEADY_BASE,
    STEADY_LAST,
    STEADY_ROWS,
    fill_frames,
    note_seen,
    place_samples,
    take_all_steady,
)
from daemon.membership import SILENT_TICKS, GroupState, Membership
from daemon.records import I32, I64, DropReason, FrameBlock, Series
from daemon.series import SeriesTable
from daemon.winners import Winners
from hebbstream.arrays import BOOL

#: Longest block, so that a long gap does not become one huge array.
BLOCK_TICKS = 256


class _Plan(NamedTuple):
    """A block to be: who, which ticks, and where its values stand in the buffer (-1: all NaN)."""

    group: str
    starts: bool
    joined: tuple[Series, ...]
    left: tuple[str, ...]
    first: int
    length: int
    columns: int
    base: int


class _Span(NamedTuple):
    """A group, which of the range's samples are its own, and the tick it begins with."""

    group: GroupState
    low: int
    high: int
    start: int


class Closing:
    """Plans and assembles the blocks of one range of ticks.

    Parameters
    ----------
    winners : Winners
        The range's samples.
    membership : Membership
        Groups and members; moved on to the end of the range.
    table : SeriesTable
        The partition's series.
    gap_ticks : int
        Ticks of silence of a group that are stepped through as empty frames.
    """

    def __init__(
        self, winners: Winners, membership: Membership, table: SeriesTable, gap_ticks: int
    ) -> None:
        self.vanished: set[str] = set()
        self.forgotten = 0
        self._refused: set[str] = set()
        self.dropped: Counter[DropReason] = Counter(winners.dropped)
        self._w = winners
        self._membership = membership
        self._names = table.group_names
        self._gap = gap_ticks
        self._plans: list[_Plan] = []
        self._used = np.ones(len(winners.tick), dtype=np.bool_)
        self._place: I64 = np.zeros(len(winners.tick), dtype=np.int64)
        self._joined = np.zeros(len(winners.tick), dtype=np.bool_)
        self._size = 0
        self._sliced: tuple[tuple[int, int], dict[str, tuple[int, int]]] = (0, 0), {}

    def plan(self, start: int, end: int) -> None:
        """Decide the frames of ticks [start, end).

        The range is cut where a group may vanish, because that makes room for another, and where
        one begins that may be too many, so that who is forgotten does not depend on the range.
        """
        membership, at = self._membership, start
        while at < end:
            self.vanished.update(membership.forget_vanished(at))
            self._refused = set()
            born = self._born(at, end)
            tight = membership.may_be_full(len(born))
            if tight and at in born:
                self._make_room(at)
                born = self._born(at, end)
            stop = min(self._stops(at, end, born, tight=tight))
            self._plan_range(at, stop)
            at = stop
        self.vanished.update(membership.forget_vanished(end))
        self.vanished.difference_update(membership.groups)

    def _stops(self, at: int, end: int, born: list[int], *, tight: bool) -> list[int]:
        """List the ticks behind `at` where what is decided about groups may change."""
        membership = self._membership
        groups = membership.groups.values()
        stops = [end, membership.next_vanish(end)]
        stops.extend(tick + membership.lifetime for tick in born)
        if tight:
            last = [*born, *(group.data_tick for group in groups)]
            changes = [*born, *(tick + SILENT_TICKS + 1 for tick in last)]
            stops.extend(tick for tick in changes if tick > at)
        if self._refused:  # there may be memory for them at any tick
            stops.append(at + 1)
        return stops

    def _born(self, start: int, end: int) -> list[int]:
        """List the ticks at which groups that do not exist yet have their first sample."""
        unknown = self._unknown(self._slices(start, end)).values()
        return [int(self._w.tick[low]) for low, _ in unknown]

    def _make_room(self, at: int) -> None:
        """Let silent groups go for those that begin at a tick."""
        here = self._slices(at, at + 1)
        born = self._unknown(here)
        coming = {n: len(np.unique(self._w.series[low:high])) for n, (low, high) in born.items()}
        forgotten, self._refused = self._membership.make_room(at, coming, here)
        self.vanished.update(forgotten)
        self.forgotten += len(forgotten)

    def _unknown(self, slices: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
        """Pick the groups that do not exist yet."""
        known = self._membership.groups
        return {name: found for name, found in slices.items() if name not in known}

    def _plan_range(self, start: int, end: int) -> None:
        """Plan a range in which no group vanishes: groups only appear, until there are too many."""
        slices, starts = self._slices(start, end), {}
        unknown = self._unknown(slices)
        for name in sorted(unknown, key=lambda name: (self._w.tick[unknown[name][0]], name)):
            low, high = unknown[name]
            tick = int(self._w.tick[low])
            if name in self._refused:
                self._refuse(np.arange(low, high), DropReason.MEMORY_LIMIT)
            elif self._membership.create(name, tick):
                starts[name] = tick
            else:
                self._refuse(np.arange(low, high), DropReason.GROUP_LIMIT)
        spans = []
        for name, group in sorted(self._membership.groups.items()):
            low, high = slices.get(name, (0, 0))
            spans.append(_Span(group, low, high, starts.get(name, start)))
        for span, base in zip(spans, self._take_steady(spans, end), strict=True):
            if base >= 0:
                self._add(span.group, span.start, end - span.start, base)
            else:
                self._plan_group(*span, end)

    def _take_steady(self, spans: list[_Span], end: int) -> list[int]:
        """Take the samples of groups whose members stay, as most do; where each block begins.

        The block of one whose members may change begins at -1, and nothing is done with it.
        """
        w, members = self._w, self._membership
        told = []
        for group, low, high, start in spans:
            short = end - start <= BLOCK_TICKS and end - group.data_tick <= self._gap + 1
            stay = short and members.is_steady(group, end)
            columns = len(group.members) if stay else 0
            told.append((low, high, start, (end - start) * columns, columns, -1, -1))
        steady: I64 = np.array(told, np.int64).reshape(len(told), STEADY_ROWS).T.copy()
        self._size = take_all_steady(
            w.series, w.tick, members.column, members.seen, self._place, steady, self._size
        )
        for span, last in zip(spans, steady[STEADY_LAST].tolist(), strict=True):
            if last >= 0:
                span.group.data_tick = last
        bases: list[int] = steady[STEADY_BASE].tolist()
        return bases

    def _slices(self, start: int, end: int) -> dict[str, tuple[int, int]]:
        """Find each group's samples in a range of ticks; mostly one asks twice for the same."""
        if self._sliced[0] != (start, end):
            self._sliced = (start, end), self._slice(start, end)
        return self._sliced[1]

    def _slice(self, start: int, end: int) -> dict[str, tuple[int, int]]:
        ranks = np.searchsorted(self._w.levels, (start, end))
        w = self._w
        lows, highs = (
            np.searchsorted(w.order, w.present * w.span + rank).tolist() for rank in ranks
        )
        found = zip(w.present.tolist(), lows, highs, strict=True)
        return {self._names[group]: (low, high) for group, low, high in found if low < high}

    def _refuse(self, positions: I64, reason: DropReason) -> None:
        self._used[positions] = False
        self.dropped[reason] += len(positions)

    def _plan_group(self, group: GroupState, low: int, high: int, start: int, end: int) -> None:
        """Walk one group from change to change of its members; its samples are [low, high)."""
        w, members = self._w, self._membership
        block, at, done, anchor = start, start, low, group.data_tick
        while at < end:
            here = done + int(np.searchsorted(w.tick[done:high], at, "right"))
            leaving = members.leaving(group, at)
            now = w.series[done:here]
            absent = members.column[now] < 0
            if len(leaving):
                absent |= np.isin(now, leaving)
            joining = members.joining(group, now[absent], len(leaving)) if absent.any() else []
            if len(leaving) or joining:
                self._emit(group, anchor, (low, done), (block, at))
                members.change(group, leaving, joining, at)
                low, block, anchor = done, at, group.data_tick
                self._joined[done:here] = np.isin(now, joining)
            at = self._next_change(group, here, high, end)
            upto = here + int(np.searchsorted(w.tick[here:high], at))
            self._note(group, done, upto)
            done = upto
        self._emit(group, anchor, (low, high), (block, end))

    def _next_change(self, group: GroupState, here: int, high: int, end: int) -> int:
        """Find the next tick where members may change; the samples to come are [here, high)."""
        members, following = self._membership, end
        if group.members:
            following = min(following, group.oldest + members.retention + 1)
        if members.has_room(group):
            absent = np.flatnonzero(members.column[self._w.series[here:high]] < 0)
            if len(absent):
                following = min(following, int(self._w.tick[here + absent[0]]))
        return following

    def _note(self, group: GroupState, low: int, high: int) -> None:
        """Refuse samples of non-members in [low, high), remember when members were seen."""
        w, members = self._w, self._membership
        refused, last = note_seen(
            w.series, w.tick, members.column, members.seen, self._used, low, high
        )
        if refused:
            self.dropped[DropReason.SERIES_LIMIT] += refused
        if last >= 0:
            group.data_tick = last

    def _emit(
        self, group: GroupState, anchor: int, samples: tuple[int, int], ticks: tuple[int, int]
    ) -> None:
        """Plan blocks for a range of ticks with the present members and a range of samples.

        `anchor` is the last tick with data before the range.
        """
        columns, (low, high) = len(group.members), samples
        if ticks[0] >= ticks[1] or not columns:
            return
        at = self._w.tick[low:high]
        for first, last in _stretches(anchor, at, self._used[low:high], ticks, self._gap):
            for begin in range(first, last, BLOCK_TICKS):
                count = min(BLOCK_TICKS, last - begin)
                inner = low + np.searchsorted(at, (begin, begin + count))
                base = self._reserve(int(inner[0]), int(inner[1]), begin, count, columns)
                self._add(group, begin, count, base)

    def _add(self, group: GroupState, first: int, count: int, base: int) -> None:
        """Add a block with the present members to the plan."""
        joined, left, columns = tuple(group.joined), tuple(group.left), len(group.members)
        plan = _Plan(group.name, group.starts, joined, left, first, count, columns, base)
        self._plans.append(plan)
        group.joined, group.left, group.starts = [], [], False

    def _reserve(self, low: int, high: int, first: int, count: int, columns: int) -> int:
        """Take room in the buffer for a block, and note where its samples [low, high) go."""
        w, base = self._w, self._size
        placed = place_samples(
            w.series, w.tick, self._membership.column, self._used, self._place, low, high, base,
            first, columns,
        )  # fmt: skip
        if not placed:
            return -1
        self._size += count * columns
        return base

    def assemble(
        self, history: ValueHistory, rules: I32, interval: int, levels: I64, offsets: I64
    ) -> tuple[list[FrameBlock], int]:
        """Fill the planned frames.

        Parameters
        ----------
        history : ValueHistory
            Last values, for rates and differences.
        rules : int32[n]
            Metric rule of every series.
        interval : int
            Grid step, nanoseconds.
        levels, offsets : int64[K]
            The watermark's course, and the record each of its steps came from.

        Returns
        -------
        tuple of list and int
            The blocks, and how many samples are in them.
        """
        w, used, value = self._w, self._used, self._w.value
        if history.needed:
            series, joined = w.series[used], np.flatnonzero(self._joined[used])
            value = value.copy()
            value[used] = history.frame_values(
                series, rules[series], w.time[used], value[used], joined
            )
        buffer = np.full(self._size, np.nan)
        framed, without = fill_frames(value, used, self._place, buffer)
        if without:
            self.dropped[DropReason.COUNTER_START] += without
        spans: dict[tuple[int, int], tuple[I64, I64, I64]] = {}
        blocks = []
        for plan in self._plans:
            span = (plan.first, plan.length)
            if span not in spans:
                ticks = np.arange(plan.first, plan.first + plan.length, dtype=np.int64)
                closer = np.searchsorted(levels, (ticks + 1) * interval)
                spans[span] = ticks, levels[closer], offsets[closer]
            shape = (plan.length, plan.columns)
            if plan.base < 0:
                frames = np.broadcast_to(np.float64(np.nan), shape)
            else:
                frames = buffer[plan.base : plan.base + plan.length * plan.columns].reshape(shape)
            ticks, watermarks, closers = spans[span]
            blocks.append(
                FrameBlock(
                    group=plan.group,
                    joined=plan.joined,
                    left=plan.left,
                    ticks=ticks,
                    frames=frames,
                    watermarks=watermarks,
                    offsets=closers,
                    starts=plan.starts,
                )
            )
        return blocks, framed


def _stretches(
    anchor: int, ticks: I64, used: BOOL, whole: tuple[int, int], gap: int
) -> list[tuple[int, int]]:
    """Cut a range of ticks where it is silent for too long.

    Parameters
    ----------
    anchor : int
        Last tick with data before the range.
    ticks : int64[S]
        Tick of each sample in the range, in order.
    used : bool[S]
        Samples that are data.
    whole : tuple of int
        The range.
    gap : int
        Silent ticks that are kept after each tick with data.

    Returns
    -------
    list of tuple of int
        Ranges that are kept, apart from each other.

    Examples
    --------
    >>> _stretches(2, np.array([5, 6, 20]), np.array([True, False, True]), (3, 25), 4)
    [(3, 10), (20, 25)]
    """
    start, end = whole
    if end - anchor <= gap + 1:
        return [whole]
    after = np.unique(ticks[used])
    before = np.concatenate(([anchor], after))
    upto = np.minimum(np.append(after, end), before + gap + 1)
    before = np.maximum(before, start)
    kept: list[tuple[int, int]] = []
    for first, last in zip(before.tolist(), upto.tolist(), strict=True):
        if kept and kept[-1][1] == first:
            kept[-1] = (kept[-1][0], last)
        elif first < last:
            kept.append((first, last))
    return kept
