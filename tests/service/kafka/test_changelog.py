"""States on a compacted topic: whole or not there, whoever reads them."""

from __future__ import annotations

import uuid
from contextlib import suppress

import numpy as np
import pytest
from kafka import KafkaAdminClient, KafkaProducer

from broker import ApacheKafka, Broker
from daemon.clock import SystemClock
from daemon.config import KafkaSection
from daemon.errors import StateStoreError
from daemon.kafka.changelog import Changelog
from daemon.kafka.read_back import ReadBack
from daemon.records import InputPartition
from daemon.slots import CHUNK_BYTES
from daemon_process import wait_until

pytestmark = pytest.mark.slow

ONE, OTHER = InputPartition("metrics", 1), InputPartition("metrics", 5)


@pytest.fixture
def section(broker: Broker) -> KafkaSection:
    """Return how to reach the broker; topics get two partitions."""
    return KafkaSection(bootstrap_servers=[broker.bootstrap], topic_partitions=2)


def states(section: KafkaSection, application: str, partition: InputPartition) -> list[bytes]:
    """Read what another process would find, the latest first."""
    reader = Changelog(section, application, SystemClock())
    try:
        stored = sorted(reader.stored(partition), key=lambda each: each.order, reverse=True)
        return [each.read() for each in stored]
    finally:
        reader.close()


def test_another_process_finds_the_last_two(section: KafkaSection) -> None:
    """States of many chunks come back whole; partitions that share a topic's do not mix."""
    application = f"app-{uuid.uuid4().hex[:8]}"
    rng = np.random.default_rng(1)
    written = [rng.bytes(CHUNK_BYTES * 2 + 7), rng.bytes(CHUNK_BYTES + 1), b"small"]
    writer = Changelog(section, application, SystemClock())

    for order, data in enumerate(written):
        writer.save(ONE, (order, 0), [data])
    writer.save(OTHER, (9, 0), [b"of another"])

    assert states(section, application, ONE) == written[:0:-1]
    assert states(section, application, OTHER) == [b"of another"]
    writer.close()


def test_it_is_found_behind_many_and_among_those_of_another(section: KafkaSection) -> None:
    """Whoever takes over reads from where the last manifest says, however far back that is."""
    application = f"app-{uuid.uuid4().hex[:8]}"
    writer = Changelog(section, application, SystemClock())
    for partition in (OTHER, ONE):
        writer.stored(partition)
        for order in range(25):
            writer.save(partition, (order, 0), [b"%d" % order])

    assert (
        states(section, application, ONE) == states(section, application, OTHER) == [b"24", b"23"]
    )
    writer.close()


def test_a_write_that_broke_off_spoils_nothing(broker: Broker, section: KafkaSection) -> None:
    """Chunks without their manifest, and a manifest without its chunks, are not believed."""
    application = f"app-{uuid.uuid4().hex[:8]}"
    writer = Changelog(section, application, SystemClock())
    writer.save(ONE, (1, 0), [b"whole"])
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)

    producer.send(f"{application}.changelog", key=b"metrics/1/1/0", value=b"torn", partition=1)
    producer.flush(10)
    assert states(section, application, ONE) == [b"whole"]
    false = b'{"order":[7,0],"chunks":1,"sha256":"00"}'
    producer.send(f"{application}.changelog", key=b"metrics/1/1", value=false, partition=1)
    producer.flush(10)
    assert states(section, application, ONE) == [b"whole"]

    producer.close()
    writer.close()


def test_one_that_is_set_aside_counts_no_more(section: KafkaSection) -> None:
    """Its manifest is deleted."""
    application = f"app-{uuid.uuid4().hex[:8]}"
    writer = Changelog(section, application, SystemClock())
    writer.save(ONE, (1, 0), [b"refused"])

    writer.stored(ONE)[0].set_aside()

    assert states(section, application, ONE) == []
    writer.close()


def test_a_later_state_is_not_undone(section: KafkaSection) -> None:
    """As on disk: whoever comes with an earlier one has lost the partition."""
    application = f"app-{uuid.uuid4().hex[:8]}"
    writer = Changelog(section, application, SystemClock())
    writer.save(ONE, (5, 0), [b"later"])

    with pytest.raises(StateStoreError, match="later than offset 4"):
        writer.save(ONE, (4, 9), [b"earlier"])

    assert states(section, application, ONE) == [b"later"]
    writer.close()


def test_nothing_stays_that_no_state_needs(section: KafkaSection) -> None:
    """Chunks of longer states and all of the owner before are deleted when two later are there."""
    application = f"app-{uuid.uuid4().hex[:8]}"
    for begin, data in ((0, b"x" * (2 * CHUNK_BYTES)), (10, b"short")):
        writer = Changelog(section, application, SystemClock())
        writer.stored(ONE)
        for order in range(begin, begin + 3):
            writer.save(ONE, (order, 0), [data])
        writer.close()

    last: dict[bytes, bytes | None] = {}
    clock = SystemClock()
    with ReadBack(section, application, f"{application}.changelog", {}, lambda _: {1}) as back:
        for record in back.records(clock.monotonic() + 20, clock):
            last[record.key] = record.value
    kept = sorted(key for key, value in last.items() if value is not None)

    assert len(kept) == 4  # two states: a manifest and a chunk each
    assert len(last) > 8


