"""librdkafka's consumer without a broker; test_source.py has what it does with one."""

from __future__ import annotations

import pytest

from daemon.config import KafkaSection
from daemon.errors import SourceError
from daemon.kafka.librdkafka import Librdkafka


def test_what_librdkafka_refuses_is_named() -> None:
    """It looks at certificates when it starts."""
    section = KafkaSection(security_protocol="SSL", ssl_ca_file="/nowhere/ca.pem")

    with pytest.raises(SourceError, match=r"refuses its settings: .*ca\.location"):
        Librdkafka(section, "shop")


@pytest.mark.slow
def test_leaving_without_a_broker_is_bounded() -> None:
    """Nothing was joined, so nobody is told; the thread that closes is left behind."""
    consumer = Librdkafka(KafkaSection(bootstrap_servers=["127.0.0.1:1"]), "shop")

    consumer.leave(0.5)

    assert consumer.assignment() == set()
