"""Hostile records through the whole pipeline: counted by reason, and the stream goes on.

Each case is mixed into a healthy stream; afterwards every healthy sample is in a frame, every
record is accounted for, and all scores are finite.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from daemon.pipeline import PartitionPipeline, PipelineOutput
from daemon.records import Channel, DropReason
from streams import PARTITION, START, record_batch, related, sections, wide_records

TICKS, SERIES = 40, 6


def sample(**fields: object) -> bytes:
    """One flat JSON sample in the middle of the stream, with some fields replaced."""
    whole = {"name": "x", "labels": {"service": "cart"}, "timestamp": START + 600, "value": 1.0}
    return msgspec.json.encode(whole | fields)


DROPPED = {
    "value is 1e308": (sample(value=1e308), DropReason.OUT_OF_RANGE),
    "value is text NaN": (sample(value="NaN"), DropReason.NOT_FINITE),
    "value is text +Inf": (sample(value="+Inf"), DropReason.NOT_FINITE),
    "value is null": (sample(value=None), DropReason.NOT_FINITE),
    "time is negative": (sample(timestamp=-5), DropReason.BAD_TIME),
    "time is far in the future": (sample(timestamp=10**30), DropReason.BAD_TIME),
    "time is a year ahead": (sample(timestamp=START + 31_536_000), DropReason.AHEAD),
    "time is long past": (sample(timestamp=START - 86_400), DropReason.LATE),
    "name is empty": (sample(name=""), DropReason.NO_NAME),
    "ten thousand labels": (
        sample(labels={f"l{i}": "v" for i in range(10_000)}),
        DropReason.LABEL_LIMIT,
    ),
}
UNDECODABLE = {
    "bare NaN": b'{"name":"x","labels":{},"timestamp":1750000600,"value":NaN}',
    "value is a list": sample(value=[1]),
    "name is a number": sample(name=5),
    "labels are a list": sample(labels=["a"]),
    "time is an object": sample(timestamp={}),
    "truncated": sample()[:-7],
    "not UTF-8": b"\xff\xfe\x00",
    "empty": b"",
    "ten megabytes": b'{"name":"' + b"x" * 10_000_000 + b'"}',
    "deep nesting": b"[" * 100_000,
}


def feed(hostile: bytes, **changes: object) -> list[PipelineOutput]:
    """Run a healthy stream with one hostile record in its middle."""
    pipeline = PartitionPipeline(PARTITION, sections(**changes))
    values = wide_records(related(seed=1, ticks=TICKS, series=SERIES))
    middle = TICKS // 2
    batch = record_batch([*values[:middle], hostile, *values[middle:]])
    # The hostile record is stamped like the one before it; those behind it keep their own times.
    times = batch.timestamps.copy()
    times[middle:] = batch.timestamps[middle - 1 : -1]
    return [pipeline.process(replace(batch, timestamps=times)), pipeline.close_idle()]


def tally(outputs: list[PipelineOutput]) -> tuple[int, Counter[DropReason]]:
    """Count samples in frames, and dropped ones by reason; every sample is one of them."""
    framed = sum(output.framed for output in outputs)
    dropped = sum((output.dropped for output in outputs), Counter[DropReason]())
    assert framed + dropped.total() == sum(output.samples for output in outputs)
    scores = np.concatenate([step.verdicts.score for output in outputs for step in output.steps])
    assert np.isfinite(scores).all()
    return framed, dropped


@pytest.mark.parametrize("case", DROPPED)
def test_a_bad_sample_is_dropped_with_its_reason(case: str) -> None:
    """The bad sample is counted under the reason that names its fault; nothing else is lost."""
    hostile, reason = DROPPED[case]

    framed, dropped = tally(feed(hostile))

    assert dropped == {reason: 1}
    assert framed == TICKS * SERIES


@pytest.mark.parametrize("case", UNDECODABLE)
def test_an_undecodable_record_becomes_a_dead_letter(case: str) -> None:
    """The record is published with a reason, and everything else is read."""
    outputs = feed(UNDECODABLE[case])

    framed, dropped = tally(outputs)
    letters = [m for o in outputs for m in o.messages if m.channel is Channel.DEAD_LETTER]
    assert len(letters) == 1
    assert dict(letters[0].headers)["reason"]
    assert (framed, dropped.total()) == (TICKS * SERIES, 0)


def test_a_series_explosion_is_bounded_and_counted() -> None:
    """Past the limit further series are dropped and counted; those already known go on."""
    pipeline = PartitionPipeline(PARTITION, sections(grouping={"series_per_group_max": 50}))
    values = [
        msgspec.json.encode(
            {
                "timestamp": START + 60 * tick,
                "values": {f"burst_{tick}_{i}": 1.0 * i for i in range(500)} | {"steady": 1.0},
            }
        )
        for tick in range(20)
    ]

    outputs = [pipeline.process(record_batch(values)), pipeline.close_idle()]

    framed, dropped = tally(outputs)
    assert len(next(iter(pipeline.groups.values())).members) == 50
    assert dropped[DropReason.SERIES_LIMIT] == 20 * 501 - framed


def test_constant_and_single_sample_series_stay_quiet() -> None:
    """A constant series and one that has a single sample raise no alarm and break nothing."""
    pipeline = PartitionPipeline(PARTITION, sections())
    noise = np.random.default_rng(4).normal(size=600)
    values = [
        msgspec.json.encode(
            {
                "timestamp": START + 60 * tick,
                "values": {"flat": 7.0, "noise": float(noise[tick])}
                | ({"once": 3.0} if tick == 300 else {}),
            }
        )
        for tick in range(600)
    ]

    outputs = [pipeline.process(record_batch(values)), pipeline.close_idle()]

    framed, dropped = tally(outputs)
    assert (framed, dropped.total()) == (1201, 0)
    assert [event for output in outputs for event in output.events] == []


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_any_bytes_at_all_are_survived(hostile: bytes) -> None:
    """Whatever a record holds, the healthy samples around it are framed."""
    framed, _ = tally(feed(hostile))

    assert framed >= TICKS * SERIES


@settings(max_examples=200)
@given(st.integers(0, 200), st.integers(0, 255), st.integers(0, 200))
def test_mutated_and_truncated_records_are_survived(at: int, byte: int, end: int) -> None:
    """A healthy record with one byte changed and its end cut off never stops the stream."""
    healthy = bytearray(wide_records(related(seed=1, ticks=12, series=SERIES))[-1])
    place = at % len(healthy)
    # Another time that may be, a quarter of an hour ahead, rightly makes the next samples late.
    assume(place >= healthy.index(b",") or not chr(byte).isdigit())
    healthy[place] = byte

    framed, _ = tally(feed(bytes(healthy[:end])))

    assert framed >= TICKS * SERIES
