"""One partition from records to messages: what comes out, and that splits change nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest
from kafka import TopicPartition
from kafka.consumer.fetcher import Fetcher
from kafka.record import MemoryRecords

from daemon.formats.json_samples import JsonCodec
from daemon.formats.span_index import SpanIndex
from daemon.kafka.chunks import chunk_of
from daemon.kafka.chunks import record_batch as joined
from daemon.kafka.columnar import ColumnarRecords
from daemon.pipeline import PartitionPipeline, PipelineOutput
from daemon.records import Channel, Message
from daemon.snapshots import Origin, decode, encode
from record_batches import Made, batch
from streams import PARTITION, record_batch, related, sections, wide_records

TICKS, BREAK_AT = 1600, 1400


def run(values: list[bytes], split: int, **changes: object) -> list[PipelineOutput]:
    """Feed a fresh pipeline with batches of `split` records and close it at the end."""
    pipeline = PartitionPipeline(PARTITION, sections(**changes))
    outputs = [
        pipeline.process(record_batch(values[at : at + split], at))
        for at in range(0, len(values), split)
    ]
    return [*outputs, pipeline.close_idle()]


def messages(outputs: list[PipelineOutput], channel: Channel) -> list[Message]:
    """Messages of one channel in order."""
    return [m for output in outputs for m in output.messages if m.channel is channel]


@pytest.fixture(scope="module")
def story() -> list[bytes]:
    """Build the records of six related series, one of which breaks away."""
    return wide_records(related(seed=5, ticks=TICKS, break_at=BREAK_AT))


@pytest.mark.slow
def test_a_broken_relation_becomes_one_incident(story: list[bytes]) -> None:
    """The series that broke away is first in the event, and a relation of it is named."""
    events = [json.loads(m.value) for m in messages(run(story, 500), Channel.EVENTS)]
    opened = [event for event in events if event["state"] == "open"]

    assert len(opened) == 1
    assert opened[0]["group"] == "cart"
    assert opened[0]["series"][0]["name"] == "m0"
    assert 'm0{service="cart"}' in (
        opened[0]["edges"][0]["source"],
        opened[0]["edges"][0]["target"],
    )
    assert opened[0]["source"]["offset"] > BREAK_AT
    roles = {each["name"]: each["role"] for each in opened[0]["series"]}
    assert roles.pop("m0") == "culprit"
    assert set(roles.values()) <= {"victim", None}
    assert "victim" in roles.values()


def flat_of(wide: list[bytes]) -> list[bytes]:
    """Write each sample of wide records as a record of its own."""
    rows = [json.loads(record) for record in wide]
    return [
        json.dumps({"name": name} | {k: row[k] for k in ("labels", "timestamp")} | {"value": value})
        .encode()
        for row in rows
        for name, value in row["values"].items()
    ]  # fmt: skip


@pytest.mark.slow
def test_columns_and_the_plain_path_give_equal_bytes(story: list[bytes]) -> None:
    """From Kafka's batches to messages, with kernels and without any: not one bit differs."""
    flat = flat_of(story)
    made = [Made(None, value, 1000 * json.loads(value)["timestamp"]) for value in flat]
    starts = range(0, len(made), 50)
    data = b"".join(batch(made[at : at + 50], at, codec=at % 100 // 50) for at in starts)
    by_kernels, plainly = (PartitionPipeline(PARTITION, sections()) for _ in range(2))
    codec = plainly._codec
    assert isinstance(codec, JsonCodec)
    codec._flat._index = SpanIndex()  # one that never learns a series
    outputs: dict[PartitionPipeline, list[PipelineOutput]] = {by_kernels: [], plainly: []}
    for kind, pipeline in ((ColumnarRecords, by_kernels), (Fetcher.PartitionRecords, plainly)):
        part = kind(0, TopicPartition("m", 0), MemoryRecords(data))
        while part and (rows := list(part.take(700))):
            chunks = rows if kind is ColumnarRecords else [chunk_of(rows)]
            outputs[pipeline].append(pipeline.process(joined(PARTITION, chunks)))
        outputs[pipeline].append(pipeline.close_idle())

    mine, theirs = outputs.values()
    assert [m.messages for m in mine] == [m.messages for m in theirs]
    assert [(m.samples, m.framed, m.dropped) for m in mine] == [
        (m.samples, m.framed, m.dropped) for m in theirs
    ]
    assert messages(mine, Channel.EVENTS)
    assert by_kernels._codec._flat.read(record_batch(flat)).left.tolist() == []  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.parametrize("split", [1, 7, 1600])
def test_splits_change_no_byte(story: list[bytes], split: int) -> None:
    """Events, journal and scores are the same bytes however records are split into batches."""
    output = {"scores": True}
    expected = run(story, 400, output=output)

    actual = run(story, split, output=output)

    for channel in (Channel.EVENTS, Channel.EDGES, Channel.SCORES):
        assert messages(actual, channel) == messages(expected, channel)
    assert messages(actual, Channel.EDGES)
    assert len(messages(actual, Channel.SCORES)) == TICKS


def test_every_sample_is_accounted_for() -> None:
    """Samples found are those in frames and those dropped, once everything is closed."""
    values = wide_records(related(seed=1, ticks=40))
    values[5] = values[4]
    values[20] = values[2]

    outputs = run(values, 9)

    total = {name: sum(getattr(o, name) for o in outputs) for name in ("samples", "framed")}
    dropped = sum(sum(o.dropped.values()) for o in outputs)
    assert total["samples"] == 40 * 6
    assert total["framed"] + dropped == total["samples"]
    assert dropped == 12


def test_undecodable_records_keep_their_reason_and_place() -> None:
    """A poison record becomes a dead letter that says why and where; the next one is read."""
    values = wide_records(related(seed=1, ticks=4))
    values[1] = b'{"timestamp": 17'

    outputs = run(values, 4)

    (letter,) = messages(outputs, Channel.DEAD_LETTER)
    headers = dict(letter.headers)
    assert letter.value == values[1]
    assert (headers["topic"], headers["partition"]) == (b"metrics", b"0")
    assert headers["offset"] == b"1"
    assert headers["reason"]
    assert sum(o.framed for o in outputs) == 3 * 6


def test_dead_letters_can_be_switched_off() -> None:
    """Without dead letters the record is still counted by reason."""
    outputs = run([b"nonsense"], 1, output={"dead_letters": False})

    assert messages(outputs, Channel.DEAD_LETTER) == []
    assert sum(sum(o.dead_letters.values()) for o in outputs) == 1


def test_a_group_is_forgotten_with_its_last_series() -> None:
    """After `retention` without samples a group and its detector are gone."""
    pipeline = PartitionPipeline(PARTITION, sections(framing={"retention": "10m"}))
    early = wide_records(related(seed=1, ticks=3), service="old")
    late = wide_records(related(seed=1, ticks=60), service="new")

    pipeline.process(record_batch(early))
    pipeline.process(record_batch(late[3:], 3))
    pipeline.close_idle()

    assert set(pipeline.groups) == {"new"}
    assert len(pipeline.groups["new"].members) == 6


def placeless(outputs: list[PipelineOutput], group: str) -> list[dict[str, object]]:
    """Events of a group but for the record that led to them."""
    events = [json.loads(m.value) for m in messages(outputs, Channel.EVENTS)]
    return [event | {"source": None} for event in events if event["group"] == group]


@pytest.mark.slow
def test_groups_together_and_apart_give_equal_bytes() -> None:
    """A group's messages and state do not depend on which others go through a call with it."""
    told = {"scores": True}
    values_of = {
        name: related(seed, 900, size, 700 if seed % 2 else None)
        for seed, (name, size) in enumerate([("a", 6), ("b", 2), ("c", 9), ("d", 1), ("e", 4)])
    }
    values_of["c"][300:320] = np.nan  # while the others go on
    stories = {name: wide_records(made, service=name) for name, made in values_of.items()}
    together = PartitionPipeline(PARTITION, sections(output=told))
    by_time = sorted((json.loads(v)["timestamp"], v) for each in stories.values() for v in each)
    values = [value for _, value in by_time]
    outputs = [
        together.process(record_batch(values[at : at + 97], at)) for at in range(0, len(values), 97)
    ]
    outputs.append(together.close_idle())

    for name, story in stories.items():
        apart = PartitionPipeline(PARTITION, sections(output=told))
        alone = [apart.process(record_batch(story)), apart.close_idle()]
        for channel in (Channel.SCORES, Channel.EDGES):
            mine = [m for m in messages(outputs, channel) if m.key == name.encode()]
            assert mine == messages(alone, channel)
        assert together.groups[name].detector.dump() == apart.groups[name].detector.dump()
        assert together.groups[name].tracker.dump() == apart.groups[name].tracker.dump()
        assert placeless(outputs, name) == placeless(alone, name)
    assert placeless(outputs, "b")


def test_series_that_join_later_are_learnt_too() -> None:
    """A series that appears mid-stream joins the group at its first tick."""
    few, many = related(seed=1, ticks=30, series=3), related(seed=1, ticks=60, series=4)
    values = [*wide_records(few), *wide_records(many)[30:]]

    outputs = run(values, 90)

    steps = [step for output in outputs for step in output.steps]
    assert [step.block.frames.shape for step in steps] == [(30, 3), (29, 4), (1, 4)]
    assert np.isfinite(np.concatenate([step.verdicts.score for step in steps])).all()


@pytest.mark.slow
@pytest.mark.parametrize("returns", [False, True])
def test_an_incident_ends_with_its_group(story: list[bytes], *, returns: bool) -> None:
    """A group that falls silent for good, or comes back as a new one, resolves what was open."""
    pipeline = PartitionPipeline(PARTITION, sections(framing={"retention": "5m"}))
    early = pipeline.process(record_batch(story[: BREAK_AT + 60]))
    service = "cart" if returns else "other"
    later = wide_records(related(seed=2, ticks=BREAK_AT + 500), service=service)[-1:]

    late = pipeline.process(record_batch(later, BREAK_AT + 499))
    late_end = pipeline.close_idle()

    assert [event.state for event in early.events][:1] == ["open"]
    ended = {event.incident_id: event.state for event in [*late.ended, *late_end.ended]}
    opened = [*early.events, *late.events, *late_end.events]
    assert ended[early.events[0].incident_id] == "resolve"
    assert ended.keys() == {event.incident_id for event in opened}
    assert pipeline.groups[service].incidents_open == {}


@pytest.mark.slow
@pytest.mark.parametrize("split", [1, 7, 1600])
def test_a_series_that_stops_is_an_incident_whatever_the_batches(split: int) -> None:
    """Its peers say what it would be, its relations are named, and splits change no byte."""
    values = related(seed=5, ticks=TICKS)
    values[1520:1560, 2] = np.nan
    changes = {"incidents": {"silence": {"warmup": "12h"}}}

    outputs = run(wide_records(values), split, **changes)

    expected = run(wide_records(values), 400, **changes)
    assert messages(outputs, Channel.EVENTS) == messages(expected, Channel.EVENTS)
    opened, resolved = [json.loads(m.value) for m in messages(outputs, Channel.EVENTS)]
    assert (opened["kind"], opened["state"], resolved["state"]) == ("silence", "open", "resolve")
    assert [(each["name"], each["actual"]) for each in opened["series"]] == [("m2", None)]
    assert abs(opened["series"][0]["expected"] - values[1524, 3]) < 3
    assert len(opened["edges"]) == 5
    assert all('m2{service="cart"}' in (e["source"], e["target"]) for e in opened["edges"])
    assert resolved["duration_s"] == 40 * 60


def test_who_gives_way_does_not_depend_on_the_split() -> None:
    """A group that begins and falls silent within one batch makes room, as over many."""
    ended = wide_records(related(seed=1, ticks=5), "ended")
    goes_on = wide_records(related(seed=2, ticks=100), "goes on")
    values = [*(each for pair in zip(ended, goes_on, strict=False) for each in pair), *goes_on[5:]]
    grouping = {"group_by": ["service"], "groups_max": 1}

    framed = {
        split: [
            (step.block.group, tick)
            for output in run(values, split, grouping=grouping)
            for step in output.steps
            for tick in step.block.ticks.tolist()
        ]
        for split in (1, 7, len(values))
    }

    assert len({group for group, _ in framed[1]}) == 2
    assert framed[7] == framed[1]
    assert framed[len(values)] == framed[1]


@pytest.mark.parametrize(("before", "after"), [(30, 3600), (3600, 0), (0, 30)])
def test_lateness_may_change_over_a_restart(before: int, after: int) -> None:
    """Every tick is framed once, in order, and every sample is in its frame or counted."""
    values = wide_records(related(seed=2, ticks=200))
    pipeline = PartitionPipeline(PARTITION, sections(framing={"lateness": before}))
    outputs = [pipeline.process(record_batch(values[:100]))]
    state, _ = decode(encode(pipeline.capture(), Origin()), PARTITION, sections().shape)

    pipeline = PartitionPipeline.restored(state, sections(framing={"lateness": after}))
    outputs += [pipeline.process(record_batch(values[100:], 100)), pipeline.close_idle()]

    steps = [step for output in outputs for step in output.steps]
    ticks = np.concatenate([step.block.ticks for step in steps])
    assert ticks.tolist() == list(range(int(ticks[0]), int(ticks[0]) + 200))
    assert not np.isnan(np.concatenate([step.block.frames for step in steps])).any()
    assert sum(output.framed for output in outputs) == 1200
    assert np.concatenate([step.block.watermarks for step in steps]).tolist() == sorted(
        np.concatenate([step.block.watermarks for step in steps]).tolist()
    )


def test_a_group_that_was_away_for_longer_than_a_new_retention_begins_anew() -> None:
    """Its samples go into frames of its own, though it had members when it was forgotten."""
    away, others = (wide_records(related(seed=2, ticks=60), name) for name in ("away", "others"))
    early, late = [*away[:1], *others[:40]], [*others[40:], *away[59:]]
    pipeline = PartitionPipeline(PARTITION, sections())
    pipeline.process(record_batch(early))

    short = sections(framing={"retention": "5m"})
    pipeline = PartitionPipeline.restored(pipeline.capture(), short)
    outputs = [pipeline.process(record_batch(late, 40)), pipeline.close_idle()]

    steps = [step for output in outputs for step in output.steps if step.block.group == "away"]
    assert [step.block.frames.shape for step in steps] == [(1, 6)]
    assert not np.isnan(steps[0].block.frames).any()
