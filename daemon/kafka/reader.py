"""Whole topics from their beginning on, for whoever watches: no group, no commits, no position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from daemon.config import KafkaSection
from daemon.errors import SourceError
from daemon.kafka.connection import connect, lone_options


class TopicReader:
    """Reads every record of some topics, also those still to come.

    Parameters
    ----------
    section : KafkaSection
        How to reach the broker; its topics are not looked at.
    application_id : str
        Name of the client.
    topics : sequence of str
        What to read; they must exist.
    timeout_seconds : float
        How long to wait for a broker.

    Raises
    ------
    UnreachableError
        When no broker answers in time.
    SourceError
        When a topic does not exist.
    """

    def __init__(
        self,
        section: KafkaSection,
        application_id: str,
        topics: Sequence[str],
        timeout_seconds: float = 10.0,
    ) -> None:
        options: dict[str, Any] = lone_options(section, application_id)
        self._consumer = connect(KafkaConsumer, options, timeout_seconds, topics)
        try:
            found = [each for topic in topics for each in partitions_of(self._consumer, topic)]
            self._consumer.assign(found)
        except SourceError:
            self.close()
            raise

    def poll(self, timeout_seconds: float) -> list[tuple[str, bytes]]:
        """Return the topic and value of each record that has come, waiting for the first one.

        Parameters
        ----------
        timeout_seconds : float
            How long to wait.

        Returns
        -------
        list of (str, bytes)
            In order within each partition; empty when nothing came, and in an outage.
        """
        batches = self._consumer.poll(timeout_ms=int(timeout_seconds * 1000))
        return [
            (record.topic, record.value)
            for records in batches.values()
            for record in records
            if record.value is not None
        ]

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()


def partitions_of(consumer: Any, topic: str) -> list[TopicPartition]:  # noqa: ANN401 - kafka-python is not typed
    """List the partitions of a topic, in order.

    Raises
    ------
    SourceError
        When it does not exist.
    """
    found = consumer.partitions_for_topic(topic)
    if not found:
        msg = f"topic {topic} does not exist"
        raise SourceError(msg)
    return [TopicPartition(topic, number) for number in sorted(found)]
