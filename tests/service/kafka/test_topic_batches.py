"""Ranges of a topic, exactly, and whether the service runs; against Apache Kafka."""

from __future__ import annotations

import pytest
from kafka import KafkaConsumer, KafkaProducer

from broker import ApacheKafka
from daemon.clock import SystemClock
from daemon.config import KafkaSection
from daemon.errors import SourceError
from daemon.kafka.topic_batches import TopicBatches, is_running, up_to
from daemon.records import InputPartition
from streams import record_batch, related, wide_records

STAMP_MS = 1_750_000_000_000


def section(apache: ApacheKafka, topic: str) -> KafkaSection:
    """Make the settings for one topic."""
    return KafkaSection.model_validate({"bootstrap_servers": [apache.bootstrap], "topics": [topic]})


@pytest.fixture
def filled(apache: ApacheKafka) -> tuple[ApacheKafka, str]:
    """Give a topic of two partitions with 500 records in the first, one a second."""
    topic = apache.create_topic("batches", partitions=2)
    producer = KafkaProducer(bootstrap_servers=apache.bootstrap, batch_size=2000)
    for n in range(500):
        producer.send(topic, b"%d" % n, partition=0, timestamp_ms=STAMP_MS + n * 1000)
    producer.flush(30)
    producer.close()
    return apache, topic


@pytest.mark.slow
def test_reads_ranges_to_the_record(filled: tuple[ApacheKafka, str]) -> None:
    """Twice, the second from where the first ended; never beyond the end that was asked."""
    apache, topic = filled
    first, second = InputPartition(topic, 0), InputPartition(topic, 1)
    batches = TopicBatches(section(apache, topic), "app")

    bounds = batches.bounds()
    stamped = batches.bounds(since=(STAMP_MS + 100_500) * 1_000_000)
    read: list[list[int]] = []
    for start, end in ((0, 123), (123, 500)):
        batches.begin({first: (start, end), second: (0, 0)})
        values: list[int] = []
        last = start
        while not batches.done:
            for batch in batches.poll():
                values += [int(value or b"") for value in batch.values]
                last = batch.next_offset
        assert last == end
        read.append(values)
    batches.close()

    assert bounds == {first: (0, 500), second: (0, 0)}
    assert stamped[first] == (101, 500)
    assert read == [list(range(123)), list(range(123, 500))]


@pytest.mark.slow
def test_a_missing_topic_is_named(apache: ApacheKafka) -> None:
    """It is not made."""
    with pytest.raises(SourceError, match="topic nowhere does not exist"):
        TopicBatches(section(apache, "nowhere"), "app")


@pytest.mark.slow
def test_a_service_runs_while_its_group_has_members(filled: tuple[ApacheKafka, str]) -> None:
    """Neither before nor after."""
    apache, topic = filled
    given, clock = section(apache, topic), SystemClock()
    before = is_running(given, f"{topic}-app", clock)
    member = KafkaConsumer(topic, bootstrap_servers=apache.bootstrap, group_id=f"{topic}-app")
    while not member.assignment():
        member.poll(timeout_ms=200)

    during = is_running(given, f"{topic}-app", clock)
    member.close()

    assert (before, during, is_running(given, f"{topic}-app", clock)) == (False, True, False)


def test_a_batch_is_cut_at_an_offset() -> None:
    """The next record to read is then the one that is left out."""
    batch = record_batch(wide_records(related(seed=1, ticks=6)), 10)

    cut = up_to(batch, 13)

    assert cut.offsets.tolist() == [10, 11, 12]
    assert len(cut.values) == len(cut.keys) == len(cut.timestamps) == 3
    assert cut.next_offset == 13
    assert up_to(batch, 99).next_offset == 16
