"""Whether this process still owns what it reads: asked of the broker where silence leaves doubt.

A process that was paused, or cut off, for longer than its session wakes with partitions that are
another's by now, and kafka-python delivers their records until the next heartbeat is refused. So
after a silence the group is asked first, with a commit of what it was told already: the broker
refuses it from a member it has given up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from daemon.kafka.rebalance import as_offsets, topic_partition
from daemon.records import InputPartition, RecordBatch

log = structlog.get_logger(__name__)

ASK_SECONDS = 3.0


class Standing:
    """What the group was last told, and whether it still listens.

    Parameters
    ----------
    consumer : KafkaConsumer
        The member.
    session_seconds : float
        After how much silence the group gives it up.
    """

    def __init__(self, consumer: Any, session_seconds: float) -> None:  # noqa: ANN401 - kafka-python is not typed
        self._consumer = consumer
        self._doubt_seconds = session_seconds / 2
        self._told: dict[InputPartition, int] = {}

    def told(self, positions: Mapping[InputPartition, int]) -> None:
        """Note how far partitions are safe, whether or not the group could be told."""
        self._told.update(positions)

    def offsets(self) -> dict[Any, Any]:
        """Return what is safe of the partitions that are ours, as kafka-python commits it."""
        assigned = self._consumer.assignment()
        offsets = as_offsets(self._told)
        return {partition: at for partition, at in offsets.items() if partition in assigned}

    def proof(self) -> tuple[dict[Any, Any], Any] | None:
        """Return what proves within a transaction that what was read is ours.

        Returns
        -------
        tuple of dict and ConsumerGroupMetadata, or None
            Offsets of our partitions, at least one, and who this member is. None when the group has
            given it up, or it owns nothing: the broker takes offsets from nobody in particular
            without a question, and asks no question at all where there are none.

        Raises
        ------
        KafkaError
            When the broker does not say where a partition begins.
        """
        member = self._consumer.group_metadata()
        if member.generation_id < 0 or not member.member_id:
            return None
        offsets = self.offsets() or self._begun()
        return (offsets, member) if offsets else None

    def _begun(self) -> dict[Any, Any]:
        """Return where the group has one of our partitions begin, while none was told safe."""
        for partition in sorted(self._consumer.assignment()):
            offset = self._consumer.committed(partition, timeout_ms=int(ASK_SECONDS * 1000))
            if offset is not None:
                return {partition: OffsetAndMetadata(offset, "", -1)}
        return {}

    def holds(self, batches: Sequence[RecordBatch], silence_seconds: float) -> bool:
        """Say whether records may be used; those that may not are put back.

        Parameters
        ----------
        batches : sequence of RecordBatch
            What a poll has returned.
        silence_seconds : float
            How long before the broker was not heard, or nobody listened.

        Returns
        -------
        bool
            True unless the silence was long and the group does not confirm the membership.
        """
        if not batches or silence_seconds <= self._doubt_seconds or self.confirmed():
            return True
        assigned = self._consumer.assignment()
        for batch in batches:
            partition = topic_partition(batch.partition)
            if partition in assigned:
                self._consumer.seek(partition, int(batch.offsets[0]))
        return False

    def confirmed(self) -> bool:
        """Ask the broker whether this member is still one; False also when it does not say."""
        try:
            offsets = self.offsets() or self._begun()
            if offsets:
                self._consumer.commit(offsets, timeout_ms=int(ASK_SECONDS * 1000))
        except KafkaError as error:
            log.warning("membership in doubt after a silence; asking again", error=str(error))
            return False
        return True
