"""Many small messages for one topic, given to kafka-python's producer at once.

`KafkaProducer.send` checks, locks and logs for every message, which costs twice what it takes to
write it into its batch. Here a lock is taken once for all messages of a partition; batches,
sequence numbers and what becomes of each message stay the client's.

No public interface of the client has this, so it is done only for versions that were compared.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import kafka
from kafka import TopicPartition

from daemon.kafka.partitioner import partition_of
from daemon.records import Message

#: Versions whose `send` comes down to what is done here.
KNOWN_VERSIONS = frozenset({"3.0.12"})
#: Larger messages go one by one, for the client looks at their size.
VALUE_BYTES_MAX = 16_384
#: Messages taken at once.
COUNT_MAX = 1_000


def goes_in_bulk(message: Message) -> bool:
    """Tell whether a message is as plain as those of a bulk are: small, with a key, no headers."""
    small = len(message.value) <= VALUE_BYTES_MAX
    return small and message.key is not None and not message.headers


def can_send_in_bulk(producer: Any) -> bool:  # noqa: ANN401 - kafka-python is not typed
    """Tell whether a producer's client is known and it sends outside of transactions."""
    if kafka.__version__ not in KNOWN_VERSIONS:
        return False
    return not producer._transaction_manager.is_transactional()  # noqa: SLF001 - no public way


def send_in_bulk(producer: Any, topic: str, messages: Sequence[Message]) -> list[Any]:  # noqa: ANN401 - as above
    """Send messages as `KafkaProducer.send` would one by one, in the same order in each partition.

    Parameters
    ----------
    producer : KafkaProducer
        One that `can_send_in_bulk`.
    topic : str
        Where to.
    messages : sequence of Message
        All of them such that `goes_in_bulk`.

    Returns
    -------
    list of Future
        The client's future of each; of none when it does not know the topic yet, and then none
        is sent.
    """
    known = producer._metadata.partitions_for_topic(topic)  # noqa: SLF001 - no public way
    if not known:
        return []
    places, rows = sorted(known), defaultdict(list)
    for row, message in enumerate(messages):
        rows[places[partition_of(message.key, len(places))]].append(row)
    futures: list[Any] = [None] * len(messages)
    wake = False
    for partition, chosen in rows.items():
        wake |= _append(producer, TopicPartition(topic, partition), messages, chosen, futures)
    if wake:
        producer._sender.wakeup()  # noqa: SLF001 - as above
    return futures


def _append(
    producer: Any,  # noqa: ANN401 - as above
    partition: TopicPartition,
    messages: Sequence[Message],
    rows: Sequence[int],
    futures: list[Any],
) -> bool:
    """Write messages into a partition's batches; tells whether one is full, or new."""
    accumulator = producer._accumulator  # noqa: SLF001 - as above
    now, at, wake = time.monotonic(), 0, False
    while at < len(rows):
        # The client makes batches, and waits for what it must.
        message = messages[rows[at]]
        future, full, new, _ = accumulator.append(partition, None, message.key, message.value, [])
        futures[rows[at]] = future
        at, wake = at + 1, wake or full or new
        with accumulator._tp_lock(partition):  # noqa: SLF001 - as above
            waiting = accumulator._batches[partition]  # noqa: SLF001 - as above
            while waiting and at < len(rows):
                message = messages[rows[at]]
                future = waiting[-1].try_append(None, message.key, message.value, [], now=now)
                if future is None:
                    break
                futures[rows[at]] = future
                at += 1
    return bool(wake)
