"""What the source needs of a consumer, and kafka-python's, the default, as one that gives it.

The words are kafka-python's: its partitions, its offsets, its errors. Another client (see
`daemon.kafka.librdkafka`) speaks them too, so that everything above knows one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

import kafka
import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import AuthorizationError, FencedInstanceIdError

from daemon.config import KafkaSection
from daemon.kafka.chunks import Chunk, chunk_of
from daemon.kafka.columnar import read_in_columns
from daemon.kafka.connection import client_options, connect, require_crc32c
from daemon.kafka.contact import Responses, count_responses
from daemon.kafka.late_fetches import LateFetches
from daemon.kafka.rebalance import Rebalance
from daemon.ports import AssignmentListener
from daemon.records import InputPartition

log = structlog.get_logger(__name__)

FETCH_TOTAL_BYTES = 16 * 2**20
LOOK_SECONDS = 0.1

Told = Callable[[Mapping[InputPartition, int]], None]


class Rebalancing(Protocol):
    """What carries rebalances to the listener.

    Attributes
    ----------
    paused : bool
        Partitions assigned from now on start paused.
    failure : BaseException or None
        What the listener raised last, where it does not come out of `fetch` itself.
    """

    paused: bool
    failure: BaseException | None


class Consumer(Protocol):
    """A consumer of a group; one thread owns it. Partitions and errors are kafka-python's."""

    responses: Responses
    """Counts what brokers answer."""

    def join(
        self, topics: list[str], listener: AssignmentListener, told: Told, *, paused: bool
    ) -> Rebalancing:
        """Join the group; the listener is called while this thread is in `fetch` or `leave`."""
        ...

    def fetch(self, timeout_seconds: float) -> Mapping[TopicPartition, list[Chunk]]:
        """Return what came in; raises KafkaError, also for an offset that is missing or gone."""
        ...

    def prefetch(self, left: int) -> None:
        """Ask for what the next `fetch` returns once few batches are left; else `fetch` asks."""
        ...

    def assignment(self) -> set[TopicPartition]:
        """Return the partitions that are ours."""
        ...

    def pause(self, *partitions: TopicPartition) -> None:
        """Deliver nothing of these until `resume`."""
        ...

    def resume(self, *partitions: TopicPartition) -> None:
        """Undo `pause`."""
        ...

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on with another record."""
        ...

    def commit(self, offsets: Mapping[TopicPartition, Any], timeout_ms: int) -> None:
        """Tell the group; raises KafkaError when it refuses or does not answer."""
        ...

    def committed(self, partition: TopicPartition, timeout_ms: int) -> int | None:
        """Return what the group has of a partition."""
        ...

    def beginning_offsets(
        self, partitions: list[TopicPartition], timeout_ms: int
    ) -> Mapping[TopicPartition, int]:
        """Return the first offsets that the broker holds; KafkaTimeoutError without an answer."""
        ...

    def end_offsets(
        self, partitions: list[TopicPartition], timeout_ms: int
    ) -> Mapping[TopicPartition, int]:
        """Return the offsets behind the last records; KafkaTimeoutError without an answer."""
        ...

    def highwater(self, partition: TopicPartition) -> int | None:
        """Return the end of a partition as the last fetch told it, without asking."""
        ...

    def position_known(self, partition: TopicPartition) -> int | None:
        """Return the next offset, without asking; None while it is not known."""
        ...

    def leave(self, timeout_seconds: float) -> None:
        """Let the listener hand everything over, commit what it says, leave."""
        ...


class KafkaPython(KafkaConsumer):  # type: ignore[misc] # kafka-python is not typed
    """kafka-python's consumer, read in columns where its version is one that is known."""

    responses: Responses
    columnar: bool
    late: LateFetches | None

    @classmethod
    def connect(cls, section: KafkaSection, application_id: str, seconds: float) -> KafkaPython:
        """Connect to a broker.

        Raises
        ------
        SourceError
            When the crc32c extension is missing or a secret's file cannot be read.
        UnreachableError
            When none answers in time.
        """
        consumer = connect(cls, consumer_options(section, application_id), seconds, section.topics)
        consumer.responses = count_responses(consumer)
        consumer.columnar = read_in_columns(consumer)
        consumer.late = LateFetches(consumer._fetcher) if consumer.columnar else None  # noqa: SLF001
        _rest_between_looks(consumer._coordinator)  # noqa: SLF001 - no public way
        _look_up_coordinator_once(consumer._coordinator)  # noqa: SLF001 - as above
        if not consumer.columnar:
            log.warning("reading record by record, slowly", kafka_python=kafka.__version__)
        return consumer

    def join(  # noqa: D102 - see Consumer
        self, topics: list[str], listener: AssignmentListener, told: Told, *, paused: bool
    ) -> Rebalance:
        rebalance = Rebalance(self, listener, told)
        rebalance.paused = paused
        self.subscribe(topics=topics, listener=rebalance)
        # Known since the connection: without being told, the client would first join for no
        # partitions, and a tenth of a second later again, and the whole group with it.
        with suppress(AuthorizationError):  # which `fetch` raises
            self._coordinator._handle_metadata_update(self._cluster)  # noqa: SLF001 - as above
        return rebalance

    def fetch(self, timeout_seconds: float) -> Mapping[TopicPartition, list[Chunk]]:  # noqa: D102
        # kafka-python 3.0.12 forgets a join that outlasts a poll when it was for new partitions of
        # a topic: the assignment is never taken up, and no heartbeat is sent any more.
        if self._coordinator is not None and self._coordinator.rejoining:
            self._coordinator.request_rejoin()
        if self._fenced():
            raise FencedInstanceIdError(self.config["group_instance_id"])
        found = self.poll(timeout_ms=int(timeout_seconds * 1000))
        if self.columnar:
            return dict(found)
        return {partition: [chunk_of(rows)] for partition, rows in found.items()}

    def _fenced(self) -> bool:
        """Whether another process has taken the instance id: kafka-python 3.0.12 then reads on.

        It hears of it with a heartbeat, sends no more of them, and does nothing else.
        """
        group = self._coordinator
        if group is None or group.need_rejoin() or group.rejoining or not group.stable():
            return False
        return not group._heartbeat_enabled  # noqa: SLF001 - no public way; the version is pinned

    def prefetch(self, left: int) -> None:  # noqa: D102
        if self.late is not None:
            self.late.ask(left)

    def position_known(self, partition: TopicPartition) -> int | None:  # noqa: D102
        # The public position() asks the broker when it does not know; a look-up must not.
        state = self._subscription.assignment.get(partition)
        return None if state is None or state.position is None else int(state.position.offset)

    def leave(self, timeout_seconds: float) -> None:  # noqa: D102
        self.close(autocommit=False, timeout_ms=int(timeout_seconds * 1000))


