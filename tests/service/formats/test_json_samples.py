"""JSON records of every shape, good and bad."""

from __future__ import annotations

import doctest

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codecs_under_test import batch_of, codec_of, decode, show
from daemon.config import InputSection, MetricRule, TimestampUnit
from daemon.formats import json_samples as module
from daemon.records import DropReason

GOOD = b'{"name":"up","labels":{"job":"a"},"timestamp":1700000000,"value":1.5}'


def test_examples_in_the_docstring_hold() -> None:
    """The examples a reader sees are true."""
    result = doctest.testmod(module, extraglobs={"show": show(InputSection())})

    assert result.failed == 0
    assert result.attempted >= 4


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (None, "tombstone"),
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"nonsense", "not_json"),
        (b"\xef\xbb\xbf{}", "not_json"),
        (GOOD[:-5], "not_json"),
        (b"[" + GOOD + b",", "not_json"),
        (b"[" * 200_000, "not_json"),
        (b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not_json"),
        (b'{"name":"\xff","value":1}', "not_utf8"),
        (b'{"name":"up","labels":{"a":"\xff"},"value":1}', "not_utf8"),
        (b"3", "wrong_type"),
        (b"[1,2]", "wrong_type"),
        (b'{"name":7,"value":1}', "wrong_type"),
        (b'{"name":"up","labels":[],"value":1}', "wrong_type"),
        (b'{"name":"up","labels":{"a":1},"value":1}', "wrong_type"),
        (b'{"name":"up","value":true}', "wrong_type"),
        (b'{"name":"up","value":"many"}', "wrong_type"),
        (b'{"name":"up","value":"1_0"}', "wrong_type"),
        (b'{"name":"up","value":1e999}', "wrong_type"),
        (b'{"values":{"a":"x","b":1}}', "wrong_type"),
        (b'{"name":"up"}', "missing_field"),
        (b"{}", "missing_field"),
        (b'{"value":"' + b"x" * (5 * 2**20) + b'"}', "too_large"),
    ],
    ids=lambda p: repr(p)[:40],
)
def test_faulty_records_become_dead_letters(payload: bytes | None, reason: str) -> None:
    """Each kind of fault has its reason, and the stream goes on after it."""
    samples = decode(InputSection(), payload, GOOD)

    assert [letter.reason for letter in samples.dead_letters] == [reason]
    assert samples.dead_letters[0].offset == 100
    assert samples.dead_letters[0].key == b"key-0"
    assert len(samples.dead_letters[0].value or b"") <= 4 * 2**20
    assert samples.record.tolist() == [1]
    assert samples.value.tolist() == [1.5]


@pytest.mark.parametrize(
    ("payload", "detail"),
    [
        (
            b"[" + GOOD + b',{"value":[]},3,' + GOOD + b"]",
            "2 of 4 parts failed, the first at index 1",
        ),
        (GOOD + b"\nrubbish\n\n" + GOOD, "1 of 3 parts failed, the first at index 1"),
        (b"rubbish\n" + GOOD + b"\r\n" + GOOD, "1 of 3 parts failed, the first at index 0"),
    ],
    ids=["array", "lines", "first line"],
)
def test_good_parts_are_kept(payload: bytes, detail: str) -> None:
    """One faulty part costs itself only, and one dead letter tells how many and which."""
    samples = decode(InputSection(), payload)

    assert samples.value.tolist() == [1.5, 1.5]
    assert len(samples.dead_letters) == 1
    assert samples.dead_letters[0].detail.startswith(detail)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b'{"name":"up","value":null}', DropReason.NOT_FINITE),
        (b'{"name":"up","value":"NaN"}', DropReason.NOT_FINITE),
        (b'{"name":"up","value":"+Inf"}', DropReason.NOT_FINITE),
        (b'{"name":"up","value":1e308}', DropReason.OUT_OF_RANGE),
        (b'{"name":"temp","value":-300}', DropReason.OUT_OF_RANGE),
        (b'{"name":"temp","value":300.5}', DropReason.OUT_OF_RANGE),
        (b'{"name":"up","value":1,"timestamp":-1}', DropReason.BAD_TIME),
        (b'{"name":"up","value":1,"timestamp":-1.5}', DropReason.BAD_TIME),
        (b'{"name":"up","value":1,"timestamp":99999999999999999999999}', DropReason.BAD_TIME),
        (b'{"name":"up","value":1,"timestamp":9000000000000000000}', DropReason.BAD_TIME),
        (b'{"name":"up","value":1,"timestamp":1e300}', DropReason.BAD_TIME),
        (b'{"name":"up","value":1,"timestamp":"noon"}', DropReason.BAD_TIME),
        (b'{"name":"up","value":1,"timestamp":"9999-01-01T00:00:00Z"}', DropReason.BAD_TIME),
        (b'{"name":"","value":1}', DropReason.NO_NAME),
        (b'{"value":1}', DropReason.NO_NAME),
        (
            b'{"name":"up","value":1,"labels":{'
            + b",".join(b'"l%d":"v"' % i for i in range(10_000))
            + b"}}",
            DropReason.LABEL_LIMIT,
        ),
        (b'{"name":"' + b"x" * 2_000_000 + b'","value":1}', DropReason.LABEL_LIMIT),
    ],
    ids=lambda p: repr(p)[:50],
)
def test_unusable_samples_are_counted(payload: bytes, reason: DropReason) -> None:
    """A sample that is well-formed but unusable is dropped with its reason, not dead-lettered."""
    metrics = [MetricRule(match="temp", valid_min=-273.15, valid_max=300.0)]

    samples = decode(InputSection(), payload, GOOD, metrics=metrics)

    assert samples.dropped == {reason: 1}
    assert samples.dead_letters == []
    assert samples.value.tolist() == [1.5]


