"""Connecting to a broker: options, patience, and errors a person can act on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer
from kafka.errors import KafkaTimeoutError, TopicAuthorizationFailedError, UnknownBrokerIdError
from pydantic import SecretStr

from broker import ApacheKafka
from daemon.config import KafkaSection
from daemon.errors import SourceError, UnreachableError
from daemon.kafka.connection import (
    Backoff,
    client_options,
    connect,
    findings,
    lone_options,
    may_pass,
    require_crc32c,
)
from fakes import FakeClock
from server_process import free_ports


def sasl(**settings: object) -> KafkaSection:
    """Make a section that logs in with a password."""
    return KafkaSection.model_validate(
        {
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_username": "reader",
            **settings,
        }
    )


def test_crc32c_is_required() -> None:
    """Without the C extension the message says what to install."""
    with pytest.raises(SourceError, match=r"pip install 'kafka-python\[crc32c\]'"):
        require_crc32c(lambda _: None)


def test_crc32c_is_installed_here() -> None:
    """The project's own dependencies satisfy the requirement."""
    require_crc32c()


def test_plaintext_options_hold_no_login() -> None:
    """Without SASL no user and no password are handed to the client."""
    options = client_options(KafkaSection(bootstrap_servers=["a:1", "b:2"]), "shop")

    assert options["bootstrap_servers"] == ["a:1", "b:2"]
    assert options["client_id"] == "shop"
    assert not any(name.startswith("sasl") for name in options)


def test_sasl_password_comes_from_the_section_or_a_file(tmp_path: Path) -> None:
    """A password file is read at use, without its line end."""
    secret = tmp_path / "password"
    secret.write_text("from-file\n", encoding="utf-8")

    direct = client_options(sasl(sasl_password=SecretStr("direct")), "shop")
    from_file = client_options(sasl(sasl_password_file=str(secret)), "shop")

    assert direct["sasl_plain_password"] == "direct"
    assert from_file["sasl_plain_password"] == "from-file"
    assert from_file["sasl_mechanism"] == "SCRAM-SHA-512"


@pytest.mark.slow
def test_a_password_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Not even at debug, where the admin client of kafka-python prints its settings."""
    (port,) = free_ports(1)
    section = sasl(
        bootstrap_servers=[f"127.0.0.1:{port}"], sasl_password=SecretStr("correct-horse")
    )

    with caplog.at_level(logging.DEBUG, "kafka"), pytest.raises(UnreachableError) as raised:
        connect(KafkaAdminClient, client_options(section, "shop"), 0.1)

    assert caplog.records
    assert "correct-horse" not in caplog.text + str(raised.value)


def test_a_missing_password_file_is_named(tmp_path: Path) -> None:
    """The error names the file, not a secret."""
    with pytest.raises(SourceError, match=r"kafka\.sasl_password_file cannot be read.*none"):
        client_options(sasl(sasl_password_file=str(tmp_path / "none")), "shop")


def test_findings_keep_the_last_warnings_once() -> None:
    """Repeated lines stand once, at most five are kept, and other loggers do not count."""
    network = logging.getLogger("kafka.net.connection")

    with findings() as found:
        for line in ["a", "b", "b", "c", "d", "e", "f"]:
            network.warning(line)
        logging.getLogger("elsewhere").warning("not this one")
    network.warning("too late")

    assert str(found) == "b; c; d; e; f"


@pytest.mark.slow
@pytest.mark.parametrize("client", [KafkaConsumer, KafkaAdminClient])
def test_an_absent_broker_is_named_and_leaves_no_thread(client: type) -> None:
    """The error says where and why, and the half-built client is cleaned away."""
    (port,) = free_ports(1)
    section = KafkaSection(bootstrap_servers=[f"127.0.0.1:{port}"])
    before = set(threading.enumerate())

    with pytest.raises(UnreachableError, match=rf"127\.0\.0\.1:{port}.*ECONNREFUSED"):
        connect(client, client_options(section, "shop"), 0.2)

    for thread in set(threading.enumerate()) - before:
        thread.join(5.0)
    assert set(threading.enumerate()) <= before


def test_backoff_doubles_up_to_its_limit() -> None:
    """Waits grow from first to max, run down with the clock, and start anew after a success."""
    clock = FakeClock()
    backoff = Backoff(clock, first_seconds=1.0, max_seconds=4.0)

    waits = [backoff.failed() for _ in range(4)]
    clock.advance(1.5)
    left = backoff.remaining_seconds
    backoff.succeeded()

    assert waits == [1.0, 2.0, 4.0, 4.0]
    assert left == 2.5
    assert backoff.remaining_seconds == 0.0
    assert backoff.failed() == 1.0


def test_what_waiting_may_mend() -> None:
    """An outage, and a broker that has only just come back; not a right that is missing."""
    assert may_pass(KafkaTimeoutError())
    assert may_pass(UnknownBrokerIdError(1))
    assert not may_pass(TopicAuthorizationFailedError())


@pytest.fixture
def willing() -> Iterator[ApacheKafka]:
    """Run a broker that makes a topic when a client asks for it."""
    broker = ApacheKafka(settings={"auto.create.topics.enable": "true"})
    yield broker
    broker.stop()


@pytest.mark.slow
def test_topics_are_known_with_the_first_answer_and_none_is_made(willing: ApacheKafka) -> None:
    """The broker would make one with partitions of its own choice."""
    topic = willing.create_topic("known", partitions=3)
    section = KafkaSection(bootstrap_servers=[willing.bootstrap])

    consumer = connect(KafkaConsumer, lone_options(section, "shop"), 5.0, [topic, "absent"])
    known = consumer._cluster.partitions_for_topic(topic)
    asked = consumer.partitions_for_topic("absent")
    consumer.close()
    admin = KafkaAdminClient(bootstrap_servers=willing.bootstrap)
    made = admin.list_topics()
    admin.close()

    assert (known, asked) == ({0, 1, 2}, set())
    assert topic in made
    assert "absent" not in made