def _rest_between_looks(coordinator: Any) -> None:  # noqa: ANN401 - kafka-python is not typed
    """Have `poll` wait for records though a heartbeat is overdue.

    Heartbeats leave on a thread of their own; but while a broker hangs kafka-python 3.0.12 takes
    them for work that is due in `poll`, and goes round as fast as it can.
    """
    due = coordinator.time_to_next_poll
    coordinator.time_to_next_poll = lambda: max(due(), LOOK_SECONDS)


def _look_up_coordinator_once(coordinator: Any) -> None:  # noqa: ANN401 - as above
    """Have `poll` ask for the group's coordinator only while it is not known.

    kafka-python 3.0.12 finds out on its thread that it is known, and `poll` waits for that, each
    time: while that thread receives records this is a good part of what `poll` takes.
    """
    look_up = coordinator.ensure_coordinator_ready

    def ensure(timeout_ms: float | None = None) -> bool:
        return not coordinator.coordinator_unknown() or bool(look_up(timeout_ms=timeout_ms))

    coordinator.ensure_coordinator_ready = ensure


def consumer_options(section: KafkaSection, application_id: str) -> dict[str, Any]:
    """Return kafka-python's settings: eager, committing nothing by itself, never jumping."""
    require_crc32c()
    return client_options(section, application_id) | {
        "group_id": section.group_id or application_id,
        "group_instance_id": section.instance_id,
        "enable_auto_commit": False,
        "auto_offset_reset": "none",
        "isolation_level": "read_committed",
        "partition_assignment_strategy": [RangePartitionAssignor],
        "max_poll_records": section.max_poll_records,
        "max_partition_fetch_bytes": section.fetch_max_bytes,
        "fetch_max_bytes": max(FETCH_TOTAL_BYTES, section.fetch_max_bytes),
        "session_timeout_ms": int(section.session_timeout * 1000),
        "heartbeat_interval_ms": int(section.heartbeat_interval * 1000),
        "max_poll_interval_ms": int(section.max_poll_interval * 1000),
    }
