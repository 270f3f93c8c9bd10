"""Rows of declared columns, good and bad."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from codecs_under_test import batch_of, codec_of, decode, show
from daemon.config import InputFormat, InputSection
from daemon.formats import wide_array as module
from daemon.records import DropReason

WIDE = InputSection(format=InputFormat.WIDE_ARRAY, columns=["cpu", 'disk{dev="sda"}', "mem"])
GOOD = b'{"timestamp":1700000000,"labels":{"host":"h"},"values":[1,2,3]}'


def test_examples_in_the_docstring_hold() -> None:
    """The examples a reader sees are true."""
    assert doctest.testmod(module, extraglobs={"show": show(WIDE)}).failed == 0


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (None, "tombstone"),
        (b"", "empty"),
        (b"\n", "empty"),
        (GOOD[:-1], "not_json"),
        (b'{"values":[1,2]}', "column_count"),
        (b'{"values":[1,2,3,4]}', "column_count"),
        (b'{"timestamp":1}', "missing_field"),
        (b'{"values":[1,2,"x"]}', "wrong_type"),
        (b'{"values":[1,2,[]]}', "wrong_type"),
        (b'{"values":{"a":1}}', "wrong_type"),
        (b'{"labels":7,"values":[1,2,3]}', "wrong_type"),
    ],
)
def test_faulty_records_become_dead_letters(payload: bytes | None, reason: str) -> None:
    """Each kind of fault has its reason, and the stream goes on after it."""
    samples = decode(WIDE, payload, GOOD)

    assert [letter.reason for letter in samples.dead_letters] == [reason]
    assert samples.value.tolist() == [1.0, 2.0, 3.0]


def test_rows_in_arrays_and_lines() -> None:
    """Rows come alone, in an array or one a line; good ones are kept."""
    samples = decode(WIDE, b"[" + GOOD + b',{"values":[]}]', GOOD + b"\n" + GOOD)

    assert samples.value.tolist() == [1.0, 2.0, 3.0] * 3
    assert samples.record.tolist() == [0] * 3 + [1] * 6
    assert [letter.reason for letter in samples.dead_letters] == ["column_count"]


def test_null_is_missing() -> None:
    """A null is counted, the other columns keep their place."""
    samples = decode(WIDE, b'{"timestamp":1700000000,"values":[null,"2.5",3]}')

    assert samples.series.tolist() == [1, 2]
    assert samples.dropped == {DropReason.NOT_FINITE: 1}


def test_own_label_wins() -> None:
    """A column's label is not overwritten by the record's."""
    codec, table = codec_of(WIDE)

    codec.decode(batch_of([b'{"labels":{"dev":"nvme"},"values":[1,2,3]}']))

    assert [s.key for s in table.identities] == [
        'cpu{dev="nvme"}',
        'disk{dev="sda"}',
        'mem{dev="nvme"}',
    ]


def test_columns_are_resolved_again_after_a_purge() -> None:
    """A renumbered table empties the codec's cache."""
    codec, table = codec_of(WIDE)
    codec.decode(batch_of([GOOD]))

    table.retain(np.array([2], dtype=np.int32))
    samples = codec.decode(batch_of([GOOD]))

    assert samples.series.tolist() == [1, 2, 0]


def test_faulty_columns_are_refused_with_the_configuration() -> None:
    """All columns that are no series are named at once."""
    with pytest.raises(ValidationError) as caught:
        InputSection(format=InputFormat.WIDE_ARRAY, columns=["a{", "b", '{x="y"}'])

    assert [fault["loc"] for fault in caught.value.errors()] == [("columns", 0), ("columns", 2)]


@given(st.data())
def test_mutated_rows_never_raise(data: st.DataObject) -> None:
    """Cut, overwritten or spliced bytes give samples, drops or one dead letter, never an error."""
    start = data.draw(st.integers(0, len(GOOD)))
    stop = data.draw(st.integers(start, len(GOOD)))
    mutated = GOOD[:start] + data.draw(st.binary(max_size=8)) + GOOD[stop:]

    samples = decode(WIDE, mutated, GOOD)

    assert samples.record.tolist().count(1) == 3
    assert len(samples.dead_letters) <= 1
