"""Line protocol read by kernels gives what the plain codec gives, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codecs_under_test import batch_of
from daemon.config import (
    GroupingSection,
    InputFormat,
    InputSection,
    MetricRule,
    SeriesSection,
    TimestampUnit,
)
from daemon.formats.columns import Columns
from daemon.formats.influx import InfluxCodec
from daemon.records import I64, DropReason, RecordBatch, SampleBatch
from daemon.series import SeriesTable

RULES = [MetricRule(match="cpu_.*", valid_min=0, valid_max=100)]
INFLUX = InputSection(format=InputFormat.INFLUX)


class PlainCodec(InfluxCodec):
    """Reads every record by the parser."""

    def _read_rows(self, batch: RecordBatch, columns: Columns) -> None:
        self._decode_rows(batch, columns, np.arange(len(batch.values)))


class CountingCodec(InfluxCodec):
    """Counts the records that are read by the parser."""

    plainly = 0

    def _decode_rows(self, batch: RecordBatch, columns: Columns, rows: I64) -> None:
        self.plainly += len(rows)
        super()._decode_rows(batch, columns, rows)


def table_of(section: InputSection) -> SeriesTable:
    """Make an empty table."""
    return SeriesTable(SeriesSection(exclude=["secret.*"]), RULES, GroupingSection(), section)


def counting(section: InputSection = INFLUX) -> CountingCodec:
    """Make a codec that counts what is left to the parser."""
    return CountingCodec(section, table_of(section))


def same(mine: SampleBatch, theirs: SampleBatch) -> None:
    """Compare everything, values by their bits."""
    for column in ("series", "time", "value", "record"):
        ours, other = getattr(mine, column), getattr(theirs, column)
        assert ours.dtype == other.dtype
        assert ours.tobytes() == other.tobytes()
    assert mine.dropped == theirs.dropped
    assert mine.dead_letters == theirs.dead_letters


plain_heads = st.sampled_from(["cpu", "cpu,host=a", "cpu,host=b,x=y", "größe,ö=é", "secret,a=b"])
odd_heads = st.sampled_from(
    ["disk\\ io,p=C:\\\\", "m\\,n,a=x\\ y", "m,a=b\\=c", "m,b=1,a=2", "m,a=2,b=1", "m,", "m,a=",
     "", "m,a=b,a=c", "#m", '"m"', "m,__name__=x", "m\\", "m\t", "m,a=\\"]
)  # fmt: skip
plain_keys = st.sampled_from(["u", "v", "idle", "user", "größe", "a1"])
odd_keys = st.sampled_from(
    ["f\\ g", "f\\,g", "f\\=g", "f\\g", "f", "f=g", 'f"g', '"', "", " ", "#", "f\x01", "f\t"]
)
plain_values = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(2**60), 2**60).map(str),
    st.integers(-(2**63), 2**63 - 1).map("{}i".format),
    st.integers(0, 2**64 - 1).map("{}u".format),
    st.sampled_from(["t", "T", "true", "True", "TRUE", "f", "F", "false", "False", "FALSE"]),
    st.sampled_from(['"text"', '""', '"a b,c=1 2"', "0", "-0.0", "-0", "-0i", "0i", "0u"]),
)
odd_values = st.one_of(
    st.floats().map(repr),
    st.integers(-(2**70), 2**70).map("{}i".format),
    st.integers(-(2**70), 2**70).map("{}u".format),
    st.sampled_from(["tRUE", "TRue", "tru", "Tr", "tt", "fALSE", "FALSe", "falsey", "nan", "-inf"]),
    st.sampled_from(['"a\\"b"', '"é"', '"a\\\\"', '"a', '"a"b', '"\t"', '"\x01"', '"\\n"']),
    st.sampled_from(["1.5i", "1e3i", "-1u", "--1", "--1i", "+1", "+1i", "01", "01i", "-01i", ".5"]),
    st.sampled_from(["1.", "-", "i", "u", "1ii", "1iu", "1e400", "1e-400", "5e-324", "1_0", "0x1"]),
    st.sampled_from(["9223372036854775807i", "9223372036854775808i", "18446744073709551616u"]),
    st.sampled_from(["-9223372036854775808i", "-9223372036854775809i", "", " ", "1\t", "1 2"]),
)
plain_times = st.integers(0, 2**63 - 1).map(str)
odd_times = st.sampled_from(
    ["9223372036854775807", "9223372036854775806", "9223372036854775808", "-1", "+1", "05", "1.0",
     "1e3", "1i", "", " 7", "7 ", "7 8", "-0", "0", "00", "9" * 25, "\t7", "7\t"]
)  # fmt: skip
margins = st.sampled_from(["", "", "", " ", "\t", "\r", " \r", "\x0b", "\x0c", "\xa0"])


@st.composite
def lines(draw: st.DrawFn, odd: bool) -> str:  # noqa: FBT001
    """Make a line; an odd one may have anything anywhere."""
    if odd and draw(st.integers(0, 4)) == 0:
        return draw(st.sampled_from(["", " ", "# note", " # note", "\x0b", "m", "m\\", "\r"]))
    keys, values = plain_keys, plain_values
    if odd:
        keys, values = keys | odd_keys, values | odd_values
    fields = draw(st.lists(st.tuples(keys, values), min_size=1, max_size=5))
    line = draw(plain_heads | odd_heads if odd else plain_heads) + " "
    line += ",".join(f"{key}={value}" for key, value in fields)
    if draw(st.booleans()):
        line += " " + draw(plain_times | odd_times if odd else plain_times)
    return draw(margins) + line + draw(margins) if odd else line


@st.composite
def payloads(draw: st.DrawFn) -> bytes | None:
    """Make a record of one or more lines, sometimes with a byte wrong."""
    if draw(st.integers(0, 19)) == 0:
        return draw(st.sampled_from([None, b"", b"\n", b"#", b"\xff u=1", b"cpu u=1\x00"]))
    odd = draw(st.booleans())
    made = draw(st.lists(lines(odd), min_size=1, max_size=4))
    text = "\n".join(made) + draw(st.sampled_from(["", "\n", "\r\n", "\n\n"]))
    record = bytearray(text.encode())
    if record and draw(st.integers(0, 7)) == 0:
        record[draw(st.integers(0, len(record) - 1))] = draw(st.integers(0, 255))
    return bytes(record)


@settings(deadline=None, max_examples=400)
@given(
    batches=st.lists(st.lists(payloads(), max_size=6), min_size=1, max_size=3),
    unit=st.sampled_from(TimestampUnit),
)
def test_equals_the_plain_codec(batches: list[list[bytes | None]], unit: TimestampUnit) -> None:
    """Values, times, order, counts and dead letters; each batch thrice: new, known, foreseen."""
    section = InputSection(
        format=InputFormat.INFLUX, timestamp_unit=unit, record_bytes_max=200, value_abs_max=1e15
    )
    table, plain_table = table_of(section), table_of(section)
    mine, plain = InfluxCodec(section, table), PlainCodec(section, plain_table)

    for records in [each for batch in batches for each in [batch] * 3]:
        same(mine.decode(batch_of(records)), plain.decode(batch_of(records)))

    assert [s.key for s in table.identities] == [s.key for s in plain_table.identities]


@settings(deadline=None, max_examples=300)
@given(head=plain_heads | odd_heads, key=plain_keys | odd_keys, value=plain_values | odd_values,
       other=odd_values, time=odd_times, first=st.booleans())  # fmt: skip
def test_one_odd_thing_among_what_is_known(
    head: str, key: str, value: str, other: str, time: str, first: bool  # noqa: FBT001
) -> None:  # fmt: skip
    """A line differs in one thing from lines whose series are known, and is read as alone."""
    mine, plain = InfluxCodec(INFLUX, table_of(INFLUX)), PlainCodec(INFLUX, table_of(INFLUX))
    fields = [f"{key}={other}", "u=1", "v=2i"] if first else ["u=1", "v=2i", f"{key}={other}"]
    usual = [f"{head} u=1,v=2i 7", f"{head} {key}={value},u=2 8", f"{head} {key}=3 9"]
    odd = [f"{head} {','.join(fields)} 7", f"{head} u=1,v=2 {time}", f"{head} u={other}"]
    records = [line.encode() for line in [*usual, *odd, *usual]]

    for each in (records, records, records[::-1], [b"\n".join(records)], records):
        same(mine.decode(batch_of(each)), plain.decode(batch_of(each)))


@settings(deadline=None, max_examples=60)
@given(
    some=st.lists(payloads(), min_size=1, max_size=30),
    count=st.integers(1, 1500),
    seed=st.integers(0, 2**32 - 1),
)
def test_taking_turns_changes_nothing(some: list[bytes | None], count: int, seed: int) -> None:
    """In a batch in which kernels get to know series halfway, nothing differs but who reads."""
    table, plain_table = table_of(INFLUX), table_of(INFLUX)
    mine, plain = InfluxCodec(INFLUX, table), PlainCodec(INFLUX, plain_table)
    drawn = np.random.default_rng(seed).integers(0, len(some), count)
    batch = batch_of([some[at] for at in drawn])

    same(mine.decode(batch), plain.decode(batch))

    assert [s.key for s in table.identities] == [s.key for s in plain_table.identities]


@pytest.mark.parametrize(
    "record",
    [
        b"cpu,host=a user=1.5,idle=3i,up=true,n=7u 1700000000000000000",
        b"cpu,host=a user=1.5",
        b"disk\\ io,path=C:\\\\a\\ b read=1,write=2 7",
        b"gr\xc3\xb6\xc3\x9fe,h=\xc3\xa9 w\xc3\xa4rme=1 7",
        b'system,host=a load1=0.5,uptime_format="1 day, 3:04",users=3i 7',
        b"# a comment\ncpu u=1 7\n\n\tcpu v=2 8 \r\nmem u=1\n",
    ],
    ids=lambda record: record.decode()[:24],
)
def test_what_is_plain_is_read_by_the_kernel(record: bytes) -> None:
    """From its second time on, whatever the order of its fields and the values in them."""
    codec = counting()
    codec.decode(batch_of([record]))

    samples = codec.decode(batch_of([record] * 3))

    assert codec.plainly == 1
    assert set(samples.record.tolist()) == {0, 1, 2}


@pytest.mark.parametrize("fields", [3, 200, 300])
def test_fields_come_in_the_order_of_their_names(fields: int) -> None:
    """However they are written; where that is much work it is the plain codec's."""
    codec = counting()
    rng = np.random.default_rng(fields)
    records = []
    for _ in range(5):
        order = rng.permutation(fields)
        records.append(b"m " + b",".join(b"f%04d=%d" % (at, at) for at in order))
    codec.decode(batch_of(records[:1]))
    codec.plainly = 0

    samples = codec.decode(batch_of(records[1:]))

    assert samples.value.tolist() == list(range(fields)) * 4
    assert codec.plainly == (0 if fields <= 256 else 4)


