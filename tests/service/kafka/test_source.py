"""Records from Kafka topics."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from kafka import KafkaProducer

from broker import Broker
from daemon.clock import SystemClock
from daemon.config import KafkaSection, StartFrom
from daemon.errors import SourceError
from daemon.kafka.source import KafkaSource
from daemon.records import InputPartition, RecordBatch
from fakes import FakeClock, RecordingListener
from server_process import free_ports


@pytest.fixture(params=["kafka-python", "librdkafka"])
def section(request: pytest.FixtureRequest, broker: Broker, topic: str) -> KafkaSection:
    """Make a section with a group of its own and short sessions, for each client."""
    return KafkaSection(
        client=request.param,
        bootstrap_servers=[broker.bootstrap],
        topics=[topic],
        group_id=topic,
        topic_partitions=1,
        session_timeout=6,
        heartbeat_interval=1,
    )


@pytest.fixture
def opened() -> Iterator[Callable[[KafkaSection], KafkaSource]]:
    """Make sources that are closed after the test."""
    sources: list[KafkaSource] = []

    def make(section: KafkaSection) -> KafkaSource:
        sources.append(KafkaSource(section, "shop", SystemClock()))
        return sources[-1]

    yield make
    for source in sources:
        source.close()


def produce(section: KafkaSection, values: list[bytes]) -> None:
    """Write values to the section's topic."""
    producer = KafkaProducer(bootstrap_servers=section.bootstrap_servers)
    for value in values:
        producer.send(section.topics[0], value=value, key=b"k", timestamp_ms=1_700_000_000_123)
    producer.flush(10)
    producer.close()


def poll_until(source: KafkaSource, done: Callable[[list[RecordBatch]], bool]) -> list[RecordBatch]:
    """Poll until something holds, within a bound."""
    batches: list[RecordBatch] = []
    for _ in range(80):
        batches += source.poll(0.5)
        if done(batches):
            return batches
    pytest.fail("nothing came in 40 s")


def values(batches: list[RecordBatch]) -> list[bytes | None]:
    """Return the values of all batches in order."""
    return [value for batch in batches for value in batch.values]


@pytest.mark.slow
def test_a_broker_that_is_not_there_is_waited_for() -> None:
    """Start and poll do not raise; tries are spaced by growing waits; the age of contact grows."""
    (port,) = free_ports(1)
    clock = FakeClock()
    section = KafkaSection(bootstrap_servers=[f"127.0.0.1:{port}"])
    source = KafkaSource(section, "shop", clock)

    source.start(RecordingListener())
    batches = [source.poll(0.5) for _ in range(3)]

    assert batches == [[], [], []]
    assert sum(clock.slept) == 0.5
    assert source.contact_age() == 0.5
    assert source.commit({InputPartition("metrics", 0): 1}) is False
    source.close()


@pytest.mark.slow
def test_reads_from_the_earliest_and_then_from_what_was_committed(
    section: KafkaSection, opened: Callable[[KafkaSection], KafkaSource]
) -> None:
    """Every record comes once; a second member begins at the committed offset."""
    source, listener = opened(section), RecordingListener()
    source.start(listener)
    poll_until(source, lambda _: bool(listener.owned))
    produce(section, [b"%d" % n for n in range(100)])

    batches = poll_until(source, lambda batches: len(values(batches)) == 100)
    committed = source.commit({InputPartition(section.topics[0], 0): 60})
    source.close()
    again = opened(section)
    again.start(RecordingListener())
    rest = poll_until(again, lambda batches: len(values(batches)) == 40)

    assert values(batches) == [b"%d" % n for n in range(100)]
    assert batches[-1].next_offset == 100
    assert set(batches[0].timestamps.tolist()) == {1_700_000_000_123_000_000}
    assert committed is True
    assert values(rest) == [b"%d" % n for n in range(60, 100)]


