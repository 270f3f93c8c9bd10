"""Which records make a checkpoint on a compacted topic, and which are deleted."""

from __future__ import annotations

from collections.abc import Iterable

from daemon.records import InputPartition
from daemon.slots import Slots

ONE, OTHER = InputPartition("metrics", 1), InputPartition("metrics", 10)

Log = list[tuple[str, bytes | None]]


def owner(log: Log, name: str, partition: InputPartition = ONE) -> Slots:
    """Take a partition over, having read the log."""
    slots = Slots(partition, name, chunk_bytes=4)
    for key, value in log:
        slots.see(key, value)
    return slots


def save(log: Log, slots: Slots, order: int, data: bytes) -> None:
    """Write a state and delete what it replaces."""
    log.extend(slots.writes(data, (order, 0)))
    log.extend((key, None) for key in slots.written())


def compacted(log: Log) -> Log:
    """Keep the last record of each key, without deletions."""
    last = {key: place for place, (key, _) in enumerate(log)}
    return [record for place, record in enumerate(log) if last[record[0]] == place and record[1]]


def states(log: Iterable[tuple[str, bytes | None]]) -> dict[int, bytes]:
    """Read what another process would find, by order."""
    whole = owner(list(log), "reader").whole
    return {state.order[0]: state.data for state in whole.values()}


def test_the_last_two_are_found_compacted_or_not() -> None:
    """Whatever the lengths, also of a state without bytes."""
    log: Log = []
    first = owner(log, "a")

    for order, data in enumerate([b"a long state", b"short", b"", b"longer than before"]):
        save(log, first, order, data)

    assert states(log) == states(compacted(log)) == {2: b"", 3: b"longer than before"}


def test_chunks_that_a_shorter_state_does_not_need_are_deleted() -> None:
    """Nothing is left on the topic but what the last two states need."""
    log: Log = []
    first = owner(log, "a")

    for order, length in enumerate([40, 40, 3, 3]):
        save(log, first, order, bytes(length))

    assert len(compacted(log)) == 4


def test_a_write_that_breaks_off_anywhere_leaves_the_state_before() -> None:
    """And the next write of the same process repairs it."""
    whole: Log = []
    first = owner(whole, "a")
    save(whole, first, 1, b"the first state")
    save(whole, first, 2, b"the second")
    records: Log = list(first.writes(b"the third one", (3, 0)))

    for sent in range(len(records)):
        log = whole + records[:sent]
        assert states(log)[2] == states(compacted(log))[2] == b"the second"
    log = whole + records[:2]
    save(log, first, 4, b"the fourth")  # without `written`: the third never was durable

    assert states(compacted(log)) == {2: b"the second", 4: b"the fourth"}


def test_one_that_was_paused_undoes_nothing() -> None:
    """What a process writes and deletes after another has taken over is not its successor's."""
    log: Log = []
    first = owner(log, "a")
    save(log, first, 1, b"one")
    save(log, first, 2, b"two")
    torn = list(first.writes(b"three by the first", (3, 0)))
    log.extend(torn[:2])
    second = owner(log, "b")
    save(log, second, 30, b"thirty")
    save(log, second, 40, b"forty")

    log.extend(torn[2:])
    log.extend((key, None) for key in first.written())
    save(log, first, 4, b"four by the first")

    assert states(log).items() >= {(30, b"thirty"), (40, b"forty")}
    assert max(states(compacted(log))) == 40


def test_what_others_left_goes_once_two_later_states_are_there() -> None:
    """Until then the last one of the owner before stands in for a damaged one."""
    log: Log = []
    first = owner(log, "a")
    save(log, first, 1, b"one")
    save(log, first, 2, b"two, rather long")
    second = owner(log, "b")

    save(log, second, 3, b"three")
    after_one = states(log)
    save(log, second, 4, b"four")

    assert after_one == {2: b"two, rather long", 3: b"three"}
    assert states(log) == {3: b"three", 4: b"four"}
    assert len(compacted(log)) == 5  # two manifests, chunks of five and of four bytes


def test_one_that_is_given_up_is_found_no_more() -> None:
    """Its chunks go with it."""
    log: Log = []
    save(log, owner(log, "a"), 1, b"refused by its reader")
    second = owner(log, "b")

    log.extend((key, None) for key in second.forget("a.0"))

    assert states(log) == {}
    assert compacted(log) == []


def test_partitions_do_not_mix() -> None:
    """Also where one's number begins with the other's."""
    log: Log = []
    save(log, owner(log, "a", OTHER), 1, b"of ten")
    first = owner(log, "b")

    save(log, first, 2, b"of one")

    assert states(log) == {2: b"of one"}
    assert [each.data for each in owner(log, "c", OTHER).whole.values()] == [b"of ten"]


def test_states_of_earlier_versions_are_found() -> None:
    """Their slots were named 0 and 1."""
    log: Log = []
    old = owner(log, "a")
    records = list(old.writes(b"an old state", (5, 0)))

    log.extend((key.replace("a.0", "1"), value) for key, value in records)

    assert states(log) == {5: b"an old state"}