def test_more_fields_than_there_is_room_for_are_left() -> None:
    """A line of very many fields is the plain codec's."""
    codec = counting()
    record = b"m " + b",".join(b"f%04d=%d" % (at, at) for at in range(2000))

    for _ in range(2):
        assert codec.decode(batch_of([record])).value.tolist() == list(range(2000))

    assert codec.plainly == 2


@pytest.mark.parametrize("series", [100, 2000])
def test_series_are_known_from_their_second_record_on(series: int) -> None:
    """In the first batch already the plain codec reads few records beyond one of each series."""
    codec = counting()
    names = [b"m,n=%d f=1" % n for n in range(series)]

    samples = codec.decode(batch_of(names * (20_000 // series)))

    assert samples.record.tolist() == list(range(20_000))
    assert codec.plainly < 3 * max(series, 100)


def test_renumbered_series_are_forgotten() -> None:
    """When the table is purged, what kernels know of it goes too."""
    table = table_of(INFLUX)
    codec = InfluxCodec(INFLUX, table)
    records = [b"cpu v=1", b"mem v=1"]
    codec.decode(batch_of(records))
    table.retain(np.array([1], dtype=np.int32))

    again = codec.decode(batch_of(records[1:]))

    assert [table.identities[at].key for at in again.series] == ["mem_v"]


def test_series_beyond_the_limit_are_asked_for_again() -> None:
    """What found no room is not known: a purge may make room."""
    table = table_of(INFLUX)
    table.capacity = 1
    codec = InfluxCodec(INFLUX, table)
    records = [b"cpu u=1,v=2"] * 3

    for _ in range(2):
        assert codec.decode(batch_of(records)).dropped == {DropReason.SERIES_LIMIT: 3}
    table.capacity = 2

    assert codec.decode(batch_of(records)).series.tolist() == [0, 1] * 3
