"""Which records make a checkpoint on a compacted topic, and which are deleted."""

from __future__ import annotations

from collections.abc import Iterable

from daemon.records import InputPartition
from daemon.slots import Slots, Whole, are_for, first_needed, latest_of

ONE, OTHER = InputPartition("metrics", 1), InputPartition("metrics", 10)

Record = tuple[int, str, bytes | None]
Log = list[Record]


def owner(log: Log, name: str, partition: InputPartition = ONE) -> Slots:
    """Take a partition over, having read what is needed of the log."""
    slots = Slots(partition, name, chunk_bytes=4)
    read(log, slots, partition)
    return slots


def read(log: Log, slots: Slots, partition: InputPartition = ONE) -> dict[str, Whole]:
    """Read from where the last manifest says."""
    first = first_needed([record[1:] for record in log], partition) or 0
    for offset, key, value in log:
        if offset >= first:
            slots.see(key, value, offset)
    return slots.whole()


def send(log: Log, records: Iterable[tuple[str, bytes | None]]) -> dict[str, int]:
    """Write records, also behind a log that was compacted; returns their offsets."""
    offsets = {}
    for key, value in records:
        offsets[key] = log[-1][0] + 1 if log else 0
        log.append((offsets[key], key, value))
    return offsets


def settle(log: Log, slots: Slots, offsets: dict[str, int]) -> None:
    """Delete what a state replaces that is durable now."""
    keys = slots.written(offsets)
    send(log, [(key, None) for key in keys])
    slots.deleted(keys)


def save(log: Log, slots: Slots, order: int, data: bytes) -> None:
    """Write a state and delete what it replaces."""
    settle(log, slots, send(log, slots.writes(data, (order, 0), 1)))


def compacted(log: Log) -> Log:
    """Keep the last record of each key, without deletions."""
    last = {key: offset for offset, key, _ in log}
    return [record for record in log if last[record[1]] == record[0] and record[2]]


def states(log: Log) -> dict[int, bytes]:
    """Read what another process would find, by order."""
    whole = read(log, Slots(ONE, "reader", chunk_bytes=4))
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
    records = list(first.writes(b"the third one", (3, 0), 1))

    for sent in range(len(records)):
        log = whole.copy()
        send(log, records[:sent])
        assert states(log)[2] == states(compacted(log))[2] == b"the second"
    log = whole.copy()
    send(log, records[:2])
    save(log, first, 4, b"the fourth")  # without `written`: the third never was durable

    assert states(compacted(log)) == {2: b"the second", 4: b"the fourth"}


def test_one_that_was_paused_undoes_nothing() -> None:
    """What a process writes and deletes after another has taken over is not its successor's."""
    log: Log = []
    first = owner(log, "a")
    save(log, first, 1, b"one")
    save(log, first, 2, b"two")
    torn = list(first.writes(b"three by the first", (3, 0), 1))
    offsets = send(log, torn[:2])
    second = owner(log, "b")
    save(log, second, 30, b"thirty")
    save(log, second, 40, b"forty")

    settle(log, first, offsets | send(log, torn[2:]))
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

    send(log, [(key, None) for key in second.forget("a.0")])

    assert states(log) == {}
    assert compacted(log) == []


def test_partitions_do_not_mix() -> None:
    """Also where one's number begins with the other's."""
    log: Log = []
    save(log, owner(log, "a", OTHER), 1, b"of ten")
    first = owner(log, "b")

    save(log, first, 2, b"of one")

    assert states(log) == {2: b"of one"}
    other = read(log, Slots(OTHER, "c", chunk_bytes=4), OTHER)
    assert [each.data for each in other.values()] == [b"of ten"]


def test_states_of_earlier_versions_are_found() -> None:
    """Their slots were named 0 and 1."""
    log: Log = []
    old = owner(log, "a")
    records = list(old.writes(b"an old state", (5, 0), 1))

    send(log, [(key.replace("a.0", "1"), value) for key, value in records])

    assert states(log) == {5: b"an old state"}


def test_a_reader_begins_where_the_last_states_do() -> None:
    """However many were written before, and whoever wrote them."""
    log: Log = []
    for number, name in enumerate("abc"):
        slots = owner(log, name)
        for order in range(20):
            save(log, slots, 100 * number + order, b"a state of five")

    first = first_needed([record[1:] for record in log], ONE)

    assert first is not None
    assert 0 < len(log) - first <= 3 * 5 + 1  # of five records each; one was being replaced


def test_what_a_broken_write_left_is_deleted_by_whoever_comes_next() -> None:
    """Wherever it broke off, also among the deletions; nothing is behind where a reader begins."""
    whole: Log = []
    first = owner(whole, "a")
    for order in range(3):
        save(whole, first, order, b"long states")
    begun = list(first.writes(b"short", (3, 0), 1))
    log = whole.copy()
    keys = [(key, None) for key in first.written(send(log, begun))]
    steps: list[tuple[str, bytes | None]] = [*begun, *keys]

    for sent in range(len(steps) + 1):
        log = whole.copy()
        send(log, steps[:sent])
        for name, order in (("b", 10), ("c", 20)):
            slots = owner(log, name)
            save(log, slots, order, b"some")
            save(log, slots, order + 1, b"last")

        assert states(log) == states(compacted(log)) == {20: b"some", 21: b"last"}
        assert len(compacted(log)) == 2 * 2


def test_who_has_not_read_says_nothing_of_where_others_begin() -> None:
    """Or what another wrote later would be passed over."""
    log: Log = []
    save(log, owner(log, "a"), 50, b"later")
    unread = Slots(ONE, "b", chunk_bytes=4)

    for order in range(4):
        save(log, unread, order, b"earlier")

    assert states(log)[50] == b"later"


def test_what_was_written_for_other_places_is_not_known_to_be_the_latest() -> None:
    """Neither is what does not say so, or nothing."""
    log: Log = []
    slots = owner(log, "a")
    save(log, slots, 1, b"one")

    whole = read(log, Slots(ONE, "b"))

    assert [are_for(whole, places) for places in (1, 2)] == [True, False]
    assert not are_for({}, 1)
    assert not are_for({"a": Whole((9, 0), b"of an older version", 0)} | whole, 1)


def test_of_a_slot_in_two_places_the_later_state_counts() -> None:
    """Its owner went on elsewhere when the topic had grown; no later state may be undone."""
    early, late = Whole((1, 0), b"early", 1), Whole((5, 0), b"late", 2)
    slots = Slots(ONE, "b")

    found = latest_of([{"a.0": late}, {"a.0": early, "a.1": early}])
    slots.claim(found)

    assert found == {"a.0": late, "a.1": early}
    assert slots.latest == (5, 0)
