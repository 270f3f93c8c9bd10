"""The feedback topic read by its thread, on Apache Kafka: all of it, and from where it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from structlog.testing import capture_logs

from broker import ApacheKafka
from daemon.clock import SystemClock
from daemon.config import KafkaSection
from daemon.config.broker import feedback_topic
from daemon.kafka.feedback_topic import FeedbackTopic
from daemon.kafka.topics import Topic, ensure_topics
from daemon.records import InputPartition
from daemon.telemetry import Telemetry
from daemon_process import wait_until
from shown import Owned, World


@dataclass
class Ears:
    """A world whose partition hears what a reader brings."""

    world: World
    reader: FeedbackTopic
    told: list[str] = field(default_factory=list)

    def deliver(self) -> list[str]:
        """Let the engine hear once; returns everything told so far."""
        assert self.reader.overheard is not None
        owned = {self.world.partition: Owned(self.world.pipeline)}
        self.told += self.reader.overheard.deliver(owned, lambda _: True)
        return self.told

    def listens(self) -> bool:
        """Whether it hears from now on."""
        self.deliver()
        return bool(self.world.pipeline.heard)


def ears(apache: ApacheKafka, application: str, world: World) -> Ears:
    """Make them; the reader is not started."""
    section = KafkaSection(bootstrap_servers=[apache.bootstrap], feedback_topic=True)
    clock = SystemClock()
    reader = FeedbackTopic(section, application, clock, Telemetry(clock, "abc"), None)
    return Ears(world, reader)


@pytest.fixture
def producer(apache: ApacheKafka) -> Iterator[KafkaProducer]:
    """Return a way to say something."""
    producer = KafkaProducer(bootstrap_servers=apache.bootstrap)
    yield producer
    producer.close()


def say(producer: KafkaProducer, topic: str, label: str) -> None:
    """Say something of group a, on a partition that the key chooses."""
    value = json.dumps({"label": label, "group": "a"}).encode()
    producer.send(topic, value, key=label.encode()).get(30)


@pytest.mark.slow
def test_hears_what_is_said_from_now_on_and_meanwhile(
    apache: ApacheKafka, producer: KafkaProducer
) -> None:
    """A second reader brings what was said between both, and nothing twice.

    What was said before the first one came counts, too.
    """
    application = apache.create_topic("listens")
    topic, world = feedback_topic(application), World().drive(20)
    first, second = (ears(apache, application, world) for _ in range(2))
    ensure_topics(KafkaSection(bootstrap_servers=[apache.bootstrap]), "t", [Topic(topic)], 10)
    say(producer, topic, "NEW_TREND")
    with first.reader:
        wait_until(lambda: first.deliver() == ["NEW_TREND"], 30, "the first word")
    say(producer, topic, "ANOMALY")

    with second.reader:
        wait_until(lambda: bool(second.deliver()), 30, "what was said meanwhile")
        say(producer, topic, "NEW_TREND")
        wait_until(lambda: len(second.deliver()) >= 2, 30, "the last word")

    assert second.told == ["ANOMALY", "NEW_TREND"]
    assert sum(world.pipeline.heard.values()) == 3


@pytest.mark.slow
def test_goes_back_for_a_partition_that_is_behind(
    apache: ApacheKafka, producer: KafkaProducer
) -> None:
    """What moved here had heard less than the reader has brought."""
    application = apache.create_topic("behind")
    topic = feedback_topic(application)
    here = ears(apache, application, World().drive(20))
    with here.reader:
        wait_until(here.listens, 30, "the reader to begin")
        start = dict(here.world.pipeline.heard)
        say(producer, topic, "ANOMALY")
        wait_until(lambda: here.deliver() == ["ANOMALY"], 30, "the word")
        moved = World(partition=InputPartition("metrics", 1)).drive(20)
        moved.pipeline.heard = start
        here.world = moved
        wait_until(lambda: len(here.deliver()) == 2, 30, "the word again, for who moved here")

    assert [note.label.value for note in moved.pipeline.groups["a"].detector.notes] == ["ANOMALY"]


@pytest.mark.slow
def test_a_topic_that_is_made_anew_is_heard_while_it_runs(apache: ApacheKafka) -> None:
    """From its new beginning, also on partitions that it did not have before."""
    application = apache.create_topic("anew")
    topic = feedback_topic(application)
    section = KafkaSection(bootstrap_servers=[apache.bootstrap], topic_partitions=1)
    ensure_topics(section, "t", [Topic(topic)], 10)
    here = ears(apache, application, World().drive(20))
    with here.reader:
        with closing(KafkaProducer(bootstrap_servers=apache.bootstrap)) as producer:
            for _ in range(3):
                say(producer, topic, "NEW_TREND")
        wait_until(lambda: len(here.deliver()) == 3, 30, "the first words")
        with closing(KafkaAdminClient(bootstrap_servers=apache.bootstrap)) as admin:
            admin.delete_topics([topic])
            wait_until(lambda: topic not in admin.list_topics(), 30, "the topic to go")
            admin.create_topics({topic: {"num_partitions": 2, "replication_factor": 1}})
            admin.wait_for_topics([topic])
        with closing(KafkaProducer(bootstrap_servers=apache.bootstrap)) as producer:
            for number in range(2):
                value = b'{"label": "ANOMALY", "group": "a"}'
                producer.send(topic, value, partition=number).get(30)
        wait_until(lambda: len(here.deliver()) >= 5, 60, "the last words")

    assert here.told == ["NEW_TREND"] * 3 + ["ANOMALY"] * 2
    assert here.world.pipeline.heard == {"0": 1, "1": 1}


def test_nothing_is_read_unless_it_is_wanted() -> None:
    """By default no thread starts and no topic is made."""
    clock = SystemClock()
    reader = FeedbackTopic(KafkaSection(), "app", clock, Telemetry(clock, "abc"), None)

    with reader:
        assert reader.overheard is None
        assert not reader._thread.is_alive()


@pytest.mark.slow
def test_a_broker_that_is_not_there_is_tried_again() -> None:
    """The thread ends within its bound when it is told to."""
    section = KafkaSection(bootstrap_servers=["127.0.0.1:1"], feedback_topic=True)
    clock = SystemClock()
    reader = FeedbackTopic(section, "app", clock, Telemetry(clock, "abc"), None)

    with reader:
        pass

    assert not reader._thread.is_alive()


def test_an_error_nobody_foresaw_is_told_and_tried_again() -> None:
    """The thread lives and goes on trying; each failure is logged and counted."""
    nonsense: Any = 7
    section = KafkaSection.model_construct(feedback_topic=True, bootstrap_servers=nonsense)
    clock = SystemClock()
    telemetry = Telemetry(clock, "abc")
    failed = ("background_failures_total", "feedback_topic")

    topic = FeedbackTopic(section, "unforeseen", clock, telemetry, None)
    with capture_logs() as logged, topic as reader:
        wait_until(lambda: telemetry.value(*failed) >= 2, 10, "the second try")

    told = {(line["log_level"], line["event"]) for line in logged}
    assert told == {("error", "reading feedback failed; trying again")}
    assert not reader._thread.is_alive()
