"""librdkafka's settings and errors beside kafka-python's."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from confluent_kafka import KafkaError as Theirs
from kafka.errors import (
    GroupAuthorizationFailedError,
    IllegalGenerationError,
    KafkaConnectionError,
    KafkaError,
)

from daemon.config import KafkaSection
from daemon.errors import SourceError
from daemon.kafka.librdkafka import Librdkafka
from daemon.kafka.translate import kafka_error, librdkafka_options


def test_settings_have_librdkafkas_names() -> None:
    """Group, bounds and times; whatever is absent is left to librdkafka."""
    section = KafkaSection(
        bootstrap_servers=["a:1", "b:2"], group_id="g", session_timeout=12, heartbeat_interval=2
    )

    options = librdkafka_options(section, "shop")

    assert options["bootstrap.servers"] == "a:1,b:2"
    assert (options["client.id"], options["group.id"]) == ("shop", "g")
    assert (options["session.timeout.ms"], options["heartbeat.interval.ms"]) == (12_000, 2_000)
    assert options["auto.offset.reset"] == "error"
    assert options["enable.auto.commit"] is False
    assert options["isolation.level"] == "read_committed"
    assert "group.instance.id" not in options
    assert not any(name.startswith(("ssl", "sasl")) for name in options)


def test_the_largest_fetch_fits_a_response() -> None:
    """Librdkafka refuses settings in which it does not."""
    options = librdkafka_options(KafkaSection(fetch_max_bytes=2**30), "shop")

    assert options["receive.message.max.bytes"] > options["fetch.max.bytes"] == 2**30
    Librdkafka(KafkaSection(fetch_max_bytes=2**30), "shop").leave(1.0)


def test_security_is_passed_on(tmp_path: Path) -> None:
    """The password is read from its file; the certificates are files."""
    (tmp_path / "password").write_text("secret\n")
    section = KafkaSection(
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_username="u",
        sasl_password_file=str(tmp_path / "password"),
        ssl_ca_file="/ca.pem",
    )

    options = librdkafka_options(section, "shop")

    assert options["security.protocol"] == "sasl_ssl"
    assert options["sasl.mechanism"] == "SCRAM-SHA-512"
    assert (options["sasl.username"], options["sasl.password"]) == ("u", "secret")
    assert options["ssl.ca.location"] == "/ca.pem"


def test_without_the_package_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(SourceError, match=r"pip install 'hebbstream\[librdkafka\]'"):
        librdkafka_options(KafkaSection(), "shop")


@pytest.mark.parametrize(
    ("error", "expected", "waits"),
    [
        (Theirs(Theirs.ILLEGAL_GENERATION), IllegalGenerationError, False),
        (Theirs(Theirs.GROUP_AUTHORIZATION_FAILED), GroupAuthorizationFailedError, False),
        (Theirs(Theirs._TRANSPORT), KafkaConnectionError, True),
        (Theirs(Theirs._MAX_POLL_EXCEEDED), KafkaConnectionError, True),
        (Theirs(Theirs._FATAL, "fenced", fatal=True), KafkaError, False),
        (None, KafkaError, False),
    ],
)
def test_errors_keep_their_meaning(
    error: Theirs | None, expected: type[KafkaError], *, waits: bool
) -> None:
    """The broker's by their number; of its own only a fatal one cannot be waited out."""
    translated = kafka_error(error)

    assert type(translated) is expected
    assert translated.retriable is waits
