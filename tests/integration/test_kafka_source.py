"""The source against Apache Kafka: codecs, large records, lost offsets, outages, hand-over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition

from broker import ApacheKafka
from daemon.clock import SystemClock
from daemon.config import KafkaSection
from daemon.errors import SourceError
from daemon.kafka.source import KafkaSource
from daemon.records import InputPartition, RecordBatch
from fakes import RecordingListener

pytestmark = pytest.mark.slow


@pytest.fixture(params=["kafka-python", "librdkafka"])
def opened(
    request: pytest.FixtureRequest, apache: ApacheKafka
) -> Iterator[Callable[..., KafkaSource]]:
    """Make sources of each client on a topic, in a group named like it, closed after the test."""
    sources: list[KafkaSource] = []

    def make(topic: str, **settings: object) -> KafkaSource:
        section = {
            "client": request.param,
            "bootstrap_servers": [apache.bootstrap],
            "topics": [topic],
            "group_id": topic,
            "session_timeout": 6,
            "heartbeat_interval": 1,
        }
        model = KafkaSection.model_validate(section | settings)
        sources.append(KafkaSource(model, "shop", SystemClock()))
        return sources[-1]

    yield make
    for source in sources:
        source.close()


def produce(apache: ApacheKafka, topic: str, count: int, **settings: Any) -> None:  # noqa: ANN401
    """Write numbered records, spread over partitions by their key."""
    producer = KafkaProducer(
        bootstrap_servers=apache.bootstrap, linger_ms=20, batch_size=65_536, **settings
    )
    for n in range(count):
        producer.send(topic, key=b"%d" % (n % 50), value=b"%d" % n)
    producer.flush(30)
    producer.close()


def poll_until(source: KafkaSource, done: Callable[[list[RecordBatch]], bool]) -> list[RecordBatch]:
    """Poll until something holds, within a bound."""
    batches: list[RecordBatch] = []
    for _ in range(120):
        batches += source.poll(0.5)
        if done(batches):
            return batches
    pytest.fail("nothing came in a minute")


def numbers(batches: list[RecordBatch]) -> list[int]:
    """Return the numbers in the values."""
    return [int(value) for batch in batches for value in batch.values if value is not None]


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_every_codec_round_trips(
    apache: ApacheKafka, opened: Callable[..., KafkaSource], codec: str
) -> None:
    """Compressed batches come back whole and in order."""
    topic = apache.create_topic("codec")
    produce(apache, topic, 2000, compression_type=codec)
    source = opened(topic, max_poll_records=700)
    source.start(RecordingListener())

    batches = poll_until(source, lambda batches: len(numbers(batches)) == 2000)

    assert numbers(batches) == list(range(2000))
    assert max(len(batch.values) for batch in batches) <= 700


def test_a_record_of_ten_megabytes_is_read(
    apache: ApacheKafka, opened: Callable[..., KafkaSource]
) -> None:
    """One record larger than every fetch limit does not stop the stream."""
    topic = apache.create_topic("large", configs={"max.message.bytes": str(16 * 2**20)})
    value = np.random.default_rng(11).bytes(10_000_000)
    producer = KafkaProducer(bootstrap_servers=apache.bootstrap, max_request_size=16 * 2**20)
    for each in (b"before", value, b"after"):
        producer.send(topic, value=each).get(30)
    producer.close()
    source = opened(topic, fetch_max_bytes=1024)
    source.start(RecordingListener())

    batches = poll_until(source, lambda batches: sum(len(batch.values) for batch in batches) == 3)

    assert [each for batch in batches for each in batch.values] == [b"before", value, b"after"]


def test_an_offset_that_was_deleted_is_an_error_that_names_it(
    apache: ApacheKafka, opened: Callable[..., KafkaSource]
) -> None:
    """Records gone before they were read are not skipped in silence."""
    topic = apache.create_topic("expired")
    produce(apache, topic, 100)
    first = opened(topic)
    first.start(RecordingListener())
    poll_until(first, lambda batches: len(numbers(batches)) == 100)
    first.commit({InputPartition(topic, 0): 10})
    first.close()
    admin = KafkaAdminClient(bootstrap_servers=apache.bootstrap)
    admin.delete_records({TopicPartition(topic, 0): 60})
    admin.close()
    second = opened(topic)
    second.start(RecordingListener())

    with pytest.raises(SourceError) as raised:
        poll_until(second, lambda _: False)

    text = str(raised.value)
    assert f"topic {topic} partition 0: offset 10 is next" in text
    assert "holds 60 to 100" in text


def test_a_silent_outage_shows_in_the_age_of_contact(
    apache: ApacheKafka, opened: Callable[..., KafkaSource]
) -> None:
    """A broker that hangs gives no error, but its silence ages; its return is seen at once."""
    topic = apache.create_topic("outage")
    source, listener = opened(topic, session_timeout=20), RecordingListener()
    source.start(listener)
    poll_until(source, lambda _: bool(listener.owned))

    apache.hold()
    for _ in range(6):
        assert source.poll(0.5) == []
    silent = source.contact_age()
    committed = source.commit({InputPartition(topic, 0): 0})
    apache.release()
    poll_until(source, lambda _: source.contact_age() < 0.5)

    assert silent > 2.0
    assert committed is False
    poll_until(source, lambda _: source.commit({InputPartition(topic, 0): 0}))


def test_close_is_bounded_in_an_outage(
    apache: ApacheKafka, opened: Callable[..., KafkaSource]
) -> None:
    """A broker that hangs does not keep the process from stopping; the listener is still told."""
    topic = apache.create_topic("close")
    source, listener, clock = opened(topic), RecordingListener(), SystemClock()
    source.start(listener)
    poll_until(source, lambda _: bool(listener.owned))
    listener.done = {InputPartition(topic, 0): 0}

    apache.hold()
    source.poll(0.5)
    began = clock.monotonic()
    source.close()
    took = clock.monotonic() - began

    assert took < 5.0
    assert listener.owned == set()


def test_reading_goes_on_after_the_broker_was_killed(
    apache: ApacheKafka, opened: Callable[..., KafkaSource]
) -> None:
    """A crash of the broker loses no record and repeats none within one member's life."""
    topic = apache.create_topic("crash", partitions=2)
    produce(apache, topic, 500)
    source = opened(topic, session_timeout=45)  # a slow restart is not to end the membership
    source.start(RecordingListener())
    before = poll_until(source, lambda batches: len(numbers(batches)) == 500)

    apache.kill()
    source.poll(0.5)
    apache.restart()
    produce(apache, topic, 500)
    after = poll_until(source, lambda batches: len(numbers(batches)) >= 500)

    assert sorted(numbers(before)) == sorted(numbers(after)) == list(range(500))


