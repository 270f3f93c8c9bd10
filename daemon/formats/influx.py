r"""InfluxDB line protocol, any number of lines a record, as Telegraf writes it.

A field becomes a series named `measurement_field`, with the tags as labels; numbers and booleans
are read, text fields are not, and the line feeds they may hold end no line. A line without a time
has its record's. Records of series that are known are read by a kernel.

Examples
--------
>>> show(b'cpu,host=h idle=98.5,busy=1i,up=t,note="x" 1700000000000000000\n# a comment\nmem free=3')
cpu_busy{host="h"} 1700000000000000000 1.0
cpu_idle{host="h"} 1700000000000000000 98.5
cpu_up{host="h"} 1700000000000000000 1.0
mem_free 1600000000000000000 3.0
"""

from __future__ import annotations

import re
from functools import partial

import numpy as np
from line_protocol_parser import LineFormatError, parse_line

from daemon.config import InputSection, TimestampUnit
from daemon.formats.columns import Columns, Limits
from daemon.formats.faults import DecodeFault, Fault
from daemon.formats.identities import RawIdentities
from daemon.formats.json_samples import size_fault
from daemon.formats.line_reader import LineReader, line_index
from daemon.formats.splitting import lines_of
from daemon.formats.turns import take_turns
from daemon.records import I64, RecordBatch, SampleBatch
from daemon.series import SeriesTable

_ESCAPED_HEAD = re.compile(r"(?:[^\\ ]|\\.|\\$)*", re.DOTALL)
_BLANK, _MARGIN = " \t\r", b" \t\r"


class InfluxCodec:
    """Decodes line protocol; see the module's examples.

    Parameters
    ----------
    section : InputSection
        Format settings; timestamps are nanoseconds unless a unit is set.
    table : SeriesTable
        Where the series of the partition live.
    """

    def __init__(self, section: InputSection, table: SeriesTable) -> None:
        if section.timestamp_unit is TimestampUnit.AUTO:
            section = section.model_copy(update={"timestamp_unit": TimestampUnit.NS})
        self._bytes_max = section.record_bytes_max
        self._limits = Limits(section, table.metrics)
        self._table = table
        index = line_index()
        self._identities = RawIdentities(table, _read_head, index)
        self._lines = LineReader(section, index)

    def decode(self, batch: RecordBatch) -> SampleBatch:
        """Turn records into samples; never raises, whatever the bytes."""
        self._identities.refresh()
        columns = Columns(batch, self._limits)
        self._read_rows(batch, columns)
        return columns.finish(self._table)

    def _read_rows(self, batch: RecordBatch, columns: Columns) -> None:
        """Read every record, by the kernel where it knows the series."""
        take_turns(
            self._read_known(batch, columns, np.arange(len(batch.values))),
            read=partial(self._read_known, batch, columns),
            decode=partial(self._decode_rows, batch, columns),
            known=lambda: self._lines.known,
        )

    def _read_known(self, batch: RecordBatch, columns: Columns, rows: I64) -> I64:
        """Let the kernel read what it can; returns the rows it leaves."""
        read = self._lines.read(batch, rows)
        columns.add_read(read)
        return read.left

    def _decode_rows(self, batch: RecordBatch, columns: Columns, rows: I64) -> None:
        """Read, one by one, the records the kernel has left."""
        for row, payload in zip(rows.tolist(), batch.values.pick(rows), strict=True):
            if payload is None or not 0 < len(payload) <= self._bytes_max:
                columns.refuse(row, size_fault(payload, self._bytes_max))
                continue
            lines = [
                line
                for line in lines_of(payload)
                if line.strip() and not line.lstrip(_MARGIN).startswith(b"#")
            ]
            if lines:
                columns.take_parts(row, lines, partial(self._take, columns, row))
            else:
                columns.refuse(row, Fault(DecodeFault.EMPTY, "the record holds no line"))

    def _take(self, columns: Columns, row: int, raw: bytes) -> Fault | None:
        """Add a line's samples, or say why not."""
        try:
            # The parser must never see bytes that are not UTF-8: it crashes on some.
            line = raw.decode().strip(_BLANK)
        except UnicodeDecodeError as error:
            return Fault(DecodeFault.NOT_UTF8, str(error))
        if "\0" in line:
            return Fault(DecodeFault.BAD_LINE, "the line holds a NUL character")
        head = _head(line)
        try:
            names = self._identities.names(head.encode())
            # The tags are known by their bytes: only the fields and the time need parsing.
            parsed = parse_line("m" + line[len(head) :])
        except LineFormatError as error:
            return Fault(DecodeFault.BAD_LINE, str(error))
        fields = {k: v for k, v in sorted(parsed["fields"].items()) if not isinstance(v, str)}
        columns.series.extend(map(names.__getitem__, fields))
        columns.value.extend(map(float, fields.values()))
        columns.add_part(row, parsed["time"], len(fields))
        return None


def _head(line: str) -> str:
    """Cut measurement and tags: everything up to the first space that no backslash escapes."""
    if "\\" not in line:
        return line.partition(" ")[0]
    matched = _ESCAPED_HEAD.match(line)
    return matched[0] if matched else line


def _read_head(raw: bytes) -> tuple[str, dict[str, str]]:
    """Read measurement and tags; raises what the parser raises."""
    parsed = parse_line(raw.decode() + " f=1")
    return parsed["measurement"] + "_", parsed["tags"]
