"""From kafka-python's rebalance callbacks to the daemon's `AssignmentListener`.

kafka-python 3 runs the callbacks on its I/O thread while the owner of the consumer is blocked in
`poll` or `close`. There, nothing may block: heartbeats would stop. So the daemon's listener, which
publishes and flushes, runs on a thread of its own and the callback awaits it; and commits are
asynchronous ones (a synchronous commit raises on that thread).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.subscription_state import AsyncConsumerRebalanceListener
from kafka.errors import KafkaError
from kafka.future import Future
from kafka.structs import OffsetAndMetadata

from daemon.ports import AssignmentListener
from daemon.records import InputPartition

log = structlog.get_logger(__name__)

COMMIT_SECONDS = 2.0

Answer = TypeVar("Answer")


def input_partition(partition: TopicPartition) -> InputPartition:
    """Return the daemon's name of a partition."""
    return InputPartition(partition.topic, partition.partition)


def topic_partition(partition: InputPartition) -> TopicPartition:
    """Return kafka-python's name of a partition."""
    return TopicPartition(partition.topic, partition.partition)


def as_offsets(positions: Mapping[InputPartition, int]) -> dict[TopicPartition, OffsetAndMetadata]:
    """Return next offsets in the form that kafka-python commits."""
    return {
        topic_partition(partition): OffsetAndMetadata(offset, "", -1)
        for partition, offset in positions.items()
    }


class Rebalance(AsyncConsumerRebalanceListener):  # type: ignore[misc] # kafka-python is not typed
    """Calls the daemon's listener, commits what it hands back, and seeks where it says.

    Parameters
    ----------
    consumer : KafkaConsumer
        The consumer whose partitions come and go.
    listener : AssignmentListener
        The engine.
    told : callable, optional
        Called with where partitions begin that the engine knows: they are safe up to there.

    Attributes
    ----------
    paused : bool
        Set by the source: partitions assigned from now on start paused.
    failure : BaseException or None
        What the listener raised last; the source raises it from `poll` or `close`.
    """

    def __init__(
        self,
        consumer: KafkaConsumer,
        listener: AssignmentListener,
        told: Callable[[Mapping[InputPartition, int]], None] = lambda _: None,
    ) -> None:
        self._consumer = consumer
        self._listener = listener
        self._told = told
        self.paused = False
        self.failure: BaseException | None = None

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Let the engine hand partitions back, then commit how far their output is safe."""
        partitions = sorted(map(input_partition, revoked))
        if not partitions:
            return
        positions = await self._call(lambda: self._listener.revoked(partitions))
        if not positions:
            return
        manager = self._consumer._manager  # noqa: SLF001 - no public way; the version is pinned
        try:
            # Bounded, because a broker that hangs must not keep the process from stopping.
            pending = self._consumer.commit_async(as_offsets(positions))
            await manager.wait_for(pending, COMMIT_SECONDS * 1000)
        except KafkaError as error:
            log.warning(
                "offsets not committed at hand-over; they will be read again", error=str(error)
            )

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Let the engine take partitions over, and start where it knows better than the group.

        It is told of a share of none too: what it held until then is another member's.
        """
        partitions = sorted(map(input_partition, assigned))
        known = await self._call(lambda: self._listener.assigned(partitions))
        for partition, offset in known.items():
            self._consumer.seek(topic_partition(partition), offset)
        self._told(known)
        if self.paused:
            self._consumer.pause(*map(topic_partition, partitions))

    async def on_partitions_lost(self, lost: Iterable[TopicPartition]) -> None:
        """Tell the engine to forget partitions that another member owns by now."""
        partitions = sorted(map(input_partition, lost))
        if partitions:
            await self._call(lambda: self._listener.lost(partitions))

    async def _call(self, work: Callable[[], Answer]) -> Answer:
        network = self._consumer._net  # noqa: SLF001 - no public way; the version is pinned
        done = Future()
        outcome: list[Answer] = []

        def run() -> None:
            try:
                outcome.append(work())
            except BaseException as error:  # noqa: BLE001 - handed to the owner's thread, which raises it
                self.failure = error
            network.call_soon_with_future(done.success, None)

        threading.Thread(target=run, name="rebalance", daemon=True).start()
        await done
        if self.failure is not None:
            msg = "the assignment listener failed"
            raise KafkaError(msg) from self.failure
        return outcome[0]