def test_two_members_share_and_hand_over_without_a_gap(
    apache: ApacheKafka, opened: Callable[..., KafkaSource]
) -> None:
    """Partitions split in two and come back; every record is read exactly once."""
    topic = apache.create_topic("group", partitions=4)
    first, first_listener = opened(topic), RecordingListener()
    second, second_listener = opened(topic), RecordingListener()
    read: Counter[int] = Counter()

    def turn(source: KafkaSource, listener: RecordingListener) -> None:
        read.update(numbers(listener.take(source.poll(0.2))))

    def turn_until(done: Callable[[], bool], both: bool) -> None:  # noqa: FBT001
        for _ in range(200):
            if done():
                return
            turn(first, first_listener)
            if both:
                turn(second, second_listener)
        pytest.fail("the group did not settle")

    first.start(first_listener)
    turn_until(lambda: len(first_listener.owned) == 4, both=False)
    produce(apache, topic, 1000)
    second.start(second_listener)
    turn_until(lambda: len(first_listener.owned) == len(second_listener.owned) == 2, both=True)
    produce(apache, topic, 1000)
    turn_until(lambda: read.total() == 2000, both=True)
    second.close()
    turn_until(lambda: len(first_listener.owned) == 4, both=False)
    produce(apache, topic, 1000)
    turn_until(lambda: read.total() == 3000, both=False)

    assert read == Counter(dict.fromkeys(range(1000), 3))
    assert first_listener.owned.isdisjoint(second_listener.owned)


def test_a_member_without_a_share_is_told(
    apache: ApacheKafka, opened: Callable[..., KafkaSource]
) -> None:
    """Of two members that share one partition the one without knows that it has none."""
    topic, heard = apache.create_topic("alone"), (RecordingListener(), RecordingListener())
    first, second = opened(topic), opened(topic)
    first.start(heard[0])
    poll_until(first, lambda _: bool(heard[0].owned))
    second.start(heard[1])
    shares = [("assigned", ()), ("assigned", (InputPartition(topic, 0),))]

    def told(_: object) -> bool:
        second.poll(0.1)
        return sorted(each.calls[-1] for each in heard if each.calls) == shares

    poll_until(first, told)


def test_a_topic_that_grows_is_taken_up_however_long_the_hand_over_takes(
    apache: ApacheKafka,
) -> None:
    """A join for new partitions that outlasts a poll is not forgotten, nor the membership lost."""
    topic = apache.create_topic("grows")
    section = KafkaSection.model_validate(
        {"bootstrap_servers": [apache.bootstrap], "topics": [topic], "group_id": topic}
        | {"session_timeout": 6, "heartbeat_interval": 1}
    )

    class Slow(RecordingListener):
        def revoked(self, partitions: Sequence[InputPartition]) -> Mapping[InputPartition, int]:
            SystemClock().sleep(0.8)
            return super().revoked(partitions)

    source, listener = KafkaSource(section, "shop", SystemClock()), Slow(start_at={})
    source.start(listener)
    poll_until(source, lambda _: len(listener.owned) == 1)
    admin = KafkaAdminClient(bootstrap_servers=apache.bootstrap)
    admin.create_partitions({topic: 3})
    admin.close()
    consumer: Any = source._consumer  # or wait for its next look, five minutes
    consumer._cluster.request_update()

    def grown(_: list[RecordBatch]) -> bool:
        SystemClock().sleep(0.2)  # as if there were much to do between two polls
        return len(listener.owned) == 3

    poll_until(source, grown)
    source.close()

    kinds = [kind for kind, _ in listener.calls]
    assert kinds == ["assigned", "revoked", "assigned", "revoked"]


