"""Messages to Kafka topics."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from kafka import KafkaConsumer
from kafka.consumer.fetcher import ConsumerRecord

from broker import Broker
from daemon.clock import SystemClock
from daemon.config import KafkaSection
from daemon.errors import SinkError
from daemon.kafka.sink import KafkaSink, producer_options
from daemon.records import Channel, Message
from fakes import FakeClock
from server_process import free_ports


@pytest.fixture
def section(broker: Broker) -> KafkaSection:
    """Make a section for the broker."""
    return KafkaSection(bootstrap_servers=[broker.bootstrap], topic_partitions=1)


@pytest.fixture
def opened(topic: str) -> Iterator[Callable[[KafkaSection], KafkaSink]]:
    """Make sinks, under an application named like the test's topic, that are closed afterwards."""
    sinks: list[KafkaSink] = []

    def make(section: KafkaSection) -> KafkaSink:
        sinks.append(KafkaSink(section, topic, SystemClock()))
        return sinks[-1]

    yield make
    for sink in sinks:
        sink.close()


def read(section: KafkaSection, topic: str, count: int) -> list[ConsumerRecord]:
    """Read the first records of a topic."""
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=section.bootstrap_servers,
        auto_offset_reset="earliest",
        group_id=None,
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


def test_options_lose_nothing() -> None:
    """Acknowledged by all, in order, without an end of patience."""
    options = producer_options(KafkaSection(), "shop")

    assert options["acks"] == -1
    assert options["enable_idempotence"] is True
    assert options["delivery_timeout_ms"] == 2**31 - 1


@pytest.mark.slow
def test_messages_wait_for_an_absent_broker() -> None:
    """Nothing is raised and nothing dropped: the backlog says how much waits."""
    (port,) = free_ports(1)
    nobody = KafkaSection(bootstrap_servers=[f"127.0.0.1:{port}"])
    sink = KafkaSink(nobody, "shop", FakeClock())

    sink.send([Message(Channel.EVENTS, b"g", b"1"), Message(Channel.EVENTS, b"g", b"2")])
    flushed = sink.flush(0.2)

    assert (flushed, sink.backlog) == (False, 2)


@pytest.mark.slow
def test_messages_go_to_their_channels_topics(
    section: KafkaSection, topic: str, opened: Callable[[KafkaSection], KafkaSink]
) -> None:
    """Key, value and headers arrive, in the order sent, and the backlog runs down to nothing."""
    sink = opened(section)

    sink.send(Message(Channel.EVENTS, b"g", b"%d" % n, (("n", b"x"),)) for n in range(500))
    sink.send([Message(Channel.EDGES, None, b"{}")])
    sink.send(Message(Channel.SCORES, b"g", b"%d" % n) for n in range(2500))
    flushed = sink.flush(10.0)

    scores = read(section, f"{topic}.scores", 2500)
    assert [record.value for record in scores] == [b"%d" % n for n in range(2500)]
    events = read(section, f"{topic}.events", 500)
    assert (flushed, sink.backlog) == (True, 0)
    assert [record.value for record in events] == [b"%d" % n for n in range(500)]
    assert {(record.key, tuple(record.headers)) for record in events} == {(b"g", (("n", b"x"),))}
    assert [record.value for record in read(section, f"{topic}.edges", 1)] == [b"{}"]


@pytest.mark.slow
def test_a_message_that_is_too_large_does_not_block_the_others(
    section: KafkaSection, topic: str, opened: Callable[[KafkaSection], KafkaSink]
) -> None:
    """It is refused and counted; what follows is published."""
    sink = opened(section)

    sink.send([Message(Channel.EVENTS, b"g", b"x" * 2_000_000), Message(Channel.EVENTS, b"g", b"")])
    flushed = sink.flush(10.0)

    assert flushed is True
    assert sink.refused == {"too_large": 1}
    assert [record.value for record in read(section, f"{topic}.events", 1)] == [b""]


@pytest.mark.slow
def test_a_dead_letter_that_is_too_large_is_cut(
    section: KafkaSection, topic: str, opened: Callable[[KafkaSection], KafkaSink]
) -> None:
    """The reason arrives with the beginning of the record and its true size."""
    sink = opened(section)
    value = np.random.default_rng(3).bytes(10_000_000)

    sink.send([Message(Channel.DEAD_LETTER, b"k", value, (("reason", b"too_large"),))])
    flushed = sink.flush(10.0)

    (record,) = read(section, f"{topic}.dead-letter", 1)
    assert (flushed, sink.refused) == (True, {})
    assert value.startswith(record.value)
    assert len(record.value) > 900_000
    assert record.headers == [("reason", b"too_large"), ("truncated_from_bytes", b"10000000")]


@pytest.mark.slow
def test_a_missing_topic_is_an_error_at_flush(
    section: KafkaSection, opened: Callable[[KafkaSection], KafkaSink]
) -> None:
    """Where topics are not created, the error names the ones that are missing."""
    sink = opened(section.model_copy(update={"create_topics": False}))
    sink.send([Message(Channel.EVENTS, b"g", b"1")])

    with pytest.raises(SinkError, match=r"\.events.* does not exist.*create_topics"):
        sink.flush(1.0)

    assert sink.backlog == 0


@pytest.mark.slow
def test_only_the_channels_named_get_topics(broker: Broker, topic: str) -> None:
    """A sink made for one channel creates one topic."""
    section = KafkaSection(bootstrap_servers=[broker.bootstrap], topic_partitions=1)
    sink = KafkaSink(section, topic, SystemClock(), channels=[Channel.EVENTS])

    sink.send([Message(Channel.EVENTS, b"g", b"1")])
    sink.flush(10.0)
    sink.close()

    consumer = KafkaConsumer(bootstrap_servers=section.bootstrap_servers)
    created = {name for name in consumer.topics() if name.startswith(topic)}
    consumer.close()
    assert created == {f"{topic}.events"}
