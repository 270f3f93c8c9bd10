"""librdkafka's settings, errors and records, from and into kafka-python's words.

Sources: librdkafka 2.x, CONFIGURATION.md, and its error codes, of which those above zero are the
protocol's own.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kafka import TopicPartition
from kafka.errors import KafkaConnectionError, KafkaError, for_code

from daemon.config import KafkaSection
from daemon.errors import SourceError
from daemon.kafka.chunks import Chunk, chunk_from
from daemon.kafka.connection import RECONNECT_MAX_MS, sasl_password
from daemon.kafka.consumers import FETCH_TOTAL_BYTES

if TYPE_CHECKING:
    import confluent_kafka

#: What a response may have beyond the records in it; at most 2^31 - 1 in all.
RESPONSE_EXTRA_BYTES, RESPONSE_MAX_BYTES = 2**20, 2**31 - 1
#: librdkafka takes no more for one partition.
PARTITION_MAX_BYTES = 10**9
STATISTICS_MS = 500


def librdkafka_options(section: KafkaSection, application_id: str) -> dict[str, Any]:
    """Return librdkafka's settings: eager, committing nothing by itself, never jumping.

    Raises
    ------
    SourceError
        When the package is missing or a secret's file cannot be read.
    """
    if importlib.util.find_spec("confluent_kafka") is None:
        msg = "kafka.client: librdkafka needs the package confluent-kafka: "
        raise SourceError(msg + "pip install 'hebbstream[librdkafka]'")
    total = max(FETCH_TOTAL_BYTES, section.fetch_max_bytes)
    options = {
        "bootstrap.servers": ",".join(section.bootstrap_servers),
        "client.id": application_id,
        "group.id": section.group_id or application_id,
        "group.instance.id": section.instance_id,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "isolation.level": "read_committed",
        "partition.assignment.strategy": "range",
        "allow.auto.create.topics": False,
        "check.crcs": True,
        "max.partition.fetch.bytes": min(section.fetch_max_bytes, PARTITION_MAX_BYTES),
        "fetch.max.bytes": total,
        "receive.message.max.bytes": min(total + RESPONSE_EXTRA_BYTES, RESPONSE_MAX_BYTES),
        "session.timeout.ms": int(section.session_timeout * 1000),
        "heartbeat.interval.ms": int(section.heartbeat_interval * 1000),
        "max.poll.interval.ms": int(section.max_poll_interval * 1000),
        "reconnect.backoff.max.ms": RECONNECT_MAX_MS,
        "statistics.interval.ms": STATISTICS_MS,
        "security.protocol": section.security_protocol.lower(),
        "ssl.ca.location": section.ssl_ca_file,
        "ssl.certificate.location": section.ssl_cert_file,
        "ssl.key.location": section.ssl_key_file,
    }
    if section.security_protocol.startswith("SASL"):
        options["sasl.mechanism"] = section.sasl_mechanism
        options["sasl.username"] = section.sasl_username
        options["sasl.password"] = sasl_password(section)
    return {name: value for name, value in options.items() if value is not None}


def chunk_of_messages(messages: Sequence[confluent_kafka.Message]) -> Chunk:
    """Turn records of one partition, at least one, into columns."""
    stamps = [message.timestamp() for message in messages]
    return chunk_from(
        [offset for message in messages if (offset := message.offset()) is not None],
        [time if kind else None for kind, time in stamps],  # kind 0: it has none
        [part for message in messages for part in (message.key(), message.value())],
    )


def place_of(message: confluent_kafka.Message) -> TopicPartition:
    """Return the partition that a record, or an error, is of."""
    return TopicPartition(message.topic(), message.partition())


def named(place: confluent_kafka.TopicPartition) -> TopicPartition:
    """Return kafka-python's name of a partition."""
    return TopicPartition(place.topic, place.partition)


def kafka_error(error: confluent_kafka.KafkaError | None) -> KafkaError:
    """Return the error of kafka-python that means the same.

    What the broker says has the protocol's number. Of librdkafka's own, which are below zero, only
    a fatal one cannot be mended by waiting.
    """
    if error is None:
        return KafkaError("librdkafka does not say what failed")
    if error.fatal():
        return KafkaError(error.str())
    if error.code() > 0:
        return for_code(error.code())(error.str())
    return KafkaConnectionError(error.str())
