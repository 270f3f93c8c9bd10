"""Many small messages at once: `daemon.kafka.bulk`."""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace

import kafka
import numpy as np
import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import MessageSizeTooLargeError

from broker import ApacheKafka, Broker
from daemon.config import KafkaSection
from daemon.kafka.bulk import (
    KNOWN_VERSIONS,
    VALUE_BYTES_MAX,
    can_send_in_bulk,
    goes_in_bulk,
    send_in_bulk,
)
from daemon.kafka.connection import connect
from daemon.kafka.refused_batches import outlive_refusals
from daemon.kafka.sink import producer_options
from daemon.records import Channel, Message


def messages(count: int, size: int = 150) -> list[Message]:
    """Make messages that can be told apart, under forty keys."""
    rng = np.random.default_rng(3)
    return [
        Message(Channel.SCORES, b"g%d" % rng.integers(40), b"%06d" % n + rng.bytes(size))
        for n in range(count)
    ]


def read(bootstrap: str, topic: str) -> dict[int, list[tuple[bytes, bytes]]]:
    """Read a topic to its present end, by partition."""
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        group_id=None,
        consumer_timeout_ms=3000,
    )
    found: dict[int, list[tuple[bytes, bytes]]] = {}
    for record in consumer:
        found.setdefault(record.partition, []).append((record.key, record.value))
    consumer.close()
    return found


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (Message(Channel.SCORES, b"g", b"1"), True),
        (Message(Channel.SCORES, None, b"1"), False),
        (Message(Channel.SCORES, b"g", b"1", (("n", b"x"),)), False),
        (Message(Channel.SCORES, b"g", bytes(VALUE_BYTES_MAX + 1)), False),
    ],
)
def test_what_is_not_plain_goes_by_itself(message: Message, *, expected: bool) -> None:
    """The client chooses places for what has no key, and looks at sizes and headers."""
    assert goes_in_bulk(message) is expected


@pytest.mark.parametrize("transactional", [False, True])
def test_the_installed_client_is_known(*, transactional: bool) -> None:
    """Outside of transactions, whose partitions the client has to be told of."""
    manager = SimpleNamespace(is_transactional=lambda: transactional)

    known = can_send_in_bulk(SimpleNamespace(_transaction_manager=manager))

    assert kafka.__version__ in KNOWN_VERSIONS
    assert known is not transactional


def test_nothing_is_sent_to_a_topic_that_is_not_known_yet() -> None:
    """The client asks for it and waits, for one message."""
    metadata = SimpleNamespace(partitions_for_topic=lambda _: None)

    assert send_in_bulk(SimpleNamespace(_metadata=metadata), "t", messages(2)) == []


@pytest.mark.slow
def test_equals_what_the_client_sends(broker: Broker) -> None:
    """Same partitions, same order, over many batches; each future has its record's place."""
    section = KafkaSection(bootstrap_servers=[broker.bootstrap])
    topics = [broker.create_topic(name, partitions=3) for name in ("bulk", "plain")]
    producer = connect(KafkaProducer, producer_options(section, "shop"), 10.0, topics)
    sent = messages(6_000)

    futures = []
    for low in range(0, len(sent), 700):
        part = sent[low : low + 700]
        taken = send_in_bulk(producer, topics[0], part)
        assert len(taken) == len(part)
        futures += taken
    for each in sent:
        producer.send(topics[1], key=each.key, value=each.value)
    producer.flush(30.0)
    producer.close()

    bulk, plain = (read(broker.bootstrap, topic) for topic in topics)
    assert bulk == plain
    assert sum(map(len, bulk.values())) == len(sent)
    for each, future in zip(sent, futures, strict=True):
        place = future.get(1.0)
        assert bulk[place.partition][place.offset] == (each.key, each.value)


@pytest.mark.slow
def test_one_that_is_too_large_fails_by_itself(apache: ApacheKafka) -> None:
    """Its neighbours arrive, once and in order."""
    topic = apache.create_topic("bulk-refuses", configs={"max.message.bytes": "4000"})
    section = KafkaSection(bootstrap_servers=[apache.bootstrap])
    producer = connect(KafkaProducer, producer_options(section, "shop"), 10.0, [topic])
    outlive_refusals(producer)
    sent = messages(60)
    sent[20:20] = messages(1, size=9_000)

    futures = send_in_bulk(producer, topic, sent)
    for each in futures:
        with suppress(MessageSizeTooLargeError):
            each.get(30.0)
    producer.close()

    assert [n for n, each in enumerate(futures) if each.failed()] == [20]
    ((_, found),) = read(apache.bootstrap, topic).items()
    assert [value for _, value in found] == [each.value for each in sent if len(each.value) < 9_000]