@pytest.mark.slow
def test_what_the_listener_hands_back_is_where_the_next_owner_starts(
    section: KafkaSection, opened: Callable[[KafkaSection], KafkaSource]
) -> None:
    """Close commits the offsets that `revoked` returns, and no others."""
    source, listener = opened(section), RecordingListener()
    source.start(listener)
    poll_until(source, lambda _: bool(listener.owned))
    produce(section, [b"%d" % n for n in range(10)])
    poll_until(source, lambda batches: len(values(listener.take(batches))) == 10)

    listener.done = {InputPartition(section.topics[0], 0): 4}
    source.close()
    again = opened(section)
    again.start(RecordingListener())
    rest = poll_until(again, lambda batches: len(values(batches)) == 6)

    assert [name for name, _ in listener.calls] == ["assigned", "revoked"]
    assert values(rest) == [b"%d" % n for n in range(4, 10)]


@pytest.mark.slow
def test_starts_at_the_offset_the_listener_knows(
    section: KafkaSection, opened: Callable[[KafkaSection], KafkaSource]
) -> None:
    """An offset known from elsewhere wins over the group's."""
    partition = InputPartition(section.topics[0], 0)
    first = opened(section)
    first.start(listener := RecordingListener())
    poll_until(first, lambda _: bool(listener.owned))
    produce(section, [b"%d" % n for n in range(10)])
    first.close()

    source = opened(section)
    source.start(RecordingListener(start_at={partition: 7}))
    batches = poll_until(source, lambda batches: len(values(batches)) == 3)

    assert values(batches) == [b"7", b"8", b"9"]


@pytest.mark.slow
def test_a_pause_delivers_nothing_and_keeps_everything(
    section: KafkaSection, opened: Callable[[KafkaSection], KafkaSource]
) -> None:
    """Records written during a pause come after it; the lag is seen once they do."""
    source, listener = opened(section), RecordingListener()
    source.start(listener)
    poll_until(source, lambda _: bool(listener.owned))
    source.pause()
    produce(section, [b"a", b"b"])

    paused = [batch for _ in range(3) for batch in source.poll(0.5)]
    source.resume()
    resumed = poll_until(source, lambda batches: len(values(batches)) == 2)

    assert paused == []
    assert values(resumed) == [b"a", b"b"]
    assert source.lag() == {InputPartition(section.topics[0], 0): 0}


@pytest.mark.slow
def test_a_partition_that_is_not_ours_is_not_committed(
    section: KafkaSection, opened: Callable[[KafkaSection], KafkaSource]
) -> None:
    """A late commit must not set another owner's offset back."""
    source, listener = opened(section), RecordingListener()
    source.start(listener)
    poll_until(source, lambda _: bool(listener.owned))

    foreign = source.commit({InputPartition(section.topics[0], 9): 1})
    nothing = source.commit({})

    assert (foreign, nothing) == (False, True)


@pytest.mark.slow
def test_a_failing_listener_reaches_the_owner(
    section: KafkaSection, opened: Callable[[KafkaSection], KafkaSource]
) -> None:
    """What the engine raises on the helper thread comes out of its own poll."""

    class Listener(RecordingListener):
        def assigned(self, partitions: object) -> dict[InputPartition, int]:
            raise LookupError(partitions)

    source = opened(section)
    source.start(Listener())

    with pytest.raises(LookupError):
        poll_until(source, lambda _: False)


@pytest.mark.slow
def test_a_missing_topic_is_an_error_where_topics_are_not_created(
    section: KafkaSection, opened: Callable[[KafkaSection], KafkaSource]
) -> None:
    """The error names the topic and the setting."""
    source = opened(section.model_copy(update={"create_topics": False}))
    source.start(RecordingListener())

    with pytest.raises(SourceError, match=rf"{section.topics[0]} does not exist.*create_topics"):
        poll_until(source, lambda _: False)


@pytest.mark.slow
@pytest.mark.apache
def test_latest_skips_what_was_there_and_nothing_else(
    section: KafkaSection, opened: Callable[[KafkaSection], KafkaSource]
) -> None:
    """The place found at first start is committed: a restart skips nothing written since."""
    seed = opened(section.model_copy(update={"group_id": "seed"}))
    seed.start(listener := RecordingListener())
    poll_until(seed, lambda _: bool(listener.owned))
    produce(section, [b"old"])
    latest = section.model_copy(update={"start_from": StartFrom.LATEST})
    first = opened(latest)
    first.start(listener := RecordingListener())
    poll_until(first, lambda _: first.lag() != {})
    first.close()
    produce(section, [b"new"])

    second = opened(latest)
    second.start(RecordingListener())
    batches = poll_until(second, bool)

    assert values(batches) == [b"new"]
