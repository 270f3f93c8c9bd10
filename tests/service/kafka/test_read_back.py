"""A topic from a position to its end."""

from __future__ import annotations

import pytest
from kafka import KafkaProducer
from kafka.errors import LeaderNotAvailableError

from broker import Broker
from daemon.clock import SystemClock
from daemon.config import KafkaSection
from daemon.errors import StateStoreError
from daemon.kafka.read_back import ReadBack, partition_count
from fakes import FakeClock

pytestmark = pytest.mark.slow


class Hasty(FakeClock):
    """A clock for which every wait is a long one."""

    def sleep(self, seconds: float) -> None:
        """Let a thousand times as much go by."""
        self.advance(1000 * seconds)


def test_reads_from_the_position_to_the_present_end(broker: Broker) -> None:
    """A partition that is not named is read whole; None reads nothing; both know the ends."""
    topic = broker.create_topic("back", partitions=2)
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    for number in range(10):
        producer.send(topic, value=b"%d" % number, partition=number % 2)
    producer.flush(10)
    section = KafkaSection(bootstrap_servers=[broker.bootstrap])
    clock = SystemClock()

    with ReadBack(section, "shop", topic, {"0": 3}) as back:
        producer.send(topic, value=b"later", partition=0)
        producer.flush(10)
        found = sorted(back.events(clock.monotonic() + 20, clock))
    with ReadBack(section, "shop", topic, None) as nothing:
        none = list(nothing.events(clock.monotonic() + 20, clock))
    producer.close()

    assert back.ends == {"0": 5, "1": 5}
    assert found == [
        *(("0", place, b"%d" % (place * 2)) for place in (3, 4)),
        *(("1", place, b"%d" % (place * 2 + 1)) for place in range(5)),
    ]
    assert (none, nothing.ends) == ([], {"0": 6, "1": 5})


def test_a_position_of_a_topic_that_is_no_more_is_no_position(broker: Broker) -> None:
    """What was written since it was made anew would be sent again."""
    topic = broker.create_topic("anew")
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    producer.send(topic, value=b"first", partition=0).get(10)
    producer.close()
    section, clock = KafkaSection(bootstrap_servers=[broker.bootstrap]), SystemClock()

    with ReadBack(section, "shop", topic, {"0": 99}) as back:
        found = list(back.events(clock.monotonic() + 20, clock))

    assert found == [("0", 0, b"first")]


def test_the_partitions_of_a_topic_are_counted(broker: Broker) -> None:
    """As there are now."""
    topic = broker.create_topic("counted", partitions=3)
    section = KafkaSection(bootstrap_servers=[broker.bootstrap])

    assert partition_count(section, "shop", topic, SystemClock()) == 3


def test_a_broker_that_does_not_say_how_many_is_waited_for_a_minute() -> None:
    """Nobody answers at that address."""
    section = KafkaSection(bootstrap_servers=["127.0.0.1:1"])

    with pytest.raises(StateStoreError, match="how many partitions t has is not known"):
        partition_count(section, "shop", "t", Hasty())


def test_a_topic_that_is_not_known_is_an_error(broker: Broker) -> None:
    """Nothing read for want of partitions would pass for nothing written."""
    section = KafkaSection(bootstrap_servers=[broker.bootstrap])

    with pytest.raises(LeaderNotAvailableError, match="partitions of nowhere are not known"):
        ReadBack(section, "shop", "nowhere", {})
