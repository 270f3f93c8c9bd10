"""A producer of kafka-python's without a broker: its own batches, closed and answered by a test."""

from __future__ import annotations

from typing import Any

from kafka import TopicPartition
from kafka.producer.record_accumulator import RecordAccumulator
from kafka.record import MemoryRecords


class PlayedProducer:
    """What `daemon.kafka.bulk` uses of a producer.

    Parameters
    ----------
    partitions : int
        Of every topic.
    batch_bytes : int
        Size of a batch.
    """

    def __init__(self, partitions: int = 1, batch_bytes: int = 16_384) -> None:
        self._metadata = self._sender = self
        self._accumulator = RecordAccumulator(batch_size=batch_bytes)
        self._partitions = set(range(partitions))
        self.woken = 0

    def partitions_for_topic(self, _topic: str) -> set[int]:
        """Name them."""
        return self._partitions

    def wakeup(self) -> None:
        """Count it."""
        self.woken += 1

    def drain(self, topic: str, partition: int = 0) -> list[Any]:
        """Close the batches that wait, and take them out, the oldest first."""
        waiting = self._accumulator._batches[TopicPartition(topic, partition)]
        batches = list(waiting)
        waiting.clear()
        for batch in batches:
            batch.records.close()
        return batches

    def split(self, batch: Any) -> None:  # noqa: ANN401 - kafka-python is not typed
        """Do what the client does when the broker finds a batch too large."""
        self._accumulator.split_and_reenqueue(batch)


def contents(batch: Any) -> list[tuple[int, int, bytes, bytes]]:  # noqa: ANN401 - as above
    """List offset, time, key and value of the records of a closed batch."""
    return [
        (record.offset, record.timestamp, record.key, record.value)
        for read in MemoryRecords(batch.records.buffer())
        for record in read
    ]
