"""What every source and every sink must do, over the stand-ins and the real ones alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from kafka import KafkaProducer

from broker import Broker
from daemon.clock import SystemClock
from daemon.config import KafkaSection
from daemon.files.options import FileOptions
from daemon.files.sink import FileSink
from daemon.files.source import FileSource
from daemon.kafka.sink import KafkaSink
from daemon.kafka.source import KafkaSource
from daemon.ports import Clock, EventSink, RecordSource
from daemon.records import Channel, InputPartition, Message, RecordBatch
from fakes import Assign, FakeClock, FakeSink, FakeSource, RecordingListener, batch

#: Each source under test delivers these values, in this order, from one partition.
VALUES = [b'{"n":%d}' % n for n in range(12)]

SOURCES = [
    "fake",
    "file",
    pytest.param("kafka-python", marks=[pytest.mark.kafka, pytest.mark.slow]),
    pytest.param("librdkafka", marks=[pytest.mark.kafka, pytest.mark.slow]),
]


def fake_source(partition: InputPartition) -> FakeSource:
    """Make a source whose script delivers the values in three batches."""
    batches = [batch(partition, first, VALUES[first : first + 4]) for first in (0, 4, 8)]
    return FakeSource([Assign((partition,)), *batches])


def file_source(partition: InputPartition, folder: Path) -> FileSource:
    """Make a source over a file that holds the values."""
    path = folder / "values.ndjson"
    path.write_bytes(b"\n".join(VALUES))
    return FileSource(path, FileOptions(topic=partition.topic, chunk_rows=4))


def kafka_source(
    partition: InputPartition, broker: Broker, client: Literal["kafka-python", "librdkafka"]
) -> KafkaSource:
    """Make a source over a topic that holds the values."""
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    for value in VALUES:
        producer.send(partition.topic, value=value)
    producer.flush(10)
    producer.close()
    section = KafkaSection(
        client=client,
        bootstrap_servers=[broker.bootstrap],
        topics=[partition.topic],
        group_id=partition.topic,
        session_timeout=6,
        heartbeat_interval=1,
    )
    return KafkaSource(section, "shop", SystemClock())


@pytest.fixture(params=SOURCES)
def case(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[RecordSource, InputPartition]]:
    """Make a source of each kind, with the partition it reads."""
    source: RecordSource
    if request.param in ("kafka-python", "librdkafka"):
        broker: Broker = request.getfixturevalue("broker")
        partition = InputPartition(broker.create_topic("contract"), 0)
        source = kafka_source(partition, broker, request.param)
    else:
        partition = InputPartition("contract", 0)
        source = (
            fake_source(partition) if request.param == "fake" else file_source(partition, tmp_path)
        )
    yield source, partition
    source.close()


def read(source: RecordSource, listener: RecordingListener, count: int) -> list[RecordBatch]:
    """Poll until so many records have come."""
    batches: list[RecordBatch] = []
    for _ in range(80):
        if sum(len(each.values) for each in batches) >= count:
            break
        batches += listener.take(source.poll(0.5))
    return batches


def test_records_come_once_in_order_after_the_assignment(
    case: tuple[RecordSource, InputPartition],
) -> None:
    """The listener hears of the partition first; offsets grow; next_offset is one past the last."""
    source, partition = case
    listener = RecordingListener()

    source.start(listener)
    batches = read(source, listener, len(VALUES))

    offsets = [int(offset) for each in batches for offset in each.offsets]
    assert listener.calls == [("assigned", (partition,))]
    assert [value for each in batches for value in each.values] == VALUES
    assert offsets == list(range(len(VALUES)))
    assert all(each.next_offset == each.offsets[-1] + 1 for each in batches)
    assert all(
        len(each.offsets) == len(each.timestamps) == len(each.keys) == len(each.values)
        for each in batches
    )


def test_reading_starts_where_the_listener_says(
    case: tuple[RecordSource, InputPartition],
) -> None:
    """Offsets returned by `assigned` are honoured."""
    source, partition = case
    listener = RecordingListener(start_at={partition: 9})

    source.start(listener)
    batches = read(source, listener, 3)

    assert [value for each in batches for value in each.values] == VALUES[9:]


def test_a_pause_delivers_nothing(case: tuple[RecordSource, InputPartition]) -> None:
    """Between pause and resume no record comes; afterwards all of them do."""
    source, partition = case
    listener = RecordingListener()
    source.pause()

    source.start(listener)
    for _ in range(80):
        assert source.poll(0.5) == []
        if partition in listener.owned:
            break
    assert source.poll(0.1) == []
    source.resume()
    batches = read(source, listener, len(VALUES))

    assert [value for each in batches for value in each.values] == VALUES


def test_close_hands_back_what_is_owned_once(
    case: tuple[RecordSource, InputPartition],
) -> None:
    """`revoked` runs on the first close only, with the partitions owned."""
    source, partition = case
    listener = RecordingListener()
    source.start(listener)
    read(source, listener, len(VALUES))

    committed = source.commit({partition: 5})
    source.close()
    source.close()

    assert committed is True
    assert listener.calls == [("assigned", (partition,)), ("revoked", (partition,))]


def test_contact_is_fresh_after_records(case: tuple[RecordSource, InputPartition]) -> None:
    """Records prove that the other side answers."""
    source, _ = case
    listener = RecordingListener()

    source.start(listener)
    read(source, listener, len(VALUES))

    assert 0.0 <= source.contact_age() < 5.0


@pytest.fixture(
    params=["fake", "file", pytest.param("kafka", marks=[pytest.mark.kafka, pytest.mark.slow])]
)
def sink(request: pytest.FixtureRequest, tmp_path: Path, topic: str) -> Iterator[EventSink]:
    """Make a sink of each kind."""
    made: EventSink
    if request.param == "kafka":
        broker: Broker = request.getfixturevalue("broker")
        section = KafkaSection(bootstrap_servers=[broker.bootstrap], topic_partitions=1)
        made = KafkaSink(section, topic, SystemClock())
    elif request.param == "file":
        made = FileSink(tmp_path)
    else:
        made = FakeSink()
    yield made
    made.close()


def test_nothing_waits_after_a_flush(sink: EventSink) -> None:
    """A flush that returns True leaves no backlog, whatever was sent."""
    sink.send(Message(Channel.EVENTS, b"g", b"%d" % n) for n in range(50))
    sink.send([])

    flushed = sink.flush(20.0)

    assert (flushed, sink.backlog) == (True, 0)


def test_a_sink_may_be_closed_twice(sink: EventSink) -> None:
    """The second close does nothing."""
    sink.send([Message(Channel.EVENTS, b"g", b"1")])

    sink.close()
    sink.close()

    assert sink.backlog == 0


@pytest.mark.parametrize("make", [FakeClock, SystemClock])
def test_the_monotonic_clock_never_steps_back(make: Callable[[], Clock]) -> None:
    """Ages are never negative, and a sleep is time that has passed."""
    clock = make()

    before = clock.monotonic()
    clock.sleep(0.001)

    assert clock.monotonic() - before >= 0.001
    assert clock.now() > 1_600_000_000
