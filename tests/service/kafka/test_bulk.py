"""Many small messages at once: `daemon.kafka.bulk`."""

from __future__ import annotations

from types import SimpleNamespace

import kafka
import numpy as np
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaTimeoutError, MessageSizeTooLargeError

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
from daemon.kafka.flight import Flight
from daemon.kafka.refused_batches import outlive_refusals
from daemon.kafka.sink import producer_options
from daemon.records import Channel, Message
from daemon_process import wait_until
from played_producer import PlayedProducer, contents


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
    flight = Flight()

    assert not send_in_bulk(PlayedProducer(partitions=0), "t", messages(2), flight)
    assert flight.sent == 0


def test_batches_are_as_the_client_fills_them() -> None:
    """As many records in each, in order, with the client's own figures of them."""
    producer, alone = PlayedProducer(batch_bytes=4_000), PlayedProducer(batch_bytes=4_000)
    sent = [*messages(50), *messages(50, size=700)]

    assert send_in_bulk(producer, "t", sent, Flight())
    for each in sent:
        alone._accumulator.append(TopicPartition("t", 0), None, each.key, each.value, [])

    ours, theirs = producer.drain("t"), alone.drain("t")
    assert [batch.record_count for batch in ours] == [batch.record_count for batch in theirs]
    assert [batch.max_record_size for batch in ours] == [b.max_record_size for b in theirs]
    assert [len(batch._record_futures) for batch in ours] == [b.record_count for b in ours]
    assert len(ours) > 5
    found = [contents(batch) for batch in ours]
    assert [offset for batch in found for offset, *_ in batch] == [
        n for batch in theirs for n in range(batch.record_count)
    ]
    assert [(key, value) for batch in found for *_, key, value in batch] == [
        (each.key, each.value) for each in sent
    ]
    times = [time for batch in found for _, time, *_ in batch]
    assert 0 <= max(times) - min(times) < 60_000
    assert producer.woken == 1


def test_what_is_on_its_way_takes_no_more() -> None:
    """A batch that comes back for another try is closed; messages go into a new one."""
    producer, flight = PlayedProducer(), Flight()
    send_in_bulk(producer, "t", messages(5), flight)
    (returned,) = producer.drain("t")
    producer._accumulator.reenqueue(returned)

    send_in_bulk(producer, "t", messages(5), flight)

    assert [batch.record_count for batch in producer.drain("t")] == [5, 5]


def test_what_becomes_of_a_batch_is_counted_for_each_message() -> None:
    """Arrived, refused for their size, or failed; events say where the last of them is."""
    producer, flight = PlayedProducer(batch_bytes=1_500), Flight()
    events = [Message(Channel.EVENTS, each.key, each.value) for each in messages(27)]

    send_in_bulk(producer, "t", events, flight)
    first, second, third, *_ = batches = producer.drain("t")
    first.done(base_offset=40, timestamp_ms=-1)
    assert (flight.landed, flight.events_end) == (8, {"0": 48})
    second.done(base_offset=-1, timestamp_ms=-1)  # it was sent twice, and where is not said
    assert (flight.landed, flight.events_end) == (16, {"0": 48})
    third.complete_exceptionally(
        KafkaTimeoutError("gone"),
        lambda n: MessageSizeTooLargeError() if n == 5 else KafkaTimeoutError(f"gone {n}"),
    )

    assert [batch.record_count for batch in batches] == [8, 8, 8, 3]
    assert (flight.sent, flight.landed, flight.refused) == (27, 24, {"too_large": 1})
    assert [each.rsplit(" ", 1)[1] for each in flight.failures] == list("0123467")


def test_a_batch_that_is_split_is_followed_into_its_parts() -> None:
    """Again and again, in whichever order they end; a message that is too large is one."""
    producer, flight = PlayedProducer(), Flight()
    sent = [Message(Channel.EVENTS, each.key, each.value) for each in messages(11)]
    send_in_bulk(producer, "t", sent, flight)
    (whole,) = producer.drain("t")
    producer.split(whole)
    low, high = producer.drain("t")
    producer.split(high)
    middle, last = producer.drain("t")
    producer.split(middle)
    left, right = producer.drain("t")
    assert [each.record_count for each in (low, left, right, last)] == [6, 2, 1, 2]

    right.complete_exceptionally(MessageSizeTooLargeError(), lambda _: MessageSizeTooLargeError())
    last.done(base_offset=108, timestamp_ms=-1)
    left.done(base_offset=106, timestamp_ms=-1)
    low.done(base_offset=100, timestamp_ms=-1)

    assert (flight.sent, flight.landed, flight.failures) == (11, 11, [])
    assert (flight.refused, flight.events_end) == ({"too_large": 1}, {"0": 106})


@pytest.mark.slow
def test_equals_what_the_client_sends(broker: Broker) -> None:
    """Same partitions, same order, over many batches; all of them land."""
    section = KafkaSection(bootstrap_servers=[broker.bootstrap])
    topics = [broker.create_topic(name, partitions=3) for name in ("bulk", "plain")]
    producer = connect(KafkaProducer, producer_options(section, "shop"), 10.0, topics)
    sent, flight = messages(6_000), Flight()

    for low in range(0, len(sent), 700):
        assert send_in_bulk(producer, topics[0], sent[low : low + 700], flight)
    for each in sent:
        producer.send(topics[1], key=each.key, value=each.value)
    producer.flush(30.0)
    producer.close()

    bulk, plain = (read(broker.bootstrap, topic) for topic in topics)
    assert bulk == plain
    assert sum(map(len, bulk.values())) == len(sent)
    assert (flight.sent, flight.landed, flight.failures) == (6_000, 6_000, [])


@pytest.mark.slow
def test_one_that_is_too_large_fails_by_itself(apache: ApacheKafka) -> None:
    """Its neighbours arrive, once and in order."""
    topic = apache.create_topic("bulk-refuses", configs={"max.message.bytes": "4000"})
    section = KafkaSection(bootstrap_servers=[apache.bootstrap])
    producer = connect(KafkaProducer, producer_options(section, "shop"), 10.0, [topic])
    outlive_refusals(producer)
    sent, flight = messages(60), Flight()
    sent[20:20] = messages(1, size=9_000)

    assert send_in_bulk(producer, topic, sent, flight)
    wait_until(lambda: flight.landed == len(sent), 30.0, "what becomes of them")
    producer.close()

    assert (flight.refused, flight.failures) == ({"too_large": 1}, [])
    ((_, found),) = read(apache.bootstrap, topic).items()
    assert [value for _, value in found] == [each.value for each in sent if len(each.value) < 9_000]
