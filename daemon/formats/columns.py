"""Where a codec collects what it read, and what becomes of it: a batch of usable samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np

from daemon.config import InputSection, MetricRule
from daemon.formats.faults import DecodeFault, Fault
from daemon.formats.flat_reader import NONE_LEFT, Read
from daemon.formats.timestamps import NO_TIME, floats_to_ns, text_to_ns, whole_to_ns
from daemon.kernels.usable import REFUSED_SERIES, keep_usable
from daemon.records import F64, I32, I64, DeadLetter, DropReason, RecordBatch, SampleBatch
from daemon.series import REFUSED, SeriesTable

#: Bytes of a record that was refused for its size kept in its dead letter.
EXCERPT_BYTES = 4096

Timestamp = int | float | str | None
P = TypeVar("P")

#: What `keep_usable` counts, in its order.
_REASONS = (
    DropReason.BAD_TIME,
    DropReason.NOT_FINITE,
    DropReason.OUT_OF_RANGE,
    *(REFUSED[code] for code in sorted(REFUSED, reverse=True)),
)
_NAN = float("nan")
_ONLY_FLOATS = {float}


def number(text: str) -> float | None:
    """Read a number written as text, as Prometheus' adapters do; None when it is none.

    Examples
    --------
    >>> number("1e3"), number("+Inf"), number("1_000")
    (1000.0, inf, None)
    """
    if "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def as_numbers(values: list[float | str | None]) -> list[float] | int:
    """Read the values of a record as numbers.

    Parameters
    ----------
    values : list of float, str or None
        As JSON holds them; null is a missing sample.

    Returns
    -------
    list of float, or int
        Numbers, NaN for null; or the position of the first text that is no number.

    Examples
    --------
    >>> as_numbers([1.0, "2", None]), as_numbers([1.0, "two"])
    ([1.0, 2.0, nan], 1)
    """
    if set(map(type, values)) == _ONLY_FLOATS:
        return cast("list[float]", values)
    numbers = []
    for at, value in enumerate(values):
        found = number(value) if isinstance(value, str) else _NAN if value is None else value
        if found is None:
            return at
        numbers.append(found)
    return numbers


@dataclass(frozen=True, slots=True)
class Outline:
    """Where the samples of a record stand in its text.

    Attributes
    ----------
    series : list of int
        Index of each sample's series, or why it is refused.
    places : list of int
        Which number of the record is its value.
    counts : list of int
        Samples of each part.
    times : list of int or None
        Which number is each part's time; None for the record's own.
    """

    series: list[int]
    places: list[int]
    counts: list[int]
    times: list[int | None]


class Limits:
    """What makes a sample unusable, prepared once.

    Parameters
    ----------
    section : InputSection
        Its `value_abs_max` and `timestamp_unit`.
    metrics : sequence of MetricRule
        Their valid ranges, by rule index.

    Attributes
    ----------
    low, high : float64[M + 1]
        Bounds by rule; the last are those of no rule.
    """

    def __init__(self, section: InputSection, metrics: Sequence[MetricRule]) -> None:
        self.unit = section.timestamp_unit
        self.value_abs_max = section.value_abs_max
        low = [-np.inf if rule.valid_min is None else rule.valid_min for rule in metrics]
        high = [np.inf if rule.valid_max is None else rule.valid_max for rule in metrics]
        # The last entry is what rule -1, none, picks.
        self.low: F64 = np.array([*low, -np.inf])
        self.high: F64 = np.array([*high, np.inf])


class Columns:
    """One batch's samples while they are being read.

    A codec appends to `series` and `value` once a sample, and to `time`, `record` and `count` once
    a part (a sample, or a map of many with one time).

    Parameters
    ----------
    batch : RecordBatch
        The records.
    limits : Limits
        What to drop.
    """

    def __init__(self, batch: RecordBatch, limits: Limits) -> None:
        self.series: list[int] = []
        self.value: list[float] = []
        self.time: list[int] = []
        self.record: list[int] = []
        self.count: list[int] = []
        self._batch = batch
        self._limits = limits
        self._float_at: list[int] = []
        self._floats: list[float] = []
        self._fixed_at: list[int] = []
        self._fixed: list[int] = []
        self._dead: list[DeadLetter] = []
        self._refused: list[int] = []
        self._reads: list[Read] = []

    def add_read(self, read: Read) -> None:
        """Take samples that kernels have read; those of the other records are added one by one."""
        self._reads.append(read)

    def add_part(self, row: int, timestamp: Timestamp, count: int) -> None:
        """Note the time of a part of record `row` that holds `count` samples."""
        if not count:
            return
        if type(timestamp) is int:
            self.time.append(timestamp)
        else:
            self._add_other_time(row, timestamp)
        self.record.append(row)
        self.count.append(count)

    def _add_other_time(self, row: int, timestamp: float | str | None) -> None:
        """Hold the place of a time that is not a whole number."""
        at = len(self.time)
        self.time.append(0)
        if isinstance(timestamp, float):
            self._float_at.append(at)
            self._floats.append(timestamp)
            return
        self._fixed_at.append(at)
        is_text = isinstance(timestamp, str)
        self._fixed.append(text_to_ns(timestamp) if is_text else int(self._batch.timestamps[row]))

    def refuse(self, row: int, fault: Fault) -> None:
        """Make a dead letter of record `row`."""
        value = self._batch.values[row]
        if fault.reason is DecodeFault.TOO_LARGE and value is not None:
            value = value[:EXCERPT_BYTES]
        offset, timestamp = int(self._batch.offsets[row]), int(self._batch.timestamps[row])
        key = self._batch.keys[row]
        letter = DeadLetter(offset, timestamp, key, value, fault.reason.value, fault.detail)
        self._dead.append(letter)
        self._refused.append(row)

    def take_parts(
        self, row: int, parts: Sequence[P | Fault], take: Callable[[P], Fault | None]
    ) -> None:
        """Take the good parts of record `row`; one dead letter tells of all the others."""
        failed: list[tuple[int, Fault]] = []
        for i, part in enumerate(parts):
            fault = part if isinstance(part, Fault) else take(part)
            if fault:
                failed.append((i, fault))
        if not failed:
            return
        first, fault = failed[0]
        if len(parts) > 1:
            detail = f"{len(failed)} of {len(parts)} parts failed, the first at index {first}: "
            fault = Fault(fault.reason, detail + fault.detail)
        self.refuse(row, fault)

    def several(self, samples_min: int) -> I64:
        """Rows without a fault of which so many samples were added one by one, in order."""
        if not self.record:
            return np.empty(0, dtype=np.int64)
        counted = np.bincount(self.record, self.count, minlength=len(self._batch.values))
        counted[self._refused] = 0
        return np.flatnonzero(counted >= samples_min)

    def outline(self, base: int, own_time: int) -> Outline | None:
        """Tell where samples stand, when the numbers read were their own places.

        Parameters
        ----------
        base : int
            What place 0 was numbered.
        own_time : int
            The records' own time, unlike any in their text.

        Returns
        -------
        Outline or None
            None when something could not be read, or has a time that is no whole number.
        """
        given = set(self._fixed)
        if self._dead or self._floats or not given <= {own_time}:
            return None
        places = [int(value) - base if value.is_integer() else -1 for value in self.value]
        times: list[int | None] = [time - base for time in self.time]
        for at in self._fixed_at:
            times[at] = None
        return Outline(list(self.series), places, list(self.count), times)

    def finish(self, table: SeriesTable) -> SampleBatch:
        """Turn what was read into columns; drop and count what cannot be used."""
        time = whole_to_ns(self.time, self._limits.unit)
        if self._floats:
            time[self._float_at] = floats_to_ns(self._floats, self._limits.unit)
        if self._fixed:
            time[self._fixed_at] = self._fixed
        record = np.array(self.record, dtype=np.int32)
        if len(self.series) != len(time):
            count = np.array(self.count, dtype=np.int64)
            time, record = np.repeat(time, count), np.repeat(record, count)
        series = np.array(self.series, dtype=np.int32)
        value = np.array(self.value, dtype=np.float64)
        others = Read(series, time, value, record, NONE_LEFT)
        series, time, value, record = _in_order([*self._reads, others])
        limits, rules = self._limits, table.rule_of()
        counts = np.zeros(REFUSED_SERIES + len(REFUSED), dtype=np.int64)
        kept = keep_usable(
            series, time, value, record, rules, limits.low, limits.high, counts,
            limits.value_abs_max, NO_TIME,
        )  # fmt: skip
        dropped = {
            reason: count for reason, count in zip(_REASONS, counts.tolist(), strict=True) if count
        }
        series, time, value, record = series[:kept], time[:kept], value[:kept], record[:kept]
        return SampleBatch(series, time, value, record, dropped, self._dead)


def _in_order(reads: list[Read]) -> tuple[I32, I64, F64, I32]:
    """Join series, time, value and record of samples, by record; the arrays may be written to."""
    reads = [read for read in reads if len(read.record)] or reads[-1:]
    if len(reads) == 1:
        return reads[0].series, reads[0].time, reads[0].value, reads[0].record
    record = np.concatenate([read.record for read in reads])
    order = np.argsort(record, kind="stable")
    series, time, value = (
        np.concatenate([getattr(read, name) for read in reads])[order]
        for name in ("series", "time", "value")
    )
    return series, time, value, record[order]
