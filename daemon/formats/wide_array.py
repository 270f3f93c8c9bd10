"""JSON records with values by position, for columns declared in the configuration.

Examples
--------
With `columns: [cpu, 'disk{dev="sda"}', mem]`; null is a missing sample, and a column's own label
wins over the record's:

>>> show(b'{"timestamp":1700000000000,"labels":{"host":"h"},"values":[0.5,null,7]}')
cpu{host="h"} 1700000000000000000 0.5
mem{host="h"} 1700000000000000000 7.0
"""

from __future__ import annotations

from functools import partial

from msgspec import UNSET, Raw, Struct, UnsetType

from daemon.config import InputSection
from daemon.formats.columns import Columns, Limits, as_numbers
from daemon.formats.faults import JSON_ERRORS, DecodeFault, Fault, json_fault
from daemon.formats.identities import RAW_BYTES_MAX
from daemon.formats.json_parts import PartReader
from daemon.formats.json_samples import LabelReader, size_fault
from daemon.records import DropReason, RecordBatch, SampleBatch
from daemon.series import REFUSED, SeriesTable
from daemon.series_key import parse_series_key

#: Label sets whose columns are kept resolved.
LABEL_SETS_MAX = 16_384


class WidePart(Struct):
    """One row of values; unknown members are skipped."""

    labels: Raw = Raw(b"")
    timestamp: int | float | str | None = None
    values: list[float | str | None] | UnsetType = UNSET


class WideArrayCodec:
    """Decodes rows of declared columns; see the module's examples.

    Parameters
    ----------
    section : InputSection
        Format settings.
    table : SeriesTable
        Where the series of the partition live.
    """

    def __init__(self, section: InputSection, table: SeriesTable) -> None:
        self._bytes_max = section.record_bytes_max
        self._limits = Limits(section, table.metrics)
        self._table = table
        self._reader = PartReader(WidePart)
        self._read_labels = LabelReader()
        self._columns = [parse_series_key(text) for text in section.columns]
        self._resolved: dict[bytes, list[int]] = {}
        self._generation = table.generation

    def decode(self, batch: RecordBatch) -> SampleBatch:
        """Turn records into samples; never raises, whatever the bytes."""
        if self._generation != self._table.generation or len(self._resolved) > LABEL_SETS_MAX:
            self._resolved.clear()
            self._generation = self._table.generation
        columns = Columns(batch, self._limits)
        for row, payload in enumerate(batch.values):
            if payload is None or not 0 < len(payload) <= self._bytes_max:
                columns.refuse(row, size_fault(payload, self._bytes_max))
                continue
            try:
                part = self._reader.one.decode(payload)
            except JSON_ERRORS:
                parts = self._reader.read(payload)
                columns.take_parts(row, parts, partial(self._take, columns, row))
                continue
            if fault := self._take(columns, row, part):
                columns.refuse(row, fault)
        return columns.finish(self._table)

    def _take(self, columns: Columns, row: int, part: WidePart) -> Fault | None:
        """Add a row's samples, or say why not."""
        if part.values is UNSET:
            return Fault(DecodeFault.MISSING_FIELD, "`values` is not there")
        if len(part.values) != len(self._columns):
            detail = f"{len(part.values)} values for {len(self._columns)} columns"
            return Fault(DecodeFault.COLUMN_COUNT, detail)
        try:
            series = self._series(bytes(part.labels))
        except JSON_ERRORS as error:
            fault = json_fault(error)
            return Fault(fault.reason, f"labels: {fault.detail}")
        values = as_numbers(part.values)
        if isinstance(values, int):
            detail = f"value {values} is not a number: {part.values[values]!r:.80}"
            return Fault(DecodeFault.WRONG_TYPE, detail)
        columns.series.extend(series)
        columns.value.extend(values)
        columns.add_part(row, part.timestamp, len(values))
        return None

    def _series(self, raw: bytes) -> list[int]:
        """Resolve every column under one spelling of a label set; raises one of JSON_ERRORS."""
        found = self._resolved.get(raw)
        if found is None:
            labels = self._read_labels(raw)[1]
            found = [self._table.resolve(name, labels | own) for name, own in self._columns]
            full = any(REFUSED.get(i) is DropReason.SERIES_LIMIT for i in found)
            if len(raw) <= RAW_BYTES_MAX and not full:
                self._resolved[raw] = found
        return found
