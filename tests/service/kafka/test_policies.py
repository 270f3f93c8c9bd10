"""Topics that forget what they should keep are told of: `daemon.kafka.policies`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest
from kafka import KafkaAdminClient
from structlog.testing import capture_logs

from broker import Broker
from daemon.clock import SystemClock
from daemon.config import KafkaSection
from daemon.kafka.changelog import Changelog
from daemon.kafka.policies import tell_unfit_policies
from daemon.kafka.sink import KafkaSink
from daemon.kafka.topics import Topic
from daemon.records import Channel, InputPartition, Message

pytestmark = pytest.mark.slow


def section_of(broker: Broker) -> KafkaSection:
    """Reach the broker."""
    return KafkaSection(bootstrap_servers=[broker.bootstrap])


def made(broker: Broker, policy: str) -> str:
    """Make a topic with that cleanup policy."""
    return broker.create_topic("policy", configs={"cleanup.policy": policy})


def create(broker: Broker, policies: dict[str, str]) -> None:
    """Make topics of these names with these cleanup policies."""
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    one = {"num_partitions": 1, "replication_factor": 1}
    admin.create_topics(
        {name: one | {"configs": {"cleanup.policy": each}} for name, each in policies.items()}
    )
    admin.wait_for_topics(list(policies))
    admin.close()


def warnings(lines: Iterable[Mapping[str, object]]) -> list[tuple[object, object]]:
    """Pick what was warned of, and of which topic."""
    return [(each["event"], each.get("topic")) for each in lines if each["log_level"] == "warning"]


def test_what_loses_records_is_told(broker: Broker) -> None:
    """A changelog must be compacted and nothing else, an output must not be."""
    names = {policy: made(broker, policy) for policy in ("compact", "delete", "compact,delete")}
    kept = [Topic(name, compacted=True) for name in names.values()]
    timed = [Topic(name, retention_days=1) for name in names.values()]

    with capture_logs() as first:
        told = tell_unfit_policies(section_of(broker), "shop", kept)
    with capture_logs() as second:
        tell_unfit_policies(section_of(broker), "shop", timed)

    states, outputs = "topic is not kept by compaction alone", "topic is compacted"
    assert told
    assert sorted(warnings(first)) == sorted(
        (states, names[policy]) for policy in ("delete", "compact,delete")
    )
    assert sorted(warnings(second)) == sorted(
        (outputs, names[policy]) for policy in ("compact", "compact,delete")
    )


def test_what_the_broker_does_not_say_ends_nothing(broker: Broker) -> None:
    """As of a topic that is gone again; and nothing is asked of those that say nothing."""
    topics = [Topic("nowhere", retention_days=1), Topic(made(broker, "compact"))]

    with capture_logs() as lines:
        told = tell_unfit_policies(section_of(broker), "shop", topics)

    assert told
    assert [(each["event"], each["topics"]) for each in lines] == [
        ("cleanup policies of topics not known", ["nowhere"])
    ]


def test_without_a_broker_it_is_worth_asking_again() -> None:
    """Nothing is told, and nothing raised."""
    section = KafkaSection(bootstrap_servers=["127.0.0.1:1"])

    assert not tell_unfit_policies(section, "shop", [Topic("t", compacted=True)])


def test_the_changelog_and_the_outputs_are_looked_at_once(broker: Broker, topic: str) -> None:
    """When they are first connected to; the service goes on with them."""
    section, clock = section_of(broker), SystemClock()
    states, events = f"{topic}.changelog", f"{topic}.events"
    create(broker, {states: "delete", events: "compact"})
    changelog = Changelog(section, topic, clock)
    sink = KafkaSink(section, topic, clock, [Channel.EVENTS])

    with capture_logs() as lines:
        assert changelog.stored(InputPartition("t", 0)) == []
        changelog.close()
        changelog.save(InputPartition("t", 0), (1, 0), [b"state"])
        changelog.close()
        sink.send([Message(Channel.EVENTS, b"group", b"{}")])
        assert sink.flush(10.0)
        sink.close()

    assert warnings(lines) == [
        ("topic is not kept by compaction alone", states),
        ("topic is compacted", events),
    ]
