"""From kafka-python's rebalance callbacks to the daemon's listener."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Never

import pytest
from kafka import TopicPartition
from kafka.errors import CommitFailedError, KafkaError
from kafka.future import Future
from kafka.net.selector import NetworkSelector

from daemon.kafka.rebalance import Rebalance
from daemon.records import InputPartition
from fakes import RecordingListener

FIRST, SECOND = InputPartition("m", 0), InputPartition("m", 1)
BOTH = {TopicPartition("m", 1), TopicPartition("m", 0)}


class Manager:
    """What `Rebalance` needs of the connection manager."""

    async def wait_for(self, future: Future, timeout_ms: float) -> object:
        """Wait without a bound."""
        return await future


class Consumer:
    """A consumer that notes what it is asked, on a real I/O loop."""

    def __init__(self, commit_error: Exception | None = None) -> None:
        self._net = NetworkSelector()
        self._manager = Manager()
        self._commit_error = commit_error
        self.sought: dict[TopicPartition, int] = {}
        self.paused: set[TopicPartition] = set()
        self.committed: dict[TopicPartition, int] = {}

    def commit_async(self, offsets: Mapping[TopicPartition, Any]) -> Future:
        """Commit at once, or fail as told."""
        if self._commit_error is not None:
            return Future().failure(self._commit_error)
        self.committed.update({each: value.offset for each, value in offsets.items()})
        return Future().success(None)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Note the offset."""
        self.sought[partition] = offset

    def pause(self, *partitions: TopicPartition) -> None:
        """Note the partitions."""
        self.paused.update(partitions)


@pytest.fixture
def consumer() -> Iterator[Consumer]:
    """Run the I/O loop of a consumer."""
    made = Consumer()
    made._net.start()
    yield made
    made._net.close()


def test_assigned_partitions_start_where_the_listener_knows(consumer: Consumer) -> None:
    """Offsets the listener returns are sought and told on; the others are left to the group's."""
    listener = RecordingListener(start_at={SECOND: 42})
    told: list[Mapping[InputPartition, int]] = []

    consumer._net.run(Rebalance(consumer, listener, told.append).on_partitions_assigned, BOTH)

    assert told == [{SECOND: 42}]

    assert listener.calls == [("assigned", (FIRST, SECOND))]
    assert consumer.sought == {TopicPartition("m", 1): 42}
    assert consumer.paused == set()


def test_partitions_assigned_during_a_pause_are_paused(consumer: Consumer) -> None:
    """A rebalance does not end a pause."""
    rebalance = Rebalance(consumer, RecordingListener())
    rebalance.paused = True

    consumer._net.run(rebalance.on_partitions_assigned, BOTH)

    assert consumer.paused == BOTH


def test_a_share_of_none_is_told(consumer: Consumer) -> None:
    """There are more members than partitions: what was handed back is another's now."""
    listener = RecordingListener()

    consumer._net.run(Rebalance(consumer, listener).on_partitions_assigned, set())

    assert listener.calls == [("assigned", ())]
    assert consumer.sought == {}


def test_what_the_listener_hands_back_is_committed(consumer: Consumer) -> None:
    """Only the offsets it returns are committed, and they are next offsets."""
    listener = RecordingListener(done={FIRST: 7})

    consumer._net.run(Rebalance(consumer, listener).on_partitions_revoked, BOTH)

    assert listener.calls == [("revoked", (FIRST, SECOND))]
    assert consumer.committed == {TopicPartition("m", 0): 7}


def test_lost_partitions_are_not_committed(consumer: Consumer) -> None:
    """What another member owns already is dropped without a commit."""
    listener = RecordingListener(done={FIRST: 7})

    consumer._net.run(Rebalance(consumer, listener).on_partitions_lost, BOTH)

    assert listener.calls == [("lost", (FIRST, SECOND))]
    assert consumer.committed == {}


def test_a_failed_commit_does_not_stop_the_rebalance() -> None:
    """Records whose commit failed are read again; nothing is raised."""
    consumer = Consumer(CommitFailedError())
    consumer._net.start()

    consumer._net.run(
        Rebalance(consumer, RecordingListener(done={FIRST: 7})).on_partitions_revoked, BOTH
    )

    assert consumer.committed == {}
    consumer._net.close()


def test_the_listener_runs_off_the_io_thread(consumer: Consumer) -> None:
    """Heartbeats go on while the listener works: it has a thread of its own."""
    threads: list[str] = []

    class Listener(RecordingListener):
        def assigned(self, partitions: Sequence[InputPartition]) -> Mapping[InputPartition, int]:
            threads.append(threading.current_thread().name)
            return super().assigned(partitions)

    consumer._net.run(Rebalance(consumer, Listener()).on_partitions_assigned, BOTH)

    assert threads == ["rebalance"]


def test_a_failing_listener_is_kept_for_the_owner(consumer: Consumer) -> None:
    """The listener's own exception is kept, so that the owner's thread can raise it."""

    class Listener(RecordingListener):
        def assigned(self, partitions: Sequence[InputPartition]) -> Never:
            raise ValueError(partitions)

    rebalance = Rebalance(consumer, Listener())

    with pytest.raises(KafkaError, match="listener failed"):
        consumer._net.run(rebalance.on_partitions_assigned, BOTH)

    assert isinstance(rebalance.failure, ValueError)
