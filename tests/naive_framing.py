"""Twins of the kernels that turn samples into frames, with what Python has."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

Sample = tuple[int, int, float]


def keep_usable(
    samples: Sequence[tuple[int, int, float, int]], bounds: Sequence[tuple[float, float]],
    abs_max: float,
) -> tuple[list[tuple[int, int, float, int]], list[int]]:  # fmt: skip
    """Refused, then without a time (-1), then not finite, then out of range; bounds by series."""
    kept, counts = [], [0] * 7
    for series, time, value, record in samples:
        low, high = bounds[max(series, 0)]
        if series < 0:
            counts[2 + abs(series)] += 1
        elif time == -1:
            counts[0] += 1
        elif math.isnan(value) or math.isinf(value):
            counts[1] += 1
        elif not (-abs_max <= value <= abs_max and low <= value <= high):
            counts[2] += 1
        else:
            kept.append((series, time, value or 0.0, record))
    return kept, counts


def judge(
    samples: Sequence[tuple[int, int, int]], newest: int, knobs: tuple[int, int, int, int]
) -> tuple[list[bool], list[tuple[int, int]], int, int | None]:
    """Work the watermark out anew for each sample of time, stamp and offset."""
    interval, lateness, max_ahead, idle_until = knobs
    kept, closings, offset_of_last = [], [], None
    for time, stamp, offset in samples:
        watermark = max(newest - lateness, idle_until)
        ahead = stamp >= 0 and time > stamp + max_ahead
        kept.append(not ahead and time // interval >= watermark // interval)
        if not kept[-1]:
            continue
        newest, offset_of_last = max(newest, time), offset
        after = max(newest - lateness, idle_until)
        if after // interval > watermark // interval:
            closings.append((after, offset))
    return kept, closings, newest, offset_of_last


def append_kept(
    waiting: Sequence[Sample], samples: Sequence[Sample], kept: Sequence[bool]
) -> list[Sample]:
    """Those that are kept come last."""
    return [*waiting, *(each for each, keep in zip(samples, kept, strict=True) if keep)]


def take_ripe(waiting: Sequence[Sample], end: int) -> tuple[list[Sample], list[Sample]]:
    """Those before the end, and the others."""
    return [s for s in waiting if s[1] < end], [s for s in waiting if s[1] >= end]


def contend(
    samples: Sequence[Sample], interval: int
) -> tuple[dict[tuple[int, int], Sample], int, int]:
    """Sort each tick and series: the last wins, the others are lost; equal neighbours are equal."""
    cells: defaultdict[tuple[int, int], list[Sample]] = defaultdict(list)
    for sample in samples:
        cells[sample[1] // interval, sample[0]].append(sample)
    pairs = [pair for each in cells.values() for pair in pairwise(sorted(each))]
    equal = sum(a == b for a, b in pairs)
    return {cell: max(each) for cell, each in cells.items()}, equal, len(pairs) - equal


def sort_by_group(groups: Sequence[int]) -> list[list[int]]:
    """Series of every group up to the last."""
    last = max(groups, default=-1)
    return [[i for i, group in enumerate(groups) if group == g] for g in range(last + 1)]


def gather(
    cells: dict[tuple[int, int], Sample], groups: Sequence[int]
) -> list[tuple[int, int, Sample]]:
    """Group, tick and sample of each cell, sorted by group, tick and series."""
    return sorted((groups[series], tick, won) for (tick, series), won in cells.items())


def members_only(series: Sequence[int], column: Sequence[int]) -> bool:
    """Look each up."""
    return all(column[each] >= 0 for each in series)


def note_seen(
    series: Sequence[int], ticks: Sequence[int], column: Sequence[int], seen: Sequence[int]
) -> tuple[list[int], list[bool]]:
    """When each was seen last, and which samples are of members."""
    last = {s: t for s, t in zip(series, ticks, strict=True) if column[s] >= 0}
    return [last.get(s, t) for s, t in enumerate(seen)], [column[s] >= 0 for s in series]


def place_samples(
    cells: Sequence[tuple[int, int]], column: Sequence[int], first: int, shape: tuple[int, int],
    base: int,
) -> list[int]:  # fmt: skip
    """Count the cells of a block row by row, from `base` on, and look up series and tick."""
    rows, columns = shape
    numbers = [[base + row * columns + at for at in range(columns)] for row in range(rows)]
    return [numbers[tick - first][column[series]] for series, tick in cells]


def take_steady(
    cells: Sequence[tuple[int, int]], column: Sequence[int], seen: Sequence[int], first: int,
    shape: tuple[int, int], base: int,
) -> tuple[int, list[int], list[int]]:  # fmt: skip
    """Last tick, when each was seen, and the places, where there are members and nobody else."""
    series, ticks = [each for each, _ in cells], [at for _, at in cells]
    if not cells or not members_only(series, column):
        return -1, list(seen), []
    when, _ = note_seen(series, ticks, column, seen)
    return max(ticks), when, place_samples(cells, column, first, shape, base)


def take_all_steady(
    cells: Sequence[tuple[int, int]], column: Sequence[int], seen: Sequence[int],
    groups: Sequence[tuple[int, int, int, tuple[int, int]]], base: int,
) -> tuple[list[tuple[int, int]], list[int], dict[int, int], int]:  # fmt: skip
    """One after the other: its last tick and its beginning, when, which sample where, the end."""
    when, told = list(seen), []
    places: dict[int, int] = {}
    for low, high, first, shape in groups:
        last = -1
        if shape[1]:
            last, when, where = take_steady(cells[low:high], column, when, first, shape, base)
            places |= dict(zip(range(low, high), where, strict=False))
        told.append((last, base if last >= 0 else -1))
        base += shape[0] * shape[1] if last >= 0 else 0
    return told, when, places, base


def fill_frames(
    values: Sequence[float], used: Sequence[bool], place: Sequence[int], size: int
) -> list[float]:
    """NaN but for the values that are used."""
    at = {p: v for v, u, p in zip(values, used, place, strict=True) if u}
    return [at.get(i, math.nan) for i in range(size)]