def test_a_static_member_comes_back_to_its_partitions(
    apache: ApacheKafka, opened: Callable[..., KafkaSource]
) -> None:
    """With an instance id a restart within the session moves no partition."""
    topic = apache.create_topic("static", partitions=2)
    stays, listener = opened(topic, instance_id="a"), RecordingListener()
    leaves, other = opened(topic, instance_id="b"), RecordingListener()
    stays.start(listener)
    leaves.start(other)
    for _ in range(100):
        stays.poll(0.2)
        leaves.poll(0.2)
        if len(listener.owned) == len(other.owned) == 1:
            break
    owned, calls = set(other.owned), len(listener.calls)

    leaves.close()
    back, again = opened(topic, instance_id="b"), RecordingListener()
    back.start(again)
    for _ in range(100):
        stays.poll(0.2)
        back.poll(0.2)
        if again.owned:
            break

    assert again.owned == owned
    assert len(listener.calls) == calls


def test_of_two_with_one_instance_id_the_first_ends(
    apache: ApacheKafka, opened: Callable[..., KafkaSource]
) -> None:
    """It does not read on beside the other, which would give everything twice."""
    topic = apache.create_topic("same")
    first, second = opened(topic, instance_id="a"), opened(topic, instance_id="a")
    listener = RecordingListener()
    first.start(listener)
    poll_until(first, lambda _: bool(listener.owned))
    other = RecordingListener()
    second.start(other)
    poll_until(second, lambda _: bool(other.owned))

    with pytest.raises(SourceError, match=r"instance.?id"):
        poll_until(first, lambda _: False)

    produce(apache, topic, 10)
    assert numbers(poll_until(second, lambda found: len(numbers(found)) == 10)) == list(range(10))


def test_a_partition_that_is_held_waits(
    apache: ApacheKafka, opened: Callable[..., KafkaSource]
) -> None:
    """The others go on, and it goes on when it is let go, without a gap."""
    topic = apache.create_topic("held", partitions=2)
    source, listener = opened(topic, max_poll_records=10), RecordingListener()
    source.start(listener)
    poll_until(source, lambda _: len(listener.owned) == 2)
    waiting = InputPartition(topic, 0)
    source.hold([waiting])
    produce(apache, topic, 400)

    others = poll_until(source, lambda _: source.lag().get(InputPartition(topic, 1)) == 0)
    source.hold([])
    rest = poll_until(source, lambda batches: len(numbers(others + batches)) == 400)

    assert {each.partition for each in others} == {InputPartition(topic, 1)}
    assert sorted(numbers(others + rest)) == list(range(400))


def test_both_clients_read_the_same(apache: ApacheKafka) -> None:
    """Every codec, no key, no value, a transaction that was taken back and one that was not."""
    topic = apache.create_topic("same")
    for codec in (None, "gzip", "snappy", "lz4", "zstd"):
        produce(apache, topic, 200, compression_type=codec)
    plain = KafkaProducer(bootstrap_servers=apache.bootstrap)
    for key, value in ((None, b"keyless"), (b"tombstone", None), (b"", b"")):
        plain.send(topic, key=key, value=value, headers=[("h", b"v")], timestamp_ms=123)
    plain.close()
    within = KafkaProducer(bootstrap_servers=apache.bootstrap, transactional_id=topic)
    within.init_transactions()
    for keep in (True, False, True):
        within.begin_transaction()
        within.send(topic, value=b"kept" if keep else b"taken back")
        within.flush()
        if keep:
            within.commit_transaction()
        else:
            within.abort_transaction()
    within.close()

    def rows(client: str) -> list[tuple[object, ...]]:
        section = KafkaSection.model_validate(
            {"bootstrap_servers": [apache.bootstrap], "topics": [topic], "client": client}
        )
        source = KafkaSource(section, f"{topic}-{client}", SystemClock())
        source.start(RecordingListener())
        batches = poll_until(
            source, lambda found: sum(len(batch.values) for batch in found) == 1005
        )
        source.close()
        return [
            row
            for batch in batches
            for row in zip(
                batch.offsets.tolist(),
                batch.timestamps.tolist(),
                batch.keys,
                batch.values,
                strict=True,
            )
        ]

    read = rows("librdkafka")

    assert read == rows("kafka-python")
    assert [row[3] for row in read[-5:]] == [b"keyless", None, b"", b"kept", b"kept"]
