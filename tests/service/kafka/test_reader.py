"""Reading whole topics without a group."""

from __future__ import annotations

import pytest

from broker import Broker
from daemon.clock import SystemClock
from daemon.config import KafkaSection
from daemon.errors import SourceError
from daemon.kafka.reader import TopicReader
from daemon.kafka.writer import OutputRecord, TopicWriter

pytestmark = pytest.mark.slow


def section(broker: Broker) -> KafkaSection:
    """Make the section for a broker."""
    return KafkaSection.model_validate(
        {"bootstrap_servers": [broker.bootstrap], "topic_partitions": 2}
    )


def test_it_reads_what_was_there_and_what_comes(broker: Broker, topic: str) -> None:
    """Records from before and after it began are read, once each, with the topic's name."""
    writer = TopicWriter(section(broker), "test", topic, SystemClock())
    writer.write([OutputRecord(b"a", b"1"), OutputRecord(b"b", b"2")])
    reader = TopicReader(section(broker), "test", [topic])
    found: list[tuple[str, bytes]] = []

    for goal in (2, 3):
        for _ in range(100):
            found += reader.poll(0.1)
            if len(found) >= goal:
                break
        if goal == 2:
            writer.write([OutputRecord(b"a", b"3")])
    reader.close()
    writer.close()

    assert sorted(found) == [(topic, b"1"), (topic, b"2"), (topic, b"3")]


def test_a_topic_that_is_not_there_is_an_error(broker: Broker, topic: str) -> None:
    """The message names it."""
    with pytest.raises(SourceError, match=f"topic {topic} does not exist"):
        TopicReader(section(broker), "test", [topic])
