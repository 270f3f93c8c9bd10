"""Many small messages for one topic, given to kafka-python's producer at once.

`KafkaProducer.send` checks, locks, writes number by number and makes a future for every message,
some 20 us in all. Here a kernel writes all messages of a partition into its batch, under one lock,
and they are followed as one; batches, sequence numbers and what becomes of them stay the client's.

No public interface of the client has this, so it is done only for versions that were compared.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import kafka
import numpy as np
from kafka import TopicPartition

from daemon.kafka.flight import Flight, Run
from daemon.kafka.partitioner import partition_of
from daemon.kernels.record_write import write_records
from daemon.records import I64, Message
from hebbstream.arrays import U8

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


def send_in_bulk(
    producer: Any,  # noqa: ANN401 - as above
    topic: str,
    messages: Sequence[Message],
    flight: Flight,
) -> bool:
    """Send messages as `KafkaProducer.send` would one by one, in the same order in each partition.

    Parameters
    ----------
    producer : KafkaProducer
        One that `can_send_in_bulk`.
    topic : str
        Where to.
    messages : sequence of Message
        All of one channel, and such that `goes_in_bulk`.
    flight : Flight
        Follows them.

    Returns
    -------
    bool
        False when the client does not know the topic yet, and then none is sent.
    """
    known = producer._metadata.partitions_for_topic(topic)  # noqa: SLF001 - no public way
    if not known:
        return False
    places: list[int] = sorted(known)
    shares: dict[int, list[Message]] = defaultdict(list)
    for message in messages:
        shares[places[partition_of(message.key, len(places))]].append(message)
    wake = False
    for partition, share in shares.items():
        wake |= _append(producer, TopicPartition(topic, partition), share, flight)
    if wake:
        producer._sender.wakeup()  # noqa: SLF001 - as above
    return True


def _append(
    producer: Any,  # noqa: ANN401 - as above
    partition: TopicPartition,
    messages: Sequence[Message],
    flight: Flight,
) -> bool:
    """Write messages into a partition's batches; tells whether one is full, or new."""
    accumulator = producer._accumulator  # noqa: SLF001 - as above
    keys = _joined([each.key or b"" for each in messages])
    columns = (*keys, *_joined([each.value for each in messages]))
    at, wake = 0, False
    while at < len(messages):
        # The client makes batches, and waits for what it must.
        first = messages[at]
        future, full, new, _ = accumulator.append(partition, None, first.key, first.value, [])
        flight.follow(first, partition.topic, future)
        at, wake = at + 1, wake or full or new
        with accumulator._tp_lock(partition):  # noqa: SLF001 - as above
            waiting = accumulator._batches[partition]  # noqa: SLF001 - as above
            if waiting and at < len(messages):
                at += _write(waiting[-1], messages, columns, at, flight)
    return bool(wake)


def _joined(parts: Sequence[bytes]) -> tuple[U8, I64]:
    """Put bytes one behind the other; returns where each ends, too."""
    stops = np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)))
    return np.frombuffer(b"".join(parts), np.uint8), stops


def _write(
    batch: Any,  # noqa: ANN401 - as above
    messages: Sequence[Message],
    columns: tuple[U8, I64, U8, I64],
    at: int,
    flight: Flight,
) -> int:
    """Write the messages from `at` on into a batch that has one already; returns how many fitted.

    What is written and noted is what `ProducerBatch.try_append` does for each.
    """
    records = batch.records
    builder = records._builder  # noqa: SLF001 - as above
    if builder is None:  # it is on its way
        return 0
    now, offset = int(time.time() * 1000), records.next_offset()
    numbers = np.array([at, offset, now - builder._first_timestamp], np.int64)  # noqa: SLF001 - as above
    room = np.empty(max(0, builder._batch_size - builder.size()), np.uint8)  # noqa: SLF001 - as above
    count, size, largest = map(int, write_records(*columns, numbers, room))
    if not count:
        return 0
    builder._buffer += room[:size].tobytes()  # noqa: SLF001 - as above
    builder._num_records += count  # noqa: SLF001 - as above
    builder._last_offset = offset + count - 1  # noqa: SLF001 - as above
    builder._max_timestamp = max(builder._max_timestamp, now)  # noqa: SLF001 - as above
    records._next_offset += count  # noqa: SLF001 - as above
    batch.max_record_size = max(batch.max_record_size, largest)
    batch.last_append = time.monotonic()
    run = Run(flight, messages[at : at + count])
    batch._record_futures += run.places(batch.produce_future, offset)  # noqa: SLF001 - as above
    return count
