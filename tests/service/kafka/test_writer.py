"""Records onto a topic at a chosen rate."""

from __future__ import annotations

import numpy as np
import pytest
from kafka import KafkaConsumer
from kafka.consumer.fetcher import ConsumerRecord

from broker import ApacheKafka, Broker
from daemon.clock import SystemClock
from daemon.config import KafkaSection
from daemon.errors import SinkError, UnreachableError
from daemon.kafka.writer import OutputRecord, TopicWriter
from server_process import free_ports

pytestmark = pytest.mark.slow


def written(bootstrap: str, topic: str, count: int) -> list[ConsumerRecord]:
    """Read the first records of a topic, each partition in its order."""
    consumer = KafkaConsumer(
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", group_id=None
    )
    records: list[ConsumerRecord] = []
    try:
        for _ in range(60):
            records += [each for batch in consumer.poll(500).values() for each in batch]
            if len(records) >= count:
                break
    finally:
        consumer.close()
    return records


def section(broker: Broker, **settings: object) -> KafkaSection:
    """Make the section for a broker."""
    return KafkaSection.model_validate({"bootstrap_servers": [broker.bootstrap], **settings})


def test_records_arrive_with_key_value_and_time(broker: Broker, topic: str) -> None:
    """What is written is read, in order per key, with its own time in milliseconds."""
    writer = TopicWriter(section(broker), "shop", topic, SystemClock())
    counts: list[int] = []

    records = [OutputRecord(b"k", b"%d" % n, 10**18 + n * 10**6) for n in range(1000)]
    count = writer.write(records, counts.append)
    writer.close()

    read = written(broker.bootstrap, topic, 1000)
    assert count == counts[-1] == 1000
    assert [record.value for record in read] == [b"%d" % n for n in range(1000)]
    assert [record.timestamp for record in read] == [10**12 + n for n in range(1000)]
    assert {record.key for record in read} == {b"k"}


def test_the_rate_is_kept(broker: Broker, topic: str) -> None:
    """At 2000 records a second, 500 take a quarter of a second."""
    clock = SystemClock()
    writer = TopicWriter(section(broker), "shop", topic, clock, rate=2000.0)
    writer.write([OutputRecord(None, b"first")])

    began = clock.monotonic()
    writer.write(OutputRecord(None, b"x") for _ in range(500))
    took = clock.monotonic() - began
    writer.close()

    assert 0.15 < took < 2.0


def test_a_missing_topic_is_named(broker: Broker, topic: str) -> None:
    """Where topics are not created, the error names the one that is missing."""
    with pytest.raises(SinkError, match=topic):
        TopicWriter(section(broker, create_topics=False), "shop", topic, SystemClock())


def test_an_absent_broker_is_an_error_after_the_time_out() -> None:
    """A person who writes a file wants to know that nobody is there."""
    (port,) = free_ports(1)
    nobody = KafkaSection(bootstrap_servers=[f"127.0.0.1:{port}"])

    with pytest.raises(UnreachableError, match=f"127.0.0.1:{port}"):
        TopicWriter(nobody, "shop", "metrics", SystemClock(), timeout_seconds=0.2)


def test_a_record_larger_than_the_topic_takes_is_refused(apache: ApacheKafka) -> None:
    """The broker's limit is an error with the topic's name, not a stall."""
    topic = apache.create_topic("small")
    writer = TopicWriter(section(apache), "shop", topic, SystemClock())
    value = np.random.default_rng(5).bytes(5_000_000)  # noise, which compression does not shrink

    with pytest.raises(SinkError, match=rf"{topic}.*TooLarge"):
        writer.write([OutputRecord(None, value)])

    writer.close()
