"""Transactional output on Apache Kafka: who reads what is committed sees every event once."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from broker import ApacheKafka
from daemon.clock import SystemClock
from daemon.config import KafkaSection
from daemon.errors import SinkError
from daemon.kafka.consumers import KafkaPython
from daemon.kafka.source import KafkaSource
from daemon.kafka.standing import Standing
from daemon.kafka.transactions import REST_SECONDS, TransactionalSink
from daemon.records import Channel, InputPartition, Message
from daemon_process import wait_until
from fakes import FakeClock, RecordingListener

pytestmark = [pytest.mark.slow]


@pytest.fixture
def section(apache: ApacheKafka) -> KafkaSection:
    """Return how to reach the broker."""
    return KafkaSection(
        bootstrap_servers=[apache.bootstrap],
        topics=[apache.create_topic("input")],
        topic_partitions=1,
        instance_id="pod-0",
        session_timeout=6,
        heartbeat_interval=1,
    )


@pytest.fixture
def application() -> str:
    """Return a name nobody else uses."""
    return f"app-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def sinks(section: KafkaSection, application: str) -> Iterator[list[TransactionalSink]]:
    """Make two outputs of one name, disconnected after the test."""
    made = [
        TransactionalSink(section, application, SystemClock(), (Channel.EVENTS,), lambda: None)
        for _ in range(2)
    ]
    yield made
    for sink in made:
        sink.close()


def event(number: int) -> Message:
    """Make a message of the events channel."""
    return Message(Channel.EVENTS, b"group", b"event %d" % number)


def committed(section: KafkaSection, application: str) -> list[bytes]:
    """Read what a reader of committed messages finds."""
    clock = SystemClock()
    sink = TransactionalSink(
        section.model_copy(update={"instance_id": "reader"}),
        application,
        clock,
        (Channel.EVENTS,),
        lambda: None,
    )
    try:
        return [value for _, _, value in sink.published({})]
    finally:
        sink.close()


def test_what_is_flushed_is_seen_and_nothing_else(
    section: KafkaSection, application: str, sinks: list[TransactionalSink]
) -> None:
    """Messages of a transaction that is given up are never seen; the next ones are."""
    sink = sinks[0]

    sink.send([event(1), event(2)])
    flushed = sink.flush(20)
    sink.send([event(3)])
    gave_up = sink.discard()
    sink.send([event(4)])
    again = sink.flush(20)

    assert flushed
    assert gave_up
    assert again
    assert committed(section, application) == [b"event 1", b"event 2", b"event 4"]
    assert not sink.discard()


def test_a_transaction_is_ended_while_messages_come(
    section: KafkaSection, application: str, sinks: list[TransactionalSink]
) -> None:
    """Without any flush they are seen within seconds."""
    sink, clock = sinks[0], SystemClock()
    until = clock.monotonic() + 4

    while clock.monotonic() < until:
        sink.send([event(1)])
        clock.sleep(0.2)
    sink.close()

    assert len(committed(section, application)) >= 5


def test_a_predecessor_that_broke_off_leaves_nothing(
    section: KafkaSection, application: str, sinks: list[TransactionalSink]
) -> None:
    """Its open transaction is aborted when one of its name connects, and it cannot commit."""
    old, new = sinks
    old.send([event(1)])
    assert old.flush(20)
    old.send([event(2)])

    found = [value for _, _, value in new.published({})]
    with pytest.raises(SinkError):
        old.flush(20)
    new.send([event(3)])
    assert new.flush(20)

    assert found == [b"event 1"]
    assert committed(section, application) == [b"event 1", b"event 3"]


def test_reading_back_waits_for_transactions_that_are_open(
    section: KafkaSection, application: str, sinks: list[TransactionalSink]
) -> None:
    """Events behind an open transaction of another member are found, not taken for missing."""
    hanging = TransactionalSink(
        section.model_copy(update={"instance_id": "pod-1", "session_timeout": 3}),
        application,
        SystemClock(),
        (Channel.EVENTS,),
        lambda: None,
    )
    hanging.send([event(1)])
    while hanging.backlog:
        SystemClock().sleep(0.05)
    sinks[0].send([event(2)])
    assert sinks[0].flush(20)

    found = committed(section, application)  # the broker aborts the first after three seconds

    assert found == [b"event 2"]
    hanging.discard()


def test_a_member_the_group_has_given_up_commits_nothing(
    section: KafkaSection, application: str
) -> None:
    """The offsets in the transaction carry its generation, which the group refuses."""
    clock, listener = SystemClock(), RecordingListener()
    source = KafkaSource(section, application, clock)
    source.start(listener)
    for _ in range(80):
        source.poll(0.5)
        if listener.owned:
            break
    partition = InputPartition(section.topics[0], 0)
    assert source.commit({partition: 0})
    member = source.standing
    assert isinstance(member, Standing)
    sink = TransactionalSink(section, application, clock, (Channel.EVENTS,), lambda: member)
    sink.send([event(1)])
    assert sink.flush(20)

    successor = KafkaSource(section, application, clock)  # the same static member
    successor.start(RecordingListener())
    successor.poll(0.5)
    for _ in range(10):
        successor.poll(0.5)
    sink.send([event(2)])
    with pytest.raises(SinkError, match="refused"):
        sink.flush(20)

    assert committed(section, application) == [b"event 1"]
    for each in (sink, successor, source):
        each.close()


def test_a_member_that_was_given_up_before_it_told_anything_commits_nothing(
    section: KafkaSection, application: str
) -> None:
    """Without a name of its own and without a checkpoint it is refused as well."""
    clock, listener = SystemClock(), RecordingListener()
    nameless = section.model_copy(update={"instance_id": None})
    source = KafkaSource(nameless, application, clock)
    source.start(listener)
    for _ in range(80):
        source.poll(0.5)
        if listener.owned:
            break
    source.standing._told.clear()  # as after a restart, before the first checkpoint
    sink = TransactionalSink(
        nameless, application, clock, (Channel.EVENTS,), lambda: source.standing
    )
    sink.send([event(1)])
    assert sink.flush(20)

    assert isinstance(source._consumer, KafkaPython)
    source._consumer._coordinator.reset_generation()  # what the first refused heartbeat does
    sink.send([event(2)])
    with pytest.raises(SinkError, match="refused"):
        sink.flush(20)

    assert committed(section, application) == [b"event 1"]
    sink.close()
    source.close()


def test_a_sign_of_life_needs_no_proof(section: KafkaSection, application: str) -> None:
    """A process that is stopped before it has read anything ends in order."""
    clock = SystemClock()
    source = KafkaSource(section, application, clock)
    source.start(RecordingListener())
    while source.standing is None:
        source.poll(0.5)
    channels = (Channel.EVENTS, Channel.HEARTBEAT)
    sink = TransactionalSink(section, application, clock, channels, lambda: source.standing)

    sink.send([Message(Channel.HEARTBEAT, b"m/0", b"alive")])

    assert sink.flush(20)
    sink.close()
    source.close()


def test_the_offsets_in_a_transaction_are_those_of_the_state(
    section: KafkaSection, application: str, apache: ApacheKafka
) -> None:
    """They never run ahead of what is saved."""
    clock, listener = SystemClock(), RecordingListener()
    source = KafkaSource(section, application, clock)
    source.start(listener)
    for _ in range(80):
        source.poll(0.5)
        if listener.owned:
            break
    partition = InputPartition(section.topics[0], 0)
    source.standing.told({partition: 7})
    sink = TransactionalSink(
        section, application, clock, (Channel.EVENTS,), lambda: source.standing
    )

    sink.send([event(1)])
    assert sink.flush(20)

    consumer = KafkaConsumer(
        bootstrap_servers=apache.bootstrap, group_id=application, enable_auto_commit=False
    )
    assert consumer.committed(TopicPartition(section.topics[0], 0)) == 7
    consumer.close()
    sink.close()
    source.close()


def test_who_has_rested_for_long_is_not_refused(application: str) -> None:
    """The broker forgets a name after a week without a transaction; this one after two seconds."""
    forgets = {
        "transactional.id.expiration.ms": "2000",
        "transaction.remove.expired.transaction.cleanup.interval.ms": "500",
    }
    node = ApacheKafka(settings=forgets)
    section = KafkaSection(
        bootstrap_servers=[node.bootstrap],
        topics=[node.create_topic("input")],
        topic_partitions=1,
        topic_replication_factor=1,
        instance_id="pod-0",
    )
    clock = FakeClock()
    sink = TransactionalSink(section, application, clock, (Channel.EVENTS,), lambda: None)
    sink.send([event(1)])
    assert sink.flush(20)
    admin = KafkaAdminClient(bootstrap_servers=node.bootstrap)
    wait_until(lambda: not any(admin.list_transactions().values()), 30, "the name is forgotten")
    admin.close()

    clock.advance(2 * REST_SECONDS)
    sink.send([event(2)])
    flushed = sink.flush(20)

    assert flushed
    assert committed(section, application) == [b"event 1", b"event 2"]
    sink.close()
    node.stop()
