"""Records read by kernels give what the plain codec gives, to the last bit."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codecs_under_test import batch_of, codec_of
from daemon.config import InputSection, MetricRule, TimestampUnit
from daemon.formats.columns import Columns
from daemon.formats.json_samples import JsonCodec
from daemon.formats.shape_reader import ShapeReader
from daemon.formats.span_index import SpanIndex
from daemon.records import I64, RecordBatch, SampleBatch
from daemon.series import SeriesTable

RULES = [MetricRule(match="cpu", valid_min=0, valid_max=100)]


def plain_codec(section: InputSection) -> tuple[JsonCodec, SeriesTable]:
    """Make a codec whose kernels know no series, ever: every record is read by msgspec."""
    codec, table = codec_of(section, RULES)
    assert isinstance(codec, JsonCodec)
    codec._flat._index = SpanIndex()
    codec._shapes = ShapeReader(section, samples_min=10**9)
    return codec, table


def flat_codec(section: InputSection) -> tuple[JsonCodec, SeriesTable]:
    """Make a codec as the service has it."""
    codec, table = codec_of(section, RULES)
    assert isinstance(codec, JsonCodec)
    return codec, table


def same(mine: SampleBatch, theirs: SampleBatch) -> None:
    """Compare everything, values by their bits."""
    for column in ("series", "time", "value", "record"):
        ours, other = getattr(mine, column), getattr(theirs, column)
        assert ours.dtype == other.dtype
        assert ours.tobytes() == other.tobytes()
    assert mine.dropped == theirs.dropped
    assert mine.dead_letters == theirs.dead_letters


blank = st.text(" \t\r\n", max_size=1)
key = st.sampled_from(["name", "labels", "timestamp", "value", "values", "unit", "n\\u0061me"])
json_names = st.sampled_from(
    ['"cpu"', '"mem"', '"gr\\u00f6\\u00dfe"', '"größe"', '""', "null", "7"]
)
json_labels = st.one_of(
    st.sampled_from(["{}", "null", '{"a":"b"}', '{"a" : "b"}', '{"a":"\\n"}', '{"a":1}', "[]"]),
    st.sampled_from(['{"a":"}"}', '{"a":{"b":"c"}}', '{"é":"ö"}', '{"a":"b",}', '{"a":"b" "c"}']),
    st.just('{"__name__":"x"}'),
)
json_times = st.one_of(
    st.integers(-10, 2**65).map(str),
    st.sampled_from(["1700000000", "1700000000123", "1.5", "1e9", "null", "-0", "007"]),
    st.sampled_from(['"2026-01-01T00:00:00Z"', '"soon"', "1700000000.0"]),
)
json_values = st.one_of(
    st.floats().map(json.dumps),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(2**70), 2**70).map(str),
    st.sampled_from(["0", "-0", "-0.0", "1e400", "1e-400", "5e-324", "01", "1.", ".5", "+1", "-"]),
    st.sampled_from(["null", '"2.5"', '"two"', "true", "{}", "9007199254740993", "0e9999"]),
)


ODD = {"name": json_names, "labels": json_labels, "timestamp": json_times, "value": json_values}
ORDINARY = {
    "name": st.sampled_from(['"cpu"', '"größe"']),
    "labels": st.sampled_from(["{}", '{"a":"b"}', '{"a":"}"}']),
    "timestamp": st.integers(0, 2**60).map(str),
    "value": st.floats(allow_nan=False, allow_infinity=False).map(repr)
    | st.integers(-(2**60), 2**60).map(str),
}


@st.composite
def payloads(draw: st.DrawFn) -> bytes | None:
    """Make flat samples of few series, in every spelling, and things that are none."""
    if draw(st.integers(0, 19)) == 0:
        return draw(st.sampled_from([None, b"", b"[]", b"{}", b'{"name":"cpu"', b"\xff"]))
    made = draw(st.sampled_from([ORDINARY, ORDINARY, ODD]))
    order = draw(st.permutations(list(made)))
    members = [(name, draw(made[name])) for name in order if name == "value" or draw(st.booleans())]
    if made is ODD and draw(st.booleans()):
        members.append((draw(key), draw(json_values)))
    body = ",".join(f'{draw(blank)}"{k}"{draw(blank)}:{draw(blank)}{v}' for k, v in members)
    text = bytearray(f"{draw(blank)}{{{body}{draw(blank)}}}{draw(blank)}".encode())
    if draw(st.integers(0, 5)) == 0:
        text[draw(st.integers(0, len(text) - 1))] = draw(st.integers(0, 255))
    return bytes(text)


@settings(deadline=None, max_examples=300)
@given(
    batches=st.lists(st.lists(payloads(), max_size=6), min_size=1, max_size=3),
    unit=st.sampled_from(TimestampUnit),
)
def test_equals_the_plain_codec(batches: list[list[bytes | None]], unit: TimestampUnit) -> None:
    """Values, times, order, counts and dead letters; each batch thrice: new, known, foreseen."""
    section = InputSection(timestamp_unit=unit, record_bytes_max=200, value_abs_max=1e15)
    mine, my_table = flat_codec(section)
    plain, table = plain_codec(section)

    for records in [each for batch in batches for each in [batch] * 3]:
        same(mine.decode(batch_of(records)), plain.decode(batch_of(records)))

    assert [s.key for s in my_table.identities] == [s.key for s in table.identities]


@settings(deadline=None, max_examples=60)
@given(
    some=st.lists(payloads(), min_size=1, max_size=30),
    count=st.integers(1, 1500),
    seed=st.integers(0, 2**32 - 1),
)
def test_taking_turns_changes_nothing(some: list[bytes | None], count: int, seed: int) -> None:
    """In a batch in which kernels get to know series halfway, nothing differs but who reads."""
    mine, my_table = flat_codec(InputSection())
    plain, table = plain_codec(InputSection())
    drawn = np.random.default_rng(seed).integers(0, len(some), count)
    batch = batch_of([some[at] for at in drawn])

    same(mine.decode(batch), plain.decode(batch))

    assert [s.key for s in my_table.identities] == [s.key for s in table.identities]


class CountingCodec(JsonCodec):
    """Counts the records the plain codec reads."""

    plainly = 0

    def _decode_rows(self, rows: I64, batch: RecordBatch, columns: Columns) -> None:
        self.plainly += len(rows)
        super()._decode_rows(rows, batch, columns)


@pytest.mark.parametrize("series", [100, 2000])
def test_series_are_known_from_their_second_record_on(series: int) -> None:
    """In the first batch already the plain codec reads few records beyond one of each series."""
    _, table = flat_codec(InputSection())
    codec = CountingCodec(InputSection(), table)
    names = [b'{"name":"m","labels":{"n":"%d"},"value":1}' % n for n in range(series)]
    batch = batch_of(names * (20_000 // series))

    samples = codec.decode(batch)

    assert samples.record.tolist() == list(range(20_000))
    assert codec.plainly < 3 * max(series, 100)


def test_known_series_are_read_by_the_kernel() -> None:
    """The second batch leaves nothing to the plain codec but what is odd."""
    codec, _ = flat_codec(InputSection())
    flat = [b'{"name":"cpu","labels":{"h":"%d"},"value":%d.5}' % (n, n) for n in range(50)]
    codec.decode(batch_of(flat))

    read = codec._flat.read(batch_of([*flat, b'{"name":"cpu","value":"1"}', *flat]))

    assert read.left.tolist() == [50]
    assert read.value.tolist() == [n + 0.5 for n in range(50)] * 2


def test_renumbered_series_are_forgotten() -> None:
    """When the table is purged, what kernels know of it goes too."""
    codec, table = flat_codec(InputSection())
    records = [b'{"name":"%s","value":1}' % name for name in (b"cpu", b"mem")]
    codec.decode(batch_of(records))
    table.retain(np.array([1], dtype=np.int32))

    again = codec.decode(batch_of(records[1:]))

    assert [table.identities[at].key for at in again.series] == ["mem"]


@pytest.mark.parametrize("size", [1, 3000])
def test_many_series_are_told_apart(size: int) -> None:
    """The table grows with the series and finds each."""
    codec, table = flat_codec(InputSection())
    records = [b'{"name":"m","labels":{"n":"%d"},"value":1}' % n for n in range(size)]
    codec.decode(batch_of(records))

    found = codec.decode(batch_of(records[::-1]))

    assert codec._flat.read(batch_of(records)).left.tolist() == []
    keys = [table.identities[at].key for at in found.series]
    assert keys == [f'm{{n="{n}"}}' for n in range(size)][::-1]