def test_spellings_of_one_series_share_an_index() -> None:
    """White space, label order and the `__name__` label of an adapter do not matter."""
    samples = decode(
        InputSection(),
        b'{"name":"up","labels":{"a":"1","b":"2"},"value":1}',
        b'{"name":"up","labels":{"b":"2", "a":"1"},"value":1}',
        b'{"name":"up","labels":{"__name__":"up","b":"2","a":"1"},"value":"1"}',
        b'{"labels":{"__name__":"up","b":"2","a":"1"},"values":{"up":1,"down":0}}',
        b'{"name":"up","labels":null,"value":1}',
    )

    assert samples.series.tolist() == [0, 0, 0, 0, 1, 2]


def test_missing_timestamp_is_the_records() -> None:
    """A sample without a time has its record's; without that too it has none."""
    payload = b'{"name":"up","value":1}'
    codec, _ = codec_of(InputSection())

    with_time = codec.decode(batch_of([payload], timestamp=7_000_000_000))
    without = codec.decode(batch_of([payload], timestamp=-1))

    assert with_time.time.tolist() == [7_000_000_000]
    assert without.dropped == {DropReason.BAD_TIME: 1}


def test_configured_unit_wins_over_magnitude() -> None:
    """With a unit set, a small number is not taken for seconds."""
    section = InputSection(timestamp_unit=TimestampUnit.MS)

    samples = decode(section, b'{"name":"up","value":1,"timestamp":60000}')

    assert samples.time.tolist() == [60_000_000_000]


def test_indices_are_resolved_again_after_a_purge() -> None:
    """A renumbered table empties the codec's caches."""
    codec, table = codec_of(InputSection())
    codec.decode(batch_of([b'{"name":"a","value":1}', b'{"name":"b","value":1}']))

    table.retain(np.array([1], dtype=np.int32))
    samples = codec.decode(batch_of([b'{"name":"b","value":1}', b'{"name":"a","value":1}']))

    assert samples.series.tolist() == [0, 1]
    assert [s.key for s in table.identities] == ["b", "a"]


PIECES = st.sampled_from(
    [
        GOOD,
        b'{"timestamp":1700000000.5,"labels":{"h":"1"},"values":{"a":1,"b":null,"c":"2"}}',
        b"[" + GOOD + b"," + GOOD + b"]",
        GOOD + b"\n" + GOOD,
    ]
)


@given(PIECES, st.data())
def test_mutated_payloads_never_raise(payload: bytes, data: st.DataObject) -> None:
    """Cut, overwritten or spliced bytes give samples, drops or one dead letter, never an error."""
    start = data.draw(st.integers(0, len(payload)))
    stop = data.draw(st.integers(start, len(payload)))
    mutated = payload[:start] + data.draw(st.binary(max_size=8)) + payload[stop:]

    samples = decode(InputSection(), mutated, GOOD)

    assert samples.record.tolist().count(1) == 1
    assert len(samples.dead_letters) <= 1
    assert np.isfinite(samples.value).all()
    assert (samples.time >= 0).all()


VALUE = st.one_of(st.none(), st.floats(), st.just("NaN"), st.just("1"))


@given(st.lists(st.dictionaries(st.text("ab", max_size=1), VALUE, max_size=3), max_size=5))
def test_every_sample_is_accounted_for(parts: list[dict[str, float | str | None]]) -> None:
    """Samples in are samples out plus samples dropped."""
    finite = [{k: str(v) if isinstance(v, float) else v for k, v in part.items()} for part in parts]
    payload = msgspec.json.encode([{"values": part} for part in finite])

    samples = decode(InputSection(), payload)

    assert samples.dead_letters == []
    assert len(samples.value) + sum(samples.dropped.values()) == sum(map(len, parts))
