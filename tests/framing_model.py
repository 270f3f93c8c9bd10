"""Framing written the slow and obvious way, one sample and one tick at a time.

The twin the framer is compared with: it holds everything, closes ticks one by one, and never
looks at how samples were split into batches.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from daemon.config import FramingSection, GroupingSection, MetricKind, MetricRule, Transform
from daemon.membership import SILENT_TICKS, MemoryLimit
from daemon.records import DropReason


@dataclass(frozen=True)
class Sample:
    """A sample, and the record it came in."""

    key: str
    group: str
    time: int
    value: float
    offset: int = 0
    stamp: int = -1
    rule: int = -1


@dataclass
class Row:
    """One frame, and the changes of members before it."""

    tick: int
    values: dict[str, float]
    columns: list[str]
    watermark: int
    offset: int
    joined: list[str]
    left: list[str]
    starts: bool


@dataclass
class Group:
    """One group in the model."""

    data_tick: int
    columns: list[str] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    last: dict[str, Sample] = field(default_factory=dict)
    value: dict[str, float] = field(default_factory=dict)
    joined: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    starts: bool = True


class Model:
    """The slow framer."""

    def __init__(
        self,
        framing: FramingSection,
        grouping: GroupingSection,
        metrics: Sequence[MetricRule] = (),
        memory: MemoryLimit | None = None,
    ) -> None:
        self.interval = round(framing.interval * 1e9)
        self.lateness = round(framing.lateness * 1e9)
        self.max_ahead = round(framing.max_ahead * 1e9)
        self.gap = round(framing.gap_max * 1e9) // self.interval
        self.retention = max(1, math.ceil(round(framing.retention * 1e9) / self.interval))
        self.grouping = grouping
        self.metrics = metrics
        self.memory = memory
        self.forgotten = 0
        self.newest = -1
        self.last_offset = -1
        self.idle = 0
        self.open: list[Sample] = []
        self.groups: dict[str, Group] = {}
        self.rows: dict[str, list[Row]] = {}
        self.dropped: Counter[DropReason] = Counter()
        self.framed = 0

    @property
    def watermark(self) -> int:
        """The newest event time less the lateness."""
        return max(self.newest - self.lateness, self.idle)

    def push(self, sample: Sample) -> None:
        """Take one sample."""
        if sample.stamp >= 0 and sample.time > sample.stamp + self.max_ahead:
            self.dropped[DropReason.AHEAD] += 1
            return
        if sample.time // self.interval < self.watermark // self.interval:
            self.dropped[DropReason.LATE] += 1
            return
        before = self.watermark
        self.open.append(sample)
        self.newest = max(self.newest, sample.time)
        self.last_offset = sample.offset
        self.close(before, sample.offset)

    def close_idle(self) -> None:
        """Close everything."""
        before = self.watermark
        if self.newest >= 0:
            self.idle = max(self.idle, (self.newest // self.interval + 1) * self.interval)
        self.close(before, self.last_offset)

    def close(self, before: int, offset: int) -> None:
        """Close tick by tick what the watermark has passed; skip where nothing can happen."""
        tick, end = before // self.interval, self.watermark // self.interval
        while tick < end:
            if not self.groups:
                ahead = [s.time // self.interval for s in self.open]
                tick = max(tick, min(ahead, default=end))
                if tick >= end:
                    return
            self.close_tick(tick, offset)
            tick += 1
        for name in [n for n, g in self.groups.items() if self.is_gone(g, end)]:
            del self.groups[name]

    def is_gone(self, group: Group, tick: int) -> bool:
        """No member for a whole retention."""
        return tick >= group.data_tick + 2 * self.retention + 1

    def close_tick(self, tick: int, offset: int) -> None:
        """Close one tick of every group."""
        for name in [n for n, g in self.groups.items() if self.is_gone(g, tick)]:
            del self.groups[name]
        here = [s for s in self.open if s.time // self.interval == tick]
        self.open = [s for s in self.open if s.time // self.interval != tick]
        winners: dict[str, Sample] = {}
        for key in {s.key for s in here}:
            same = sorted((s for s in here if s.key == key), key=lambda s: (s.time, s.value))
            winners[key] = same[-1]
            for one, following in pairwise(same):
                equal = (one.time, one.value) == (following.time, following.value)
                self.dropped[DropReason.DUPLICATE if equal else DropReason.SUPERSEDED] += 1
        here_now = {s.group for s in winners.values()}
        no_memory = set()
        coming = sorted(here_now - set(self.groups))
        room = len(self.groups)  # those who come are counted when all have been let in
        used = sum(self.size(len(g.columns)) for g in self.groups.values())
        for name in coming:
            need = self.size(len({s.key for s in winners.values() if s.group == name}))
            silent = sorted(
                (g.data_tick, n)
                for n, g in self.groups.items()
                if tick - g.data_tick > SILENT_TICKS and n not in here_now
            )
            spare = sum(self.size(len(self.groups[n].columns)) for _, n in silent)
            if self.memory is not None and used - spare + need > self.memory.limit:
                no_memory.add(name)
                continue
            while silent and (
                room >= self.grouping.groups_max
                or (self.memory is not None and used + need > self.memory.limit)
            ):
                _, weakest = silent.pop(0)
                used -= self.size(len(self.groups.pop(weakest).columns))
                room -= 1
                self.forgotten += 1
            used += need
            room += 1
        for name in coming:
            if name not in no_memory and len(self.groups) < self.grouping.groups_max:
                self.groups[name] = Group(tick)
        for name in sorted(self.groups):
            mine = {k: s for k, s in winners.items() if s.group == name}
            self.close_group(name, tick, mine, offset)
        refused = Counter(
            s.group in no_memory for s in winners.values() if s.group not in self.groups
        )
        self.dropped[DropReason.GROUP_LIMIT] += refused[False]
        self.dropped[DropReason.MEMORY_LIMIT] += refused[True]

    def size(self, series: int) -> int:
        """Bytes that a group of so many series takes."""
        return 0 if self.memory is None else self.memory.of(series)

    def close_group(self, name: str, tick: int, mine: dict[str, Sample], offset: int) -> None:
        """Let members leave and join, then make the frame."""
        group = self.groups[name]
        for key in [k for k in group.columns if tick - group.seen[k] > self.retention]:
            group.columns.remove(key)
            group.left.append(key)
            group.last.pop(key, None)
            group.value.pop(key, None)
        for key in sorted(set(mine) - set(group.columns)):
            if len(group.columns) < self.grouping.series_per_group_max:
                group.columns.append(key)
                group.joined.append(key)
        values = {}
        for key, sample in mine.items():
            if key not in group.columns:
                self.dropped[DropReason.SERIES_LIMIT] += 1
                continue
            group.seen[key], group.data_tick = tick, tick
            values[key] = self.value(group, sample)
            known = not math.isnan(values[key])
            self.framed += known
            self.dropped[DropReason.COUNTER_START] += not known
        if not group.columns or tick - group.data_tick > self.gap:
            return
        row = Row(
            tick, values, list(group.columns), self.watermark, offset,
            group.joined, group.left, group.starts,
        )  # fmt: skip
        group.joined, group.left, group.starts = [], [], False
        self.rows.setdefault(name, []).append(row)

    def value(self, group: Group, sample: Sample) -> float:
        """Rate, logarithm or difference."""
        rule = self.metrics[sample.rule] if sample.rule >= 0 else None
        value, before = sample.value, group.last.get(sample.key)
        group.last[sample.key] = sample
        if rule is None:
            return value
        if rule.kind is MetricKind.COUNTER:
            if before is None:
                return math.nan
            rise = value if value < before.value else value - before.value
            value = rise / ((sample.time - before.time) / 1e9)
        if rule.transform is Transform.LOG1P:
            return math.copysign(math.log1p(abs(value)), value)
        if rule.transform is Transform.DIFF:
            previous = group.value.get(sample.key, math.nan)
            group.value[sample.key] = value
            return value - previous
        return value
