"""Where a codec collects what it read, and what becomes of it: a batch of usable samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from daemon.config import InputSection, MetricRule
from daemon.formats.faults import DecodeFault, Fault
from daemon.formats.flat_reader import Read
from daemon.formats.timestamps import NO_TIME, floats_to_ns, text_to_ns, whole_to_ns
from daemon.records import F64, I32, DeadLetter, DropReason, RecordBatch, SampleBatch
from daemon.series import REFUSED, SeriesTable

#: Bytes of a record that was refused for its size kept in its dead letter.
EXCERPT_BYTES = 4096

Timestamp = int | float | str | None
P = TypeVar("P")

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


class Limits:
    """What makes a sample unusable, prepared once.

    Parameters
    ----------
    section : InputSection
        Its `value_abs_max` and `timestamp_unit`.
    metrics : sequence of MetricRule
        Their valid ranges, by rule index.
    """

    def __init__(self, section: InputSection, metrics: Sequence[MetricRule]) -> None:
        self.unit = section.timestamp_unit
        self.value_abs_max = section.value_abs_max
        low = [-np.inf if rule.valid_min is None else rule.valid_min for rule in metrics]
        high = [np.inf if rule.valid_max is None else rule.valid_max for rule in metrics]
        # The last entry is what rule -1, none, picks.
        self._low = np.array([*low, -np.inf])
        self._high = np.array([*high, np.inf])
        self._ranges = bool(np.isfinite(self._low).any() or np.isfinite(self._high).any())

    def in_range(self, series: I32, value: F64, table: SeriesTable) -> NDArray[np.bool_]:
        """Tell which values are within the bounds of the input and of their metric's rule."""
        fine: NDArray[np.bool_] = np.abs(value) <= self.value_abs_max
        if self._ranges:
            rule = np.append(table.rule_of(), np.int32(-1))[np.maximum(series, -1)]
            fine &= (value >= self._low[rule]) & (value <= self._high[rule])
        return fine


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
        if reads := [read for read in self._reads if len(read.record)]:
            record = np.concatenate([*(read.record for read in reads), record])
            series = np.concatenate([*(read.series for read in reads), series])
            time = np.concatenate([*(read.time for read in reads), time])
            value = np.concatenate([*(read.value for read in reads), value])
            if self.record or len(reads) > 1:
                order = np.argsort(record, kind="stable")
                series, time, value = series[order], time[order], value[order]
                record = record[order]
        # Adding zero turns -0.0 into 0.0, so that equal values have equal bits.
        value = value + 0.0
        dropped: dict[DropReason, int] = {}
        usable = series >= 0
        if not usable.all():
            codes, counts = np.unique(series[~usable], return_counts=True)
            dropped = {REFUSED[int(c)]: int(n) for c, n in zip(codes, counts, strict=True)}
        tests = (
            (DropReason.BAD_TIME, time != NO_TIME),
            (DropReason.NOT_FINITE, np.isfinite(value)),
            (DropReason.OUT_OF_RANGE, self._limits.in_range(series, value, table)),
        )
        for reason, fine in tests:
            if failing := int(np.count_nonzero(usable & ~fine)):
                dropped[reason] = failing
                usable &= fine
        if not usable.all():
            series, time = series[usable], time[usable]
            value, record = value[usable], record[usable]
        return SampleBatch(series, time, value, record, dropped, self._dead)
