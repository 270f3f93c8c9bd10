"""Which partition a key belongs to, as Kafka's own clients decide it."""

from __future__ import annotations

from kafka.partitioner.default import murmur2


def partition_of(key: bytes | None, count: int) -> int:
    """Name the partition of a key among `count`; a record without a key goes to the first.

    Parameters
    ----------
    key : bytes or None
        Of the record.
    count : int
        Partitions of the topic.

    Returns
    -------
    int
        Its number.
    """
    return 0 if key is None else int(murmur2(key) & 0x7FFFFFFF) % count
