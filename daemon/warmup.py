"""Compiles every kernel of the service once, so that the first poll is not late."""

from __future__ import annotations

import numpy as np

from daemon.config import FramingSection, GroupingSection, InputSection, SeriesSection
from daemon.formats import make_codec
from daemon.framing import Framer
from daemon.kernels.record_walk import walk_records
from daemon.records import InputPartition, RecordBatch
from daemon.series import SeriesTable
from daemon.spans import Spans
from hebbstream._jit import cache_wanted, mark_cache_complete
from hebbstream.warmup import warmup as warm_library

__all__ = ["cache_wanted", "main", "warmup"]


def warmup() -> None:
    """Run the library's kernels and those that read bytes; with a warm cache that is quick."""
    warm_library()
    record = np.zeros(7, dtype=np.uint8)
    record[0] = 12  # one record of six bytes, zeros all
    walk_records(record, np.zeros(5, dtype=np.int64), np.empty((6, 1), dtype=np.int64))
    section, grouping = InputSection(), GroupingSection()
    table = SeriesTable(SeriesSection(), (), grouping, section)
    codec, framer = make_codec(section, table), Framer(FramingSection(), grouping, (), table)
    for number in range(3):  # series and shapes are known to the kernels from the second record on
        time = 1_000_000_000 * (1 + number // 2)
        records = [
            b'{"name":"a","value":1,"timestamp":%d}' % time,
            b'{"values":{"b":1,"c":2},"timestamp":%d}' % time,
        ]
        batch = RecordBatch(
            partition=InputPartition("", 0),
            offsets=np.zeros(len(records), dtype=np.int64),
            timestamps=np.full(len(records), -1, dtype=np.int64),
            keys=Spans.of([None] * len(records)),
            values=Spans.of(records),
            next_offset=1,
        )
        framer.push(codec.decode(batch), batch)


def main() -> None:
    """Fill the cache of kernels and say so in it; for a process of its own."""
    warmup()
    mark_cache_complete()
