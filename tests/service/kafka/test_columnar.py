"""Columns of records, compared with what kafka-python itself unpacks from the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import kafka
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka import TopicPartition
from kafka.consumer.fetcher import ConsumerRecord, Fetcher
from kafka.protocol.consumer import IsolationLevel
from kafka.record import MemoryRecords

import record_batches as made
from daemon.kafka import columnar
from daemon.kafka.chunks import chunk_of, record_batch
from daemon.kafka.columnar import Batch, ColumnarRecords, next_batch, read_in_columns
from daemon.records import InputPartition
from record_batches import Aborted, Made, batch, changed, emptied, marker, sealed

PARTITION = InputPartition("m", 3)
Row = tuple[int, int, bytes | None, bytes | None]

keys = st.none() | st.binary(max_size=12)
names = st.text(st.characters(codec="utf-8"), max_size=6)
records = st.builds(
    Made,
    key=keys,
    value=st.none() | st.binary(max_size=300),
    time=st.integers(-1, 2**41),
    headers=st.lists(st.tuples(names, keys), max_size=2).map(tuple),
    gap=st.sampled_from([0, 0, 0, 1, 900]),
)


class Reader:
    """One of the two classes over the bytes of a fetch."""

    def __init__(
        self,
        kind: Any,  # noqa: ANN401
        data: bytes,
        fetch_offset: int,
        aborted: Sequence[Aborted],
    ) -> None:
        self.part = kind(
            fetch_offset,
            TopicPartition("m", 3),
            MemoryRecords(data),
            isolation_level=IsolationLevel.READ_COMMITTED,
            aborted_transactions=list(aborted),
        )

    def take(self, n: int) -> tuple[list[Row], str, tuple[int, int, bool]]:
        """Take records; returns them, the error if any, and the state afterwards."""
        found: Any = []
        error = ""
        try:
            found = self.part.take(n)
        except Exception as raised:  # noqa: BLE001 - compared
            error = f"{type(raised).__name__}: {raised}"
        count, rows = len(found), rows_of(found)
        assert len(rows) == count
        state = (self.part.next_fetch_offset, self.part.leader_epoch, bool(self.part))
        return rows, error, state


def rows_of(found: Any) -> list[Row]:  # noqa: ANN401 - records or chunks
    """Return offset, nanoseconds, key and value of each record."""
    chunks = list(found)
    if not chunks:
        return []
    if isinstance(chunks[0], ConsumerRecord):
        chunks = [chunk_of(chunks)]
    one = record_batch(PARTITION, chunks)
    return list(
        zip(one.offsets.tolist(), one.timestamps.tolist(), one.keys, one.values, strict=True)
    )


def compare(
    data: bytes, fetch_offset: int = 0, n: int = 7, aborted: Sequence[Aborted] = ()
) -> list[Row]:
    """Read with both, step by step, until an error or the end; returns the records."""
    plain = Reader(Fetcher.PartitionRecords, data, fetch_offset, aborted)
    ours = Reader(ColumnarRecords, data, fetch_offset, aborted)
    read: list[Row] = []
    for _ in range(10_000):
        expected, actual = plain.take(n), ours.take(n)
        if expected[1]:
            assert actual[:2] == expected[:2]
            assert actual[2][2] is False, "the rest of the fetch is to be dropped"
            return read
        assert actual == expected
        read += actual[0]
        if not expected[2][2]:
            assert ours.part.records_read == plain.part.records_read
            assert ours.part.bytes_read == plain.part.bytes_read
            return read
    pytest.fail("the client found no end")


@pytest.mark.parametrize(
    ("magic", "codec"),
    [
        (0, 0),
        (0, 1),
        (0, 2),
        *[(1, codec) for codec in range(4)],
        *[(2, codec) for codec in range(5)],
    ],
)
def test_every_codec_and_message_version(magic: int, codec: int) -> None:
    """Two batches of each come out as the client has them."""
    rows = [Made(key=b"%d" % n, value=b"value" * (n % 9)) for n in range(50)]

    data = batch(rows, 0, magic=magic, codec=codec) + batch(rows, 50, magic=magic, codec=codec)

    assert [row[0] for row in compare(data)] == list(range(100))


@settings(deadline=None, max_examples=60)
@given(
    batches=st.lists(st.tuples(st.lists(records, min_size=1, max_size=12), st.integers(0, 4))),
    fetch_offset=st.integers(0, 40),
    n=st.integers(1, 30),
)
def test_equals_the_client_on_any_records(
    batches: list[tuple[list[Made], int]], fetch_offset: int, n: int
) -> None:
    """Nulls, headers, gaps and odd times, from any offset on, taken in any portions."""
    data, offset = b"", 0
    for rows, codec in batches:
        data += batch(rows, offset, codec=codec)
        offset += sum(1 + row.gap for row in rows)

    compare(data, fetch_offset, n)


def test_ordinary_batches_are_walked_by_the_kernel() -> None:
    """Keys, nulls, headers and every codec: nothing of that is left to the client."""
    rows = [Made(None, b"1"), Made(b"k", None), Made(headers=(("trace", b"\xff"), ("x", None)))]

    for codec in range(5):
        one = next_batch(MemoryRecords(batch(rows, codec=codec)))
        assert isinstance(one, Batch)
        chunk, size = one.walk()
        assert chunk is not None
        assert (len(chunk), size) == (3, sum(r.size_in_bytes for r in plain_records(rows)))


def plain_records(rows: list[Made]) -> list[Any]:
    """Return a batch's records as the client has them."""
    return list(next(MemoryRecords(batch(rows))))


