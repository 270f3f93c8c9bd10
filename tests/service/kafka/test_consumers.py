"""kafka-python's consumer as the source needs it; test_source.py has what it does."""

from __future__ import annotations

from typing import Any

import kafka
import pytest
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.base import MemberState

from broker import Broker
from daemon.config import KafkaSection
from daemon.kafka import chunks, columnar
from daemon.kafka.consumers import LOOK_SECONDS, KafkaPython, consumer_options
from daemon.kafka.rebalance import input_partition


def test_the_consumer_commits_and_jumps_by_nobodys_leave_but_ours() -> None:
    """Eager, without a commit or a reset of its own; bounds are the configuration's."""
    section = KafkaSection(group_id="g", max_poll_records=7, fetch_max_bytes=2**27)

    options = consumer_options(section, "shop")

    assert (options["group_id"], options["max_poll_records"]) == ("g", 7)
    assert (options["enable_auto_commit"], options["auto_offset_reset"]) == (False, "none")
    assert options["partition_assignment_strategy"] == [RangePartitionAssignor]
    assert options["max_partition_fetch_bytes"] == options["fetch_max_bytes"] == 2**27


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.parametrize("known", [True, False])
def test_records_come_in_chunks_whatever_the_version(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, *, known: bool
) -> None:
    """A version that is not known is read record by record, and gives the same."""
    topic = broker.create_topic("chunks")
    producer = kafka.KafkaProducer(bootstrap_servers=broker.bootstrap)
    for n in range(20):
        producer.send(topic, value=b"%d" % n, partition=0)
    producer.flush(10)
    producer.close()
    if not known:
        monkeypatch.setattr(columnar, "KNOWN_VERSIONS", frozenset())
    section = KafkaSection(bootstrap_servers=[broker.bootstrap], topics=[topic])
    consumer = KafkaPython.connect(section, "shop", 5.0)
    assert isinstance(consumer, KafkaPython)
    place = kafka.TopicPartition(topic, 0)
    consumer.assign([place])
    consumer.seek(place, 3)
    values: list[bytes] = []

    for _ in range(40):
        for chunk in consumer.fetch(0.5).get(place, []):
            batch = chunks.record_batch(input_partition(place), [chunk])
            values += [value for value in batch.values if value is not None]
        if len(values) == 17:
            break
    position = consumer.position_known(place)
    consumer.leave(1.0)

    assert values == [b"%d" % n for n in range(3, 20)]
    assert position == 20
    assert consumer.columnar is known


@pytest.mark.slow
@pytest.mark.kafka
def test_a_heartbeat_that_is_overdue_does_not_hurry_what_is_read(broker: Broker) -> None:
    """While a broker hangs they all are, and `poll` would go round without a pause."""
    section = KafkaSection(bootstrap_servers=[broker.bootstrap], topics=[broker.create_topic("a")])
    consumer: Any = KafkaPython.connect(section, "shop", 5.0)
    group = consumer._coordinator

    alone = group.time_to_next_poll()
    group.state = MemberState.STABLE
    group.heartbeat.last_reset -= 1000.0
    overdue = group.time_to_next_heartbeat()
    rests = group.time_to_next_poll()
    group.state = MemberState.UNJOINED
    consumer.leave(1.0)

    assert (alone, overdue, rests) == (float("inf"), 0.0, LOOK_SECONDS)


@pytest.mark.slow
@pytest.mark.kafka
def test_a_coordinator_that_is_known_is_not_looked_up(broker: Broker) -> None:
    """And one that is lost is looked up again by the next poll."""
    section = KafkaSection(bootstrap_servers=[broker.bootstrap], topics=[broker.create_topic("a")])
    consumer: Any = KafkaPython.connect(section, "shop", 5.0)
    group = consumer._coordinator

    assert group.coordinator_unknown()
    assert group.ensure_coordinator_ready(timeout_ms=5000)
    known = group.coordinator_id
    group.coordinator_id = "another"  # taken as it is
    assert group.ensure_coordinator_ready(timeout_ms=5000)
    assert group.coordinator_id == "another"
    group.coordinator_dead("played")
    assert group.ensure_coordinator_ready(timeout_ms=5000)
    found = group.coordinator_id
    consumer.leave(1.0)

    assert found == known
