r"""JSON records: flat samples and wide maps, alone, in arrays or one a line.

Examples
--------
A flat sample, a wide map of one label set, and two samples in one record:

>>> show(b'{"name":"up","labels":{"job":"a"},"timestamp":1700000000,"value":1}')
up{job="a"} 1700000000000000000 1.0
>>> show(b'{"timestamp":"2026-01-01T00:00:00Z","labels":{"host":"h"},"values":{"cpu":0.5,"mem":7}}')
cpu{host="h"} 1767225600000000000 0.5
mem{host="h"} 1767225600000000000 7.0
>>> show(b'[{"name":"a","value":1},{"name":"b","value":"2.5"}]')
a 1600000000000000000 1.0
b 1600000000000000000 2.5
>>> show(b'{"name":"a","value":1}\n{"name":"b","value":null}')
a 1600000000000000000 1.0
"""

from __future__ import annotations

from functools import partial

import msgspec
import numpy as np
from msgspec import UNSET, Raw, Struct, UnsetType

from daemon.config import InputSection
from daemon.formats.columns import Columns, Limits, as_numbers
from daemon.formats.faults import JSON_ERRORS, DecodeFault, Fault, json_fault
from daemon.formats.flat_reader import FlatReader
from daemon.formats.identities import RawIdentities
from daemon.formats.json_parts import PartReader
from daemon.formats.shape_reader import ShapeReader
from daemon.formats.span_index import SpanIndex
from daemon.formats.turns import take_turns
from daemon.records import I64, RecordBatch, SampleBatch
from daemon.series import SeriesTable

#: Records of so many samples are read by their shape.
SHAPE_SAMPLES_MIN = 2


class JsonPart(Struct):
    """A flat sample, or a wide map; unknown members are skipped.

    `value` tells a flat sample, `values` a wide map; a part with both is a flat sample.
    """

    name: str | None = None
    labels: Raw = Raw(b"")
    timestamp: int | float | str | None = None
    value: float | str | UnsetType | None = UNSET
    values: dict[str, float | str | None] | UnsetType = UNSET


class LabelReader:
    """Decodes a JSON object of label names and values."""

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(dict[str, str] | None).decode

    def __call__(self, raw: bytes) -> tuple[str, dict[str, str]]:
        """Return no prefix and the labels; raises one of JSON_ERRORS."""
        return "", (self._decode(raw) or {}) if raw else {}


class JsonCodec:
    """Decodes JSON records; see the module's examples.

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
        self._reader = PartReader(JsonPart)
        index = SpanIndex()
        self._identities = RawIdentities(table, LabelReader(), index)
        self._flat = FlatReader(section, index)
        self._shapes = ShapeReader(section, SHAPE_SAMPLES_MIN)

    def decode(self, batch: RecordBatch) -> SampleBatch:
        """Turn records into samples; never raises, whatever the bytes."""
        if self._identities.refresh():
            self._shapes.clear()
        columns = Columns(batch, self._limits)
        self._read_rows(batch, columns)
        return columns.finish(self._table)

    def _read_rows(self, batch: RecordBatch, columns: Columns) -> None:
        """Read every record, by kernels where they know it."""
        take_turns(
            self._read_known(batch, columns, None),
            read=partial(self._read_known, batch, columns),
            decode=partial(self._decode_rows, batch=batch, columns=columns),
            learn=partial(self._learn, batch=batch, columns=columns),
            known=self._known,
        )

    def _known(self) -> int:
        """Count what kernels know."""
        return self._flat.known + len(self._shapes)

    def _read_known(self, batch: RecordBatch, columns: Columns, rows: I64 | None) -> I64:
        """Let kernels read what they can; returns the rows they leave."""
        flat = self._flat.read(batch, rows)
        columns.add_read(flat)
        shaped = self._shapes.read(batch, flat.left)
        columns.add_read(shaped)
        return shaped.left

    def _learn(self, rows: I64, batch: RecordBatch, columns: Columns) -> None:
        """Let kernels know the shapes of those records that held several samples."""
        several = columns.several(SHAPE_SAMPLES_MIN)
        self._shapes.learn(batch, np.intersect1d(rows, several), self._probe)

    def _probe(self, batch: RecordBatch) -> Columns:
        """Read records by the plain codec alone."""
        columns = Columns(batch, self._limits)
        self._decode_rows(np.arange(len(batch.values)), batch, columns)
        return columns

    def _decode_rows(self, rows: I64, batch: RecordBatch, columns: Columns) -> None:
        """Read, one by one, the records the kernels have left."""
        decode, names_of = self._reader.one.decode, self._identities.names
        series, values = columns.series.append, columns.value.append
        times, records, counts = columns.time.append, columns.record.append, columns.count.append
        bytes_max = self._bytes_max
        for row, payload in zip(rows.tolist(), batch.values.pick(rows), strict=True):
            if payload is None or not 0 < len(payload) <= bytes_max:
                columns.refuse(row, size_fault(payload, bytes_max))
                continue
            try:
                part = decode(payload)
                names = names_of(bytes(part.labels))
            except JSON_ERRORS:
                parts = self._reader.read(payload)
                columns.take_parts(row, parts, partial(self._take, columns, row))
                continue
            if type(part.value) is float and type(part.timestamp) is int:
                series(names[part.name])
                values(part.value)
                times(part.timestamp)
                records(row)
                counts(1)
            elif fault := self._take(columns, row, part):
                columns.refuse(row, fault)

    def _take(self, columns: Columns, row: int, part: JsonPart) -> Fault | None:
        """Add a part's samples, or say why not."""
        try:
            names = self._identities.names(bytes(part.labels))
        except JSON_ERRORS as error:
            fault = json_fault(error)
            return Fault(fault.reason, f"labels: {fault.detail}")
        if type(part.value) is float:
            columns.series.append(names[part.name])
            columns.value.append(part.value)
            columns.add_part(row, part.timestamp, 1)
            return None
        given: list[float | str | None]
        series: list[str | None]
        if part.value is not UNSET:
            given, series = [part.value], [part.name]
        elif part.values is not UNSET:
            given, series = list(part.values.values()), list(part.values)
        else:
            return Fault(DecodeFault.MISSING_FIELD, "neither `value` nor `values` is there")
        values = as_numbers(given)
        if isinstance(values, int):
            detail = f"the value of {series[values]!r:.80} is not a number: {given[values]!r:.80}"
            return Fault(DecodeFault.WRONG_TYPE, detail)
        columns.series.extend(map(names.__getitem__, series))
        columns.value.extend(values)
        columns.add_part(row, part.timestamp, len(values))
        return None


def size_fault(payload: bytes | None, bytes_max: int) -> Fault:
    """Say why a record is refused unread."""
    if payload is None:
        return Fault(DecodeFault.TOMBSTONE, "the record has no value")
    if not payload:
        return Fault(DecodeFault.EMPTY, "the record's value is empty")
    detail = f"{len(payload)} bytes are more than input.record_bytes_max ({bytes_max})"
    return Fault(DecodeFault.TOO_LARGE, detail)
