"""Codecs with everything around them, for the tests of every format."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from daemon.config import GroupingSection, InputSection, MetricRule, SeriesSection
from daemon.formats import Codec, make_codec
from daemon.records import InputPartition, RecordBatch, SampleBatch
from daemon.series import SeriesTable
from daemon.spans import Spans

#: Record timestamp unless a test sets another: 2020-09-13T12:26:40Z.
RECORD_TIME = 1_600_000_000_000_000_000


def batch_of(payloads: Sequence[bytes | None], timestamp: int = RECORD_TIME) -> RecordBatch:
    """Make a batch of records with offsets from 100 on and keys `key-0`, `key-1` and so on."""
    count = len(payloads)
    return RecordBatch(
        partition=InputPartition("metrics", 0),
        offsets=np.arange(100, 100 + count, dtype=np.int64),
        timestamps=np.full(count, timestamp, dtype=np.int64),
        keys=Spans.of([b"key-%d" % i for i in range(count)]),
        values=Spans.of(payloads),
        next_offset=100 + count,
    )


def codec_of(
    section: InputSection, metrics: Sequence[MetricRule] = ()
) -> tuple[Codec, SeriesTable]:
    """Make a codec and the table it fills."""
    table = SeriesTable(SeriesSection(), metrics, GroupingSection(), section)
    return make_codec(section, table), table


def decode(
    section: InputSection, *payloads: bytes | None, metrics: Sequence[MetricRule] = ()
) -> SampleBatch:
    """Decode payloads as one batch."""
    return codec_of(section, metrics)[0].decode(batch_of(payloads))


def show(section: InputSection) -> Callable[[bytes], None]:
    """Make what the docstring examples call: prints key, time and value of each sample."""

    def print_samples(payload: bytes) -> None:
        codec, table = codec_of(section)
        samples = codec.decode(batch_of([payload]))
        for series, time, value in zip(samples.series, samples.time, samples.value, strict=True):
            print(table.identities[series].key, time, value)  # noqa: T201 - doctest reads it

    return print_samples
