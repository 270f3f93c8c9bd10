"""What the broker finds too large, and what follows it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import MessageSizeTooLargeError, TopicAuthorizationFailedError

from broker import ApacheKafka
from daemon.config import KafkaSection
from daemon.kafka.connection import connect
from daemon.kafka.refused_batches import outlive_refusals
from daemon.kafka.sink import producer_options

LIMIT = 2000


class Owner:
    """Who a batch was stamped by."""

    def __init__(self, *, same: bool) -> None:
        self._same = same

    def match(self, _batch: object) -> bool:
        """Say whether it is still the same."""
        return self._same


class Manager:
    """The client's own judgement, and what is asked of it."""

    ERROR_CLASS_RETRIABLE = "RETRIABLE"

    def __init__(self, *, transactional: bool = False, same: bool = True) -> None:
        self._transactional = transactional
        self.producer_id_and_epoch = Owner(same=same)
        self.sequences: dict[str, int] = {}
        self.classify_batch_error: Callable[..., str] = lambda *_, **__: "FATAL"

    def is_transactional(self) -> bool:
        """Whether messages are in transactions."""
        return self._transactional

    def set_sequence_number(self, partition: str, sequence: int) -> None:
        """Note the next one."""
        self.sequences[partition] = sequence


class Batch:
    """A batch that was refused."""

    topic_partition = "events-0"
    base_sequence = 7


class Producer:
    """What is changed of a producer."""

    def __init__(self, manager: Manager) -> None:
        self._transaction_manager = manager


@pytest.mark.parametrize(
    ("manager", "error", "expected"),
    [
        (Manager(), MessageSizeTooLargeError(), ("RETRIABLE", {"events-0": 7})),
        (Manager(), TopicAuthorizationFailedError(), ("FATAL", {})),
        (Manager(transactional=True), MessageSizeTooLargeError(), ("FATAL", {})),
        (Manager(same=False), MessageSizeTooLargeError(), ("FATAL", {})),
    ],
)
def test_only_what_is_too_large_is_outlived(
    manager: Manager, error: Exception, expected: tuple[str, dict[str, int]]
) -> None:
    """Its numbers are free again; all else is the client's to judge."""
    outlive_refusals(Producer(manager))

    judged = manager.classify_batch_error(error, Batch(), log_start_offset=-1)

    assert (judged, manager.sequences) == expected


@pytest.mark.slow
def test_what_follows_arrives_once_and_in_order(apache: ApacheKafka) -> None:
    """Alone, among others in one batch, and as the first message of all: it fails by itself."""
    topic = apache.create_topic("refuses", configs={"max.message.bytes": str(LIMIT)})
    section = KafkaSection(bootstrap_servers=[apache.bootstrap])
    large = np.random.default_rng(5).bytes(2 * LIMIT)
    producer = connect(KafkaProducer, producer_options(section, "shop"), 10.0)
    outlive_refusals(producer)

    sent = []
    for values in ([large], [b"1"], [b"2", large, b"3"], [large, large], [b"4"] * 3):
        sent += [producer.send(topic, value=value) for value in values]
        for each in sent:
            with suppress(MessageSizeTooLargeError):
                each.get(10.0)
    producer.close()

    failed = [each.exception for each in sent if each.failed()]
    assert [type(each) for each in failed] == [MessageSizeTooLargeError] * 4
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=apache.bootstrap,
        auto_offset_reset="earliest",
        group_id=None,
        consumer_timeout_ms=3000,
    )
    assert [record.value for record in consumer] == [b"1", b"2", b"3", b"4", b"4", b"4"]
    consumer.close()
