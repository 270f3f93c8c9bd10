"""The sink against Apache Kafka: a crash in mid-send, and outages in which nothing is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from kafka import KafkaAdminClient, KafkaConsumer

from broker import ApacheKafka
from daemon.clock import SystemClock
from daemon.config import KafkaSection
from daemon.errors import SinkError
from daemon.kafka.sink import STALL_SECONDS, KafkaSink
from daemon.records import Channel, Message
from daemon_process import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def opened(apache: ApacheKafka, topic: str) -> Iterator[Callable[[], KafkaSink]]:
    """Make sinks for events, under an application named like the test's topic."""
    sinks: list[KafkaSink] = []

    def make() -> KafkaSink:
        section = KafkaSection(bootstrap_servers=[apache.bootstrap], topic_partitions=1)
        sinks.append(KafkaSink(section, topic, SystemClock(), channels=[Channel.EVENTS]))
        return sinks[-1]

    yield make
    for sink in sinks:
        sink.close()


def events(count: int, first: int = 0) -> list[Message]:
    """Make numbered messages of one key."""
    return [Message(Channel.EVENTS, b"g", b"%d" % n) for n in range(first, first + count)]


def read(apache: ApacheKafka, topic: str) -> list[int]:
    """Read all of a topic, until nothing more comes."""
    consumer = KafkaConsumer(
        topic, bootstrap_servers=apache.bootstrap, auto_offset_reset="earliest", group_id=None
    )
    found: list[int] = []
    quiet = 0
    try:
        while quiet < 3:
            batches = consumer.poll(1000)
            quiet = 0 if batches else quiet + 1
            found += [int(record.value) for batch in batches.values() for record in batch]
    finally:
        consumer.close()
    return found


def test_a_crash_in_mid_send_loses_and_repeats_nothing(
    apache: ApacheKafka, topic: str, opened: Callable[[], KafkaSink]
) -> None:
    """The broker is killed while messages are on their way; all arrive, once, in order."""
    sink = opened()
    sink.send(events(2000))
    assert sink.flush(20.0)

    sink.send(events(2000, first=2000))
    apache.kill()
    sink.send(events(2000, first=4000))
    in_outage = sink.flush(1.0), sink.backlog > 0
    apache.restart()
    sink.send(events(2000, first=6000))
    flushed = sink.flush(60.0)

    assert in_outage == (False, True)
    assert (flushed, sink.backlog) == (True, 0)
    assert read(apache, f"{topic}.events") == list(range(8000))


def test_what_follows_a_message_that_the_topic_does_not_take_is_published(
    apache: ApacheKafka, topic: str, opened: Callable[[], KafkaSink]
) -> None:
    """One is refused by the broker, alone and among others; it alone is left out."""
    settings = {"num_partitions": 1, "replication_factor": 1}
    admin = KafkaAdminClient(bootstrap_servers=apache.bootstrap)
    admin.create_topics({f"{topic}.events": settings | {"configs": {"max.message.bytes": "2000"}}})
    admin.close()
    large = [Message(Channel.EVENTS, b"g", np.random.default_rng(2).bytes(5000))]
    sink = opened()

    flushed = []
    for messages in (large, events(2), [*events(200, first=2), *large, *events(200, first=202)]):
        sink.send(messages)
        flushed.append(sink.flush(20.0))

    assert (flushed, sink.backlog) == ([True, True, True], 0)
    assert sink.refused == {"too_large": 2}
    assert read(apache, f"{topic}.events") == list(range(402))


@pytest.mark.parametrize("create_topics", [True, False])
def test_a_topic_that_is_deleted_meanwhile_is_missed(
    apache: ApacheKafka, topic: str, *, create_topics: bool
) -> None:
    """It is made again, or said to be missing; the messages do not wait for ever."""
    apache_topic, clock = f"{topic}.events", SystemClock()
    section = KafkaSection(bootstrap_servers=[apache.bootstrap], topic_partitions=1)
    before = KafkaSink(section, topic, clock, channels=[Channel.EVENTS])
    before.send(events(1))
    assert before.flush(20.0)
    before.close()
    section = section.model_copy(update={"create_topics": create_topics})
    sink = KafkaSink(section, topic, clock, channels=[Channel.EVENTS])
    sink.send(events(4, first=1))
    assert sink.flush(20.0)
    admin = KafkaAdminClient(bootstrap_servers=apache.bootstrap)
    admin.delete_topics([apache_topic])
    wait_until(lambda: apache_topic not in admin.list_topics(), 20, "it is gone")
    admin.close()

    sink.send(events(3, first=5))
    deadline, reason = clock.monotonic() + STALL_SECONDS + 30.0, ""
    try:
        while not sink.flush(2.0) and clock.monotonic() < deadline:
            pass
    except SinkError as error:
        reason = str(error)
    waits, position = sink.backlog, dict(sink.position())
    sink.close()

    assert waits == 0
    if create_topics:
        assert (read(apache, apache_topic), position, reason) == ([5, 6, 7], {"0": 3}, "")
    else:
        assert "does not exist, and kafka.create_topics is false" in reason


def test_an_outage_shows_in_the_backlog_and_blocks_nobody(
    apache: ApacheKafka, topic: str, opened: Callable[[], KafkaSink]
) -> None:
    """While the broker hangs, send returns at once and the backlog counts every message."""
    sink, clock = opened(), SystemClock()
    sink.send(events(1))
    assert sink.flush(20.0)

    apache.hold()
    began = clock.monotonic()
    sink.send(events(5000, first=1))
    took = clock.monotonic() - began
    waiting = sink.backlog
    flushed = sink.flush(0.5)
    apache.release()
    recovered = sink.flush(60.0)

    assert took < 5.0
    assert (waiting, flushed) == (5000, False)
    assert (recovered, sink.backlog) == (True, 0)
    assert read(apache, f"{topic}.events") == list(range(5001))


def test_close_is_bounded_in_an_outage(
    apache: ApacheKafka, opened: Callable[[], KafkaSink]
) -> None:
    """A broker that hangs does not keep the process from stopping."""
    sink, clock = opened(), SystemClock()
    sink.send(events(1))
    assert sink.flush(20.0)

    apache.hold()
    sink.send(events(100, first=1))
    began = clock.monotonic()
    sink.close()
    took = clock.monotonic() - began

    assert took < 4.0
