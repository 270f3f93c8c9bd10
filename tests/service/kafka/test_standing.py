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

    def __init__(self, answer: KafkaError | None = None, begun: int | None = None) -> None:
        self.answer = answer
        self.begun = begun
        self.member_id, self.generation_id = "member-1", 3
        self.commits: list[dict[Any, Any]] = []
        self.sought: list[tuple[TopicPartition, int]] = []

    def assignment(self) -> set[TopicPartition]:
        """Own one partition."""
        return {TopicPartition("metrics", 1)}

    def commit(self, offsets: dict[Any, Any], timeout_ms: int) -> None:
        """Take it, or refuse."""
        assert timeout_ms > 0
        self.commits.append({each.partition: at.offset for each, at in offsets.items()})
        if self.answer is not None:
            raise self.answer

    def committed(self, partition: TopicPartition, timeout_ms: int) -> int | None:
        """Tell what the group has of a partition."""
        assert timeout_ms > 0
        assert partition in self.assignment()
        return self.begun

    def group_metadata(self) -> Member:
        """Tell who it is."""
        return self

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
    assert member.commits == []


def test_a_member_that_the_group_knows_goes_on() -> None:
    """It was asked with what it had told before, of its own partitions only."""
    member = Member()

    assert standing(member).holds([batch(ONE, 7)], 5.1)
    assert member.commits == [{1: 5}]
    assert member.sought == []


@pytest.mark.parametrize("answer", [UnknownMemberIdError(), KafkaTimeoutError()])
def test_one_that_is_not_confirmed_puts_its_records_back(answer: KafkaError) -> None:
    """They are another's, or will come again when the broker has answered."""
    member = Member(answer)

    assert not standing(member).holds([batch(ONE, 7), batch(OTHER, 11)], 5.1)
    assert member.sought == [(TopicPartition("metrics", 1), 7)]


def test_one_that_told_nothing_yet_asks_with_where_it_began() -> None:
    """What it has published since then could be repeated as well."""
    member = Member(UnknownMemberIdError(), begun=4)

    assert not Standing(member, SESSION_SECONDS).holds([batch(ONE, 7)], 100.0)
    assert member.commits == [{1: 4}]


def test_where_the_group_knows_nothing_there_is_nothing_to_ask_with() -> None:
    """Nobody has begun then, and nothing can have been published."""
    member = Member(UnknownMemberIdError())

    assert Standing(member, SESSION_SECONDS).holds([batch(ONE, 7)], 100.0)


def test_a_transaction_is_proved_by_an_offset_and_the_membership() -> None:
    """What is safe goes before where it began; without either there is no proof."""
    member = Member(begun=4)

    told, begun, nothing = (
        made.proof()
        for made in (standing(member), Standing(member, SESSION_SECONDS), Standing(Member(), 1.0))
    )

    assert told is not None
    assert {each.partition: at.offset for each, at in told[0].items()} == {1: 5}
    assert told[1] is member
    assert begun is not None
    assert {each.partition: at.offset for each, at in begun[0].items()} == {1: 4}
    assert nothing is None


@pytest.mark.parametrize(("member_id", "generation_id"), [("", 3), ("member-1", -1), ("", -1)])
def test_one_that_the_group_has_given_up_proves_nothing(member_id: str, generation_id: int) -> None:
    """The broker would take its offsets as those of nobody in particular, without a question."""
    member = Member(begun=4)
    member.member_id, member.generation_id = member_id, generation_id

    assert standing(member).proof() is None
