"""Creating the topics that are missing, or saying which ones are."""

from __future__ import annotations

import pytest
from kafka import KafkaAdminClient

from broker import ApacheKafka, Broker
from daemon.config import KafkaSection
from daemon.kafka.topics import (
    Topic,
    TopicMissingError,
    delete_topics,
    ensure_topics,
    output_topic,
)
from daemon.records import Channel


def partitions(broker: Broker, topic: str) -> int:
    """Count the partitions of a topic."""
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    try:
        (described,) = admin.describe_topics([topic])
        return len(described["partitions"])
    finally:
        admin.close()


def test_output_topics_are_named_after_the_application() -> None:
    """A channel's topic is `<application_id>.<channel>` and keeps records by time."""
    topic = output_topic("shop", Channel.DEAD_LETTER)

    assert topic.name == "shop.dead-letter"
    assert topic.configs == {"cleanup.policy": "delete", "retention.ms": str(14 * 86_400_000)}


@pytest.mark.slow
def test_missing_topics_are_created(broker: Broker, topic: str) -> None:
    """A missing topic gets the partitions asked for; one that exists stays as it is."""
    present = broker.create_topic("present", partitions=1)
    section = KafkaSection(bootstrap_servers=[broker.bootstrap], topic_partitions=3)

    ensure_topics(section, "shop", [Topic(present), Topic(topic)], 5.0)

    assert (partitions(broker, present), partitions(broker, topic)) == (1, 3)


@pytest.mark.slow
def test_missing_topics_are_named_where_they_may_not_be_created(broker: Broker, topic: str) -> None:
    """With create_topics off the error names the topic and the setting."""
    section = KafkaSection(bootstrap_servers=[broker.bootstrap], create_topics=False)

    with pytest.raises(TopicMissingError, match=rf"{topic} does not exist.*create_topics"):
        ensure_topics(section, "shop", [Topic(topic)], 5.0)


@pytest.mark.slow
def test_a_refusal_to_create_is_explained(apache: ApacheKafka, topic: str) -> None:
    """More replicas than brokers is the broker's refusal, with the topic's name."""
    section = KafkaSection(bootstrap_servers=[apache.bootstrap], topic_replication_factor=3)

    with pytest.raises(TopicMissingError, match=rf"{topic}.*InvalidReplicationFactor"):
        ensure_topics(section, "shop", [Topic(topic)], 5.0)


@pytest.mark.slow
def test_topics_are_deleted_by_name(broker: Broker) -> None:
    """Those named are gone, those that never were are passed over, others stay."""
    gone, stays = broker.create_topic("gone"), broker.create_topic("stays")
    section = KafkaSection(bootstrap_servers=[broker.bootstrap])

    delete_topics(section, "shop", [gone, "never-was"], 5.0)

    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    present = admin.list_topics()
    admin.close()
    assert stays in present
    assert gone not in present
