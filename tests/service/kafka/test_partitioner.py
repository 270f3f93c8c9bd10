"""Keys go where Kafka's clients bring them."""

from __future__ import annotations

import pytest
from kafka.partitioner import DefaultPartitioner

from daemon.kafka.partitioner import KeyPartitioner, partition_of


@pytest.mark.parametrize(
    ("key", "murmur2"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"abc", 479470107),
    ],
)
def test_hashes_as_the_java_client(key: bytes, murmur2: int) -> None:
    """The hashes are those of Apache Kafka's own tests."""
    for count in (1, 2, 6, 50):
        assert partition_of(key, count) == (murmur2 & 0x7FFFFFFF) % count


def test_a_record_without_a_key_has_a_place() -> None:
    """The first one: a client would draw one."""
    assert partition_of(None, 7) == 0


class Cluster:
    """What a producer knows of one topic."""

    def topics(self) -> set[str]:
        """Name it."""
        return {"t"}

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        """List its partitions."""
        return {0, 1, 2, 3, 4} if topic == "t" else None

    def available_partitions_for_topic(self, topic: str) -> set[int] | None:
        """List those that have a leader."""
        return {3} if topic == "t" else None


def test_a_producer_sends_where_its_own_partitioner_would() -> None:
    """Keys by their hash, remembered or not; what has none goes where there is a leader."""
    mine, theirs, cluster = KeyPartitioner(), DefaultPartitioner(), Cluster()
    for key in [b"", *(f"service={number}".encode() for number in range(50)), b"service=7", None]:
        record = ("t", key, key, b"v", b"v", cluster)
        assert mine.partition(*record) == theirs.partition(*record)


def test_an_unknown_topic_is_refused() -> None:
    """As kafka-python refuses it."""
    with pytest.raises(ValueError, match="nosuch"):
        KeyPartitioner().partition("nosuch", b"k", b"k", b"v", b"v", Cluster())
