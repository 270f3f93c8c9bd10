"""A cluster at other addresses than before: `daemon.kafka.moved`."""

from __future__ import annotations

import pytest
from kafka import KafkaProducer

from broker import ApacheKafka
from daemon.config import KafkaSection
from daemon.kafka.connection import client_options, connect
from server_process import free_ports


@pytest.mark.slow
@pytest.mark.apache
def test_a_cluster_that_has_moved_is_found_again() -> None:
    """One of `bootstrap_servers` knows where it is; those that were known are there no more."""
    (beside,) = free_ports(1)
    node = ApacheKafka()
    topic = node.create_topic("moves")
    old = node.port
    section = KafkaSection(bootstrap_servers=[node.bootstrap, f"127.0.0.1:{beside}"])
    producer = connect(KafkaProducer, client_options(section, "app"), 10.0, [topic])
    producer.send(topic, b"before").get(timeout=20)

    node.move(beside)
    sent = producer.send(topic, b"after").get(timeout=30)

    assert node.port != old
    assert sent.offset == 1
    producer.close()
    node.stop()
