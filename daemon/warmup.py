"""Compiles every kernel of the service once, so that the first poll is not late."""

from __future__ import annotations

import numpy as np

from daemon.config import GroupingSection, InputSection, SeriesSection
from daemon.formats import make_codec
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
    batch = np.zeros(7, dtype=np.uint8)
    batch[0] = 12  # one record of six bytes, zeros all
    walk_records(batch, np.zeros(5, dtype=np.int64), np.empty((6, 1), dtype=np.int64))
    section = InputSection()
    codec = make_codec(section, SeriesTable(SeriesSection(), (), GroupingSection(), section))
    for _ in range(2):  # a series is known to the kernels from the second batch on
        codec.decode(
            RecordBatch(
                partition=InputPartition("", 0),
                offsets=np.zeros(1, dtype=np.int64),
                timestamps=np.zeros(1, dtype=np.int64),
                keys=Spans.of([None]),
                values=Spans.of([b'{"name":"a","value":1}']),
                next_offset=1,
            )
        )


def main() -> None:
    """Fill the cache of kernels and say so in it; for a process of its own."""
    warmup()
    mark_cache_complete()
