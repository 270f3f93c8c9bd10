"""Who was silent for long asks whether it still owns what it reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kafka import TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError, UnknownMemberIdError

from daemon.kafka.standing import Standing
from daemon.records import InputPartition, RecordBatch
from daemon.spans import Spans

ONE, OTHER = InputPartition("metrics", 1), InputPartition("metrics", 2)
SESSION_SECONDS = 10.0


class Member:
    """A consumer that owns partition 1 and answers a commit as it is told."""

    def __init__(self, answer: KafkaError | None = None) -> None:
        self.answer = answer
        self.committed: list[dict[Any, Any]] = []
        self.sought: list[tuple[TopicPartition, int]] = []

    def assignment(self) -> set[TopicPartition]:
        """Own one partition."""
        return {TopicPartition("metrics", 1)}

    def commit(self, offsets: dict[Any, Any], timeout_ms: int) -> None:
        """Take it, or refuse."""
        assert timeout_ms > 0
        self.committed.append({each.partition: at.offset for each, at in offsets.items()})
        if self.answer is not None:
            raise self.answer

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Note where reading goes on."""
        self.sought.append((partition, offset))


def batch(partition: InputPartition, first: int) -> RecordBatch:
    """Make a batch of two records."""
    return RecordBatch(
        partition=partition,
        offsets=np.array([first, first + 1]),
        timestamps=np.zeros(2, dtype=np.int64),
        keys=Spans.of([None, None]),
        values=Spans.of([b"a", b"b"]),
        next_offset=first + 2,
    )


def standing(member: Member) -> Standing:
    """Make one that has told the group of both partitions."""
    made = Standing(member, SESSION_SECONDS)
    made.told({ONE: 5, OTHER: 9})
    return made


def test_nobody_is_asked_while_the_broker_is_heard() -> None:
    """Nor when there is nothing to use."""
    member = Member(UnknownMemberIdError())

    assert standing(member).holds([batch(ONE, 5)], 4.9)
    assert standing(member).holds([], 100.0)
    assert member.committed == []


def test_a_member_that_the_group_knows_goes_on() -> None:
    """It was asked with what it had told before, of its own partitions only."""
    member = Member()

    assert standing(member).holds([batch(ONE, 7)], 5.1)
    assert member.committed == [{1: 5}]
    assert member.sought == []


@pytest.mark.parametrize("answer", [UnknownMemberIdError(), KafkaTimeoutError()])
def test_one_that_is_not_confirmed_puts_its_records_back(answer: KafkaError) -> None:
    """They are another's, or will come again when the broker has answered."""
    member = Member(answer)

    assert not standing(member).holds([batch(ONE, 7), batch(OTHER, 11)], 5.1)
    assert member.sought == [(TopicPartition("metrics", 1), 7)]


def test_one_that_told_nothing_yet_has_nothing_to_ask_with() -> None:
    """It has published nothing that could be repeated either."""
    member = Member(UnknownMemberIdError())

    assert Standing(member, SESSION_SECONDS).holds([batch(ONE, 7)], 100.0)
