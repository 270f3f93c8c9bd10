"""Keys go where Kafka's clients bring them."""

from __future__ import annotations

import pytest

from daemon.kafka.partitioner import partition_of


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
