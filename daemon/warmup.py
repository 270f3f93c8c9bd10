"""Compiles every kernel of the service once, so that the first poll is not late."""

from __future__ import annotations

import numpy as np

from daemon.config import (
    FramingSection,
    GroupingSection,
    InputFormat,
    InputSection,
    SeriesSection,
)
from daemon.formats import make_codec
from daemon.framing import Framer
from daemon.kernels.bound import bind_course, locate_course
from daemon.kernels.course import find_calm, find_present
from daemon.kernels.record_walk import walk_records
from daemon.kernels.record_write import write_records
from daemon.presence import COURSE
from daemon.records import InputPartition, RecordBatch
from daemon.series import SeriesTable
from daemon.spans import Spans
from hebbstream._jit import cache_complete, cache_wanted, mark_cache_complete
from hebbstream.warmup import warmup as warm_library

__all__ = ["cache_complete", "cache_wanted", "main", "warmup"]


def warmup() -> None:
    """Run the library's kernels and those that read bytes; with a warm cache that is quick."""
    warm_library()
    record = np.frombuffer(b"\x0c" + bytes(6), dtype=np.uint8)  # of six bytes, zeros all
    walk_records(record, np.zeros(6, dtype=np.int64), np.empty((6, 1), dtype=np.int64))
    ends, room = np.zeros(1, dtype=np.int64), np.empty(64, dtype=np.uint8)
    write_records(record, ends, record, ends, np.zeros(3, dtype=np.int64), room)
    there, course = np.zeros((1, 1), dtype=np.bool_), np.zeros((len(COURSE), 1))
    find_present(np.zeros((1, 1)), course, there, 1.0)
    bound = bind_course(course)
    crew = np.array([[locate_course(bound)], [1], [0]])
    find_calm(bound, crew, np.zeros(1), 1, 1.0, course.ravel().copy(), there.ravel())
    for kind, records in _records():
        section, grouping = InputSection(format=kind), GroupingSection()
        table = SeriesTable(SeriesSection(), (), grouping, section)
        codec, framer = make_codec(section, table), Framer(FramingSection(), grouping, (), table)
        for values in records:  # what names a series is known to the kernels from the second on
            batch = RecordBatch(
                partition=InputPartition("", 0),
                offsets=np.zeros(len(values), dtype=np.int64),
                timestamps=np.full(len(values), -1, dtype=np.int64),
                keys=Spans.of([None] * len(values)),
                values=Spans.of(values),
                next_offset=1,
            )
            framer.push(codec.decode(batch), batch)


def _records() -> list[tuple[InputFormat, list[list[bytes]]]]:
    """Make batches of records for every format that kernels read."""
    # The first two know no series; the third leaves them behind; the last find nothing new.
    times = [1_000_000_000, 1_000_000_000, *range(2_000_000_000, 2_000_000_600, 60)]
    flat, wide = (
        b'{"name":"a","value":1,"timestamp":%d}',
        b'{"values":{"b":1,"c":2},"timestamp":%d}',
    )
    return [
        (InputFormat.JSON, [[flat % time, wide % time] for time in times]),
        (InputFormat.INFLUX, [[b"m a=1,b=2i,c=t %d" % time] for time in times]),
    ]


def main() -> None:
    """Fill the cache of kernels and say so in it; for a process of its own."""
    warmup()
    mark_cache_complete()