def test_states_are_found_after_the_topic_has_grown(apache: ApacheKafka) -> None:
    """Where they were while it had fewer partitions; whoever still writes there is followed."""
    application = f"app-{uuid.uuid4().hex[:8]}"
    section = KafkaSection(bootstrap_servers=[apache.bootstrap], topic_partitions=1)
    before = Changelog(section, application, SystemClock())
    before.save(ONE, (1, 0), [b"before"])
    admin = KafkaAdminClient(bootstrap_servers=apache.bootstrap)
    admin.create_partitions({f"{application}.changelog": 3})
    admin.close()

    found = states(section, application, ONE)
    before.save(ONE, (2, 0), [b"still before"])
    found_again = states(section, application, ONE)
    after = Changelog(section, application, SystemClock())
    after.stored(ONE)
    after.save(ONE, (3, 0), [b"after"])
    moved = before.stored(ONE)  # as after a rebalance, with what it knew of the topic
    with suppress(StateStoreError):
        before.save(ONE, (4, 0), [b"back"])
    before.save(ONE, (4, 0), [b"back"])

    assert (found, found_again) == ([b"before"], [b"still before", b"before"])
    assert [each.read() for each in moved] == [b"after"]
    assert states(section, application, ONE) == [b"back", b"after"]
    before.close()
    after.close()


@pytest.mark.parametrize("counts", [(2, 3, 4), (1, 2, 3)])
def test_the_latest_is_found_wherever_the_topic_has_had_it(
    apache: ApacheKafka, counts: tuple[int, int, int]
) -> None:
    """Growing may lead back to a place of long ago, or to one where nothing is yet."""
    application = f"app-{uuid.uuid4().hex[:8]}"
    section = KafkaSection(bootstrap_servers=[apache.bootstrap], topic_partitions=counts[0])
    writer, admin = (
        Changelog(section, application, SystemClock()),
        KafkaAdminClient(bootstrap_servers=apache.bootstrap),
    )
    writer.stored(OTHER)

    for age, count in enumerate(counts):
        if age:
            admin.create_partitions({f"{application}.changelog": count})
            writer.close()  # as after an outage: it goes on with what the topic has now
        found = states(section, application, OTHER)
        assert found == [b"%d" % order for order in (2 * age, 2 * age - 1) if order > 0]
        for order in (2 * age + 1, 2 * age + 2):
            writer.save(OTHER, (order, 0), [b"%d" % order])

    admin.close()
    writer.close()


def test_a_topic_that_was_deleted_is_made_and_filled_again(apache: ApacheKafka) -> None:
    """Also where somebody makes it anew with fewer partitions than a state was on its way to."""
    application = f"app-{uuid.uuid4().hex[:8]}"
    name = f"{application}.changelog"
    section = KafkaSection(bootstrap_servers=[apache.bootstrap], topic_partitions=2)
    admin = KafkaAdminClient(bootstrap_servers=apache.bootstrap)
    writer = Changelog(section, application, SystemClock())
    writer.save(ONE, (1, 0), [b"first"])

    admin.delete_topics([name])
    wait_until(lambda: name not in admin.list_topics(), 20, "it is gone")
    with pytest.raises(StateStoreError, match="was not written"):
        writer.save(ONE, (2, 0), [b"lost"])
    admin.create_topics({name: {"num_partitions": 1, "replication_factor": 1}})
    admin.wait_for_topics([name])
    admin.close()
    writer.save(ONE, (3, 0), [b"again"])

    assert states(section, application, ONE) == [b"again"]
    writer.close()


def test_a_topic_that_was_deleted_is_made_again_when_it_is_read(apache: ApacheKafka) -> None:
    """As when a rebalance hands partitions over after it: there is nothing, which is no error."""
    section = KafkaSection(bootstrap_servers=[apache.bootstrap], topic_partitions=2)
    application = f"app-{uuid.uuid4().hex[:8]}"
    owner = Changelog(section, application, SystemClock())
    owner.save(ONE, (1, 0), [b"first"])
    admin = KafkaAdminClient(bootstrap_servers=apache.bootstrap)
    name = f"{application}.changelog"
    admin.delete_topics([name])
    wait_until(lambda: name not in admin.list_topics(), 10, "the topic is gone")
    admin.close()

    found = owner.stored(ONE)

    assert found == []
    owner.close()


def test_a_broker_that_is_away_is_an_error_of_the_store() -> None:
    """The engine counts it and tries again."""
    section = KafkaSection(bootstrap_servers=["127.0.0.1:1"])
    writer = Changelog(section, "app", SystemClock())

    with pytest.raises(StateStoreError, match="was not written"):
        writer.save(ONE, (1, 0), [b"state"])
