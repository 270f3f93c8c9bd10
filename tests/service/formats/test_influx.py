"""Line protocol, good and bad."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codecs_under_test import RECORD_TIME, batch_of, codec_of, decode, show
from daemon.config import InputFormat, InputSection, TimestampUnit
from daemon.formats import influx as module
from daemon.records import DropReason

INFLUX = InputSection(format=InputFormat.INFLUX)
GOOD = b"up,job=a value=1.5 1700000000000000000"


def test_examples_in_the_docstring_hold() -> None:
    """The examples a reader sees are true."""
    assert doctest.testmod(module, extraglobs={"show": show(INFLUX)}).failed == 0


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (None, "tombstone"),
        (b"", "empty"),
        (b" \r\n\n", "empty"),
        (b"# only a comment", "empty"),
        (b" \t# a comment with a margin", "empty"),
        (b"up", "bad_line"),
        (b"up value", "bad_line"),
        (b"up value=", "bad_line"),
        (b"up value=1 noon", "bad_line"),
        (b",job=a value=1", "bad_line"),
        (b"up,job value=1", "bad_line"),
        (b"up\\", "bad_line"),
        (b"up value=1 1\x00", "bad_line"),
        (b"\xff value=1", "not_utf8"),
        (b"up v\xff=1", "not_utf8"),
        (b"x" * (5 * 2**20), "too_large"),
    ],
    ids=lambda p: repr(p)[:30],
)
def test_faulty_records_become_dead_letters(payload: bytes | None, reason: str) -> None:
    """Each kind of fault has its reason, and the stream goes on after it."""
    samples = decode(INFLUX, payload, GOOD)

    assert [letter.reason for letter in samples.dead_letters] == [reason]
    assert samples.value.tolist() == [1.5]


def test_good_lines_are_kept() -> None:
    """One faulty line costs itself only."""
    samples = decode(INFLUX, GOOD + b"\nrubbish\r\n" + GOOD)

    assert samples.value.tolist() == [1.5, 1.5]
    assert len(samples.dead_letters) == 1
    assert samples.dead_letters[0].detail.startswith("1 of 3 parts failed, the first at index 1")


def test_a_text_of_several_lines_costs_no_number() -> None:
    """Line feeds in quotes end no line, so that what stands beside the text is read."""
    samples = decode(
        INFLUX, GOOD, b'up,job=a note="down\nagain",value=2 1700000000000000000\n' + GOOD
    )

    assert samples.value.tolist() == [1.5, 2.0, 1.5]
    assert samples.dead_letters == []


def test_escapes_and_tag_order() -> None:
    """Escaped spaces and commas belong to names, and the order of tags does not matter."""
    codec, table = codec_of(INFLUX)

    samples = codec.decode(
        batch_of([b"disk\\ io,b=2,a=x\\,y read=1", b"disk\\ io,a=x\\,y,b=2 read=2"])
    )

    assert samples.series.tolist() == [0, 0]
    assert table.identities[0].key == 'disk io_read{a="x,y",b="2"}'


def test_numbers_booleans_and_text() -> None:
    """Integers, unsigned integers and booleans are values; text is passed over."""
    samples = decode(INFLUX, b'm a=3i,b=4u,c=T,d=false,e="1.5",f=-2.5e3 0\nn s="only text"')

    assert samples.value.tolist() == [3.0, 4.0, 1.0, 0.0, -2500.0]
    assert samples.dead_letters == []


def test_time_is_the_lines_or_the_records() -> None:
    """Without a time the record's counts; the unit is nanoseconds unless configured."""
    seconds = InputSection(format=InputFormat.INFLUX, timestamp_unit=TimestampUnit.S)

    assert decode(INFLUX, b"m v=1", b"m v=1 7").time.tolist() == [RECORD_TIME, 7]
    assert decode(seconds, b"m v=1 7").time.tolist() == [7 * 10**9]
    assert decode(INFLUX, b"m v=1 -7").dropped == {DropReason.BAD_TIME: 1}


@given(st.data())
def test_mutated_lines_never_raise(data: st.DataObject) -> None:
    """Cut, overwritten or spliced bytes give samples, drops or one dead letter, never an error."""
    payload = data.draw(
        st.sampled_from(
            [GOOD, b'cpu\\ x,a=b\\,c u=1i,v="t t",w=t 17\n' + GOOD, b"m f=1,f=2", b" # x\nm f=1"]
        )
    )
    start = data.draw(st.integers(0, len(payload)))
    stop = data.draw(st.integers(start, len(payload)))
    mutated = payload[:start] + data.draw(st.binary(max_size=8)) + payload[stop:]

    samples = decode(INFLUX, mutated, GOOD)

    assert samples.record.tolist().count(1) == 1
    assert len(samples.dead_letters) <= 1
    assert np.isfinite(samples.value).all()