def test_a_time_set_by_the_broker_holds_for_all() -> None:
    """With LogAppendTime the batch's largest time is each record's."""
    data = changed(batch([Made(time=5), Made(time=9)]), attributes=0x08)

    assert [row[1] for row in compare(data)] == [9_000_000, 9_000_000]


def test_what_a_transaction_took_back_is_not_read() -> None:
    """Aborted batches and markers are stepped over, committed ones and plain ones are read."""
    data = (
        batch([Made(value=b"plain")], 0)
        + batch([Made(value=b"aborted")] * 3, 1, producer=7)
        + batch([Made(value=b"other")], 4, producer=8)
        + marker(5, 7, commit=False)
        + batch([Made(value=b"again")], 6, producer=7)
        + marker(7, 7, commit=True)
        + marker(8, 8, commit=True)
    )

    for n in (1, 2, 100):
        read = compare(data, n=n, aborted=[Aborted(7, 1)])
        assert [row[3] for row in read] == [b"plain", b"other", b"again"]


def test_a_batch_that_compaction_emptied_moves_the_position() -> None:
    """The next fetch begins behind the last offset the batch had."""
    for data in (
        emptied(0, 9),
        batch([Made()]) + emptied(1, 9),
        emptied(0, 3) + batch([Made()], 4),
    ):
        compare(data)
        compare(data, n=1)


def test_a_batch_that_ends_in_a_gap_moves_the_position() -> None:
    """As above, for one that has lost its last records only."""
    compare(changed(batch([Made(), Made()]), last_delta=41), n=2)


@pytest.mark.parametrize("n", [1, 2, 100])
def test_errors_are_the_clients(n: int) -> None:
    """A bad checksum, a wrong count and a cut record: the records before, then the same error."""
    good, bad = batch([Made()] * 3), batch([Made(value=b"x" * 50)] * 4, 3)

    for data in (
        good + bad[:-1] + b"?",
        good + changed(bad, count=5),
        good + changed(bad, count=3),
        good + changed(bad, count=2**31 - 1),
        good + changed(bad, count=-1),
        good + sealed(bad[:-20]),
        good + changed(bad, attributes=6),
        good + changed(bad, attributes=3),
        good + bytes(12),
        good + bad[:-1],
    ):
        compare(data, n=n)


def test_an_offset_below_all_numbers_is_passed_over() -> None:
    """As the client does with all that is before the offset asked for."""
    odd = bytearray(batch([Made()]))
    odd[0] = 0x80  # the batch begins at the least number there is
    odd[made.HEADER.size + 3] = 1  # and its record is one before that

    assert compare(sealed(bytes(odd)) + batch([Made()], 10), n=1)


def test_a_fetch_after_an_error_begins_anew() -> None:
    """The client's own class would find no end; here the rest is dropped after the error."""
    part = Reader(ColumnarRecords, batch([Made()])[:-1] + b"?", 0, ()).part

    with pytest.raises(kafka.errors.CorruptRecordError):
        part.take(5)

    assert not part


@settings(deadline=None, max_examples=600)
@given(data=st.data())
def test_equals_the_client_on_mutated_batches(data: st.DataObject) -> None:
    """Bytes changed anywhere, checksum mended or not: the same records, then the same error."""
    rows = data.draw(st.lists(records, min_size=1, max_size=4))
    whole = bytearray(batch(rows, data.draw(st.sampled_from([0, 2**40]))))
    low = data.draw(st.sampled_from([0, 21, made.HEADER.size]))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(low, len(whole) - 1))
        whole[at] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]) | st.integers(0, 255))
    if data.draw(st.booleans()) and whole[16] == 2:
        whole = bytearray(sealed(bytes(whole)))

    compare(bytes(whole) + batch([Made()], 10), n=data.draw(st.sampled_from([1, 3, 100])))


def test_records_of_one_fetch_stay_where_they_lie() -> None:
    """Nothing is copied: not for a portion, not for records of several batches."""
    rows = [Made(value=bytes([n]) * 1000) for n in range(100)]
    fetched = batch(rows[:50]) + marker(50, 7, commit=True) + batch(rows[50:], 51)
    part = Reader(ColumnarRecords, fetched, 0, ()).part

    taken = [record_batch(PARTITION, part.take(40)) for _ in range(3)]

    assert [len(one.values) for one in taken] == [40, 40, 20]
    assert all(one.values.data is fetched for one in taken)
    assert [value for one in taken for value in one.values] == [row.value for row in rows]


def test_joined_records_carry_no_more_than_their_bytes() -> None:
    """A large batch taken in small portions is not copied whole for each."""
    rows = [Made(value=bytes([n]) * 1000) for n in range(100)]
    fetched = batch(rows[:50], codec=1) + batch(rows[50:], 50)
    part = Reader(ColumnarRecords, fetched, 0, ()).part
    part.take(45)

    joined = record_batch(PARTITION, part.take(10))

    assert list(joined.values) == [row.value for row in rows[45:55]]
    assert len(joined.values.data) < 11_000


def test_an_unknown_client_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The class is replaced for versions that were compared, and for no other."""

    class Consumer:
        _fetcher = Fetcher

    monkeypatch.setattr(columnar, "KNOWN_VERSIONS", frozenset({"0.0"}))

    assert not read_in_columns(Consumer())
    assert Fetcher.PartitionRecords is not ColumnarRecords
