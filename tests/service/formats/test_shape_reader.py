"""Records read by their shape give what the plain codec gives, to the last bit."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codecs_under_test import batch_of
from daemon.config import GroupingSection, InputSection, MetricRule, SeriesSection, TimestampUnit
from daemon.formats import shape_reader
from daemon.formats.columns import Columns
from daemon.formats.json_samples import JsonCodec
from daemon.formats.shape_reader import ShapeReader
from daemon.records import I64, DropReason, RecordBatch, SampleBatch
from daemon.series import SeriesTable

RULES = [MetricRule(match="cpu", valid_min=0, valid_max=100)]


class PlainCodec(JsonCodec):
    """Reads every record by msgspec."""

    def _read_rows(self, batch: RecordBatch, columns: Columns) -> None:
        self._decode_rows(np.arange(len(batch.values)), batch, columns)


class CountingCodec(JsonCodec):
    """Counts the records that are read by msgspec, those of probes too."""

    plainly = 0

    def _decode_rows(self, rows: I64, batch: RecordBatch, columns: Columns) -> None:
        self.plainly += len(rows)
        super()._decode_rows(rows, batch, columns)


def table_of(section: InputSection) -> SeriesTable:
    """Make an empty table."""
    return SeriesTable(SeriesSection(exclude=["secret"]), RULES, GroupingSection(), section)


def same(mine: SampleBatch, theirs: SampleBatch) -> None:
    """Compare everything, values by their bits."""
    for column in ("series", "time", "value", "record"):
        ours, other = getattr(mine, column), getattr(theirs, column)
        assert ours.dtype == other.dtype
        assert ours.tobytes() == other.tobytes()
    assert mine.dropped == theirs.dropped
    assert mine.dead_letters == theirs.dead_letters


def wide(host: int, *values: float) -> bytes:
    """Make a wide record."""
    body = ",".join(f'"m{at}":{value!r}' for at, value in enumerate(values))
    head = f'{{"timestamp":{1_700_000_000 + host},"labels":{{"host":"{host}"}}'
    return f'{head},"values":{{{body}}}}}'.encode()


names = st.sampled_from(['"cpu"', '"mem"', '"größe"', '"a\\"1"', '"secret"', '""', '"m\\u0061"'])
labels = st.sampled_from(["{}", '{"a":"b"}', '{"a":"7"}', '{"a":"\\"3"}', "null", '{"a":1}'])
plain_values = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(2**60), 2**60).map(str),
    st.sampled_from(["null", "0", "-0.0", "1000003", "5000011", "5000012"]),
)
odd_values = st.one_of(
    st.floats().map(json.dumps),
    st.sampled_from(['"2.5"', '"1000003"', "1e400", "01", "1.", "true", "{}", "[1]", "5e-324"]),
    st.integers(-(2**70), 2**70).map(str),
)
plain_times = st.integers(0, 2**62).map(str)
odd_times = st.sampled_from(["1.5", "null", "-1", "1e9", '"2026-01-01T00:00:00Z"', "9" * 25, "-2"])


@st.composite
def parts(draw: st.DrawFn, odd: bool) -> str:  # noqa: FBT001
    """Make a wide map or a flat sample; an odd one may have anything anywhere."""
    values = plain_values | odd_values if odd else plain_values
    pairs = draw(st.lists(st.tuples(names, values), max_size=4))
    members = [("values", "{" + ",".join(f"{name}:{value}" for name, value in pairs) + "}")]
    if draw(st.booleans()):
        members.append(("timestamp", draw(plain_times | odd_times if odd else plain_times)))
    if draw(st.booleans()):
        members.append(("labels", draw(labels)))
    if draw(st.integers(0, 3)) == 0:
        members = [("name", draw(names)), ("value", draw(values)), *members[1:]]
    if draw(st.integers(0, 3)) == 0:
        key = draw(st.sampled_from(["note", "timestamp", "value", "values", "name"]))
        members.append((key, draw(values)))
    space = draw(st.sampled_from(["", "", " "]))
    return "{" + ",".join(f'"{k}":{space}{v}' for k, v in draw(st.permutations(members))) + "}"


@st.composite
def payloads(draw: st.DrawFn) -> bytes | None:
    """Make a record of one or more parts, sometimes with a byte wrong."""
    if draw(st.integers(0, 19)) == 0:
        return draw(st.sampled_from([None, b"", b"[]", b"{}", b"\xff", b'{"values":{"a":1,"b":2']))
    made = draw(st.lists(parts(odd=draw(st.booleans())), min_size=1, max_size=3))
    text = "[" + ",".join(made) + "]" if draw(st.booleans()) else "\n".join(made)
    record = bytearray(text.encode())
    if draw(st.integers(0, 7)) == 0:
        record[draw(st.integers(0, len(record) - 1))] = draw(st.integers(0, 255))
    return bytes(record)


def other_numbers(record: bytes | None, seed: int) -> bytes | None:
    """Change digits, so that the shape mostly stays."""
    if record is None:
        return None
    text = np.frombuffer(record, dtype=np.uint8)
    drawn = np.random.default_rng(seed).integers(ord("0"), ord("9") + 1, len(text), np.uint8)
    return np.where((text >= ord("0")) & (text <= ord("9")), drawn, text).tobytes()


@settings(deadline=None, max_examples=200)
@given(
    records=st.lists(payloads(), min_size=1, max_size=6),
    unit=st.sampled_from(TimestampUnit),
    seed=st.integers(0, 2**32 - 1),
)
def test_equals_the_plain_codec(
    records: list[bytes | None], unit: TimestampUnit, seed: int
) -> None:
    """Values, times, order, counts and dead letters, when shapes are new and when known."""
    section = InputSection(timestamp_unit=unit, record_bytes_max=300, value_abs_max=1e15)
    table, plain_table = table_of(section), table_of(section)
    mine, plain = JsonCodec(section, table), PlainCodec(section, plain_table)
    changed = [other_numbers(record, seed + at) for at, record in enumerate(records)]

    for each in (records, records, changed, [*records, *changed]):
        same(mine.decode(batch_of(each)), plain.decode(batch_of(each)))

    assert [s.key for s in table.identities] == [s.key for s in plain_table.identities]


def test_known_shapes_are_read_by_the_kernel() -> None:
    """In the first batch already the plain codec reads few records beyond one of each shape."""
    section = InputSection()
    codec = CountingCodec(section, table_of(section))
    rng = np.random.default_rng(1)
    records = [wide(n % 20, *rng.normal(size=50).tolist()) for n in range(2000)]

    samples = codec.decode(batch_of(records))

    assert samples.record.tolist() == np.repeat(np.arange(2000), 50).tolist()
    assert codec.plainly < 400
    codec.plainly = 0
    codec.decode(batch_of(records[::-1]))
    assert codec.plainly == 0


def test_faulty_records_are_not_learnt() -> None:
    """A record of which one line is faulty says nothing of a record whose numbers are in order."""
    section = InputSection()
    table = table_of(section)
    codec = JsonCodec(section, table)
    lines = b'{"values":{"a":1,"b":2}}\n{"values":{"c":3},"timestamp":04}'

    codec.decode(batch_of([lines]))
    samples = codec.decode(batch_of([lines]))

    assert len(samples.dead_letters) == 1
    assert [s.key for s in table.identities] == ["a", "b"]


def test_nulls_belong_to_the_shape_of_numbers() -> None:
    """A value that is missing for once costs no second shape."""
    section = InputSection()
    codec = CountingCodec(section, table_of(section))
    codec.decode(batch_of([wide(1, 1.0, 2.0)] * 2))
    codec.plainly = 0

    samples = codec.decode(batch_of([wide(1, 3.0, 2.0).replace(b"3.0", b"null")]))

    assert codec.plainly == 0
    assert samples.value.tolist() == [2.0]
    assert samples.dropped == {DropReason.NOT_FINITE: 1}


def test_renumbered_series_are_forgotten() -> None:
    """When the table is purged, shapes go too."""
    section = InputSection()
    table = table_of(section)
    codec = JsonCodec(section, table)
    codec.decode(batch_of([wide(1, 1.0, 2.0)] * 2))
    table.retain(np.array([1], dtype=np.int32))

    again = codec.decode(batch_of([wide(1, 1.0, 2.0)]))

    assert [table.identities[at].key for at in again.series] == ['m0{host="1"}', 'm1{host="1"}']


def test_series_beyond_the_limit_are_asked_for_again() -> None:
    """A shape with a series that found no room is not learnt: a purge may make room."""
    section = InputSection()
    table = table_of(section)
    table.capacity = 1
    codec = JsonCodec(section, table)

    for _ in range(2):
        samples = codec.decode(batch_of([wide(1, 1.0, 2.0)] * 3))
        assert samples.dropped == {DropReason.SERIES_LIMIT: 3}
    table.capacity = 2
    samples = codec.decode(batch_of([wide(1, 1.0, 2.0)] * 3))

    assert samples.series.tolist() == [0, 1] * 3


def test_shapes_that_never_come_again_cost_few_tries() -> None:
    """Whoever writes other names each time is read by the plain codec, with no more than that."""
    section = InputSection()
    codec = CountingCodec(section, table_of(section))

    for n in range(12):
        names_of = [f'{{"values":{{"a{n}_{i}":1,"b":2}}}}'.encode() for i in range(1000)]
        codec.decode(batch_of(names_of))

    assert codec.plainly <= 12_000 + 2 * shape_reader.CREDIT


@pytest.mark.parametrize("bound", ["SHAPES_MAX", "TEXT_MAX"])
def test_more_shapes_than_are_kept_give_the_same(
    bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the bound all are forgotten, and learnt anew as they come."""
    section = InputSection()
    table, plain_table = table_of(section), table_of(section)
    mine, plain = JsonCodec(section, table), PlainCodec(section, plain_table)
    monkeypatch.setattr(shape_reader, bound, {"SHAPES_MAX": 7, "TEXT_MAX": 300}[bound])
    records = [wide(n % 10, float(n), 2.0) for n in range(100)]

    for _ in range(3):
        same(mine.decode(batch_of(records)), plain.decode(batch_of(records)))

    assert len(mine._shapes) <= 7


def test_small_records_are_left_alone() -> None:
    """Below the wanted number of samples nothing is learnt."""
    section = InputSection()
    codec = JsonCodec(section, table_of(section))
    reader = ShapeReader(section, samples_min=3)
    batch = batch_of([wide(1, 1.0, 2.0), wide(2, 1.0, 2.0, 3.0)])

    reader.learn(batch, np.arange(2), codec._probe)

    assert reader.read(batch, np.arange(2)).left.tolist() == [0]
