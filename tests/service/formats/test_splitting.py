"""Records come apart into records that say the same."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from daemon.config import InputFormat
from daemon.formats import splitting as module
from daemon.formats.splitting import lines_of, pieces


def test_examples_in_the_docstrings_hold() -> None:
    """The examples a reader sees are true."""
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b'[{"name":"a","value":1.50}, {"name":"b",\n"value":2}]',
         [b'{"name":"a","value":1.50}', b'{"name":"b","value":2}']),
        (b'{"name":"a","value":1}\n\n{"name":"b","value":2}\n',
         [b'{"name":"a","value":1}', b'{"name":"b","value":2}']),
        (b'{"name":"a","value":1}', [b'{"name":"a","value":1}']),
        (b"[]", [b"[]"]),
        (b"[{", [b"[{"]),
        (b"\xff\xfe", [b"\xff\xfe"]),
        (b"", [b""]),
    ],
)  # fmt: skip
def test_json(value: bytes, expected: list[bytes]) -> None:
    """Numbers keep their spelling; what cannot be read stays whole."""
    assert pieces(value, InputFormat.JSON) == expected


def test_line_protocol() -> None:
    """A line each, however many a text in it has."""
    lines = [b"cpu,host=a v=1 5", b'cpu,host=b t="x\ny",v=2 5']

    assert pieces(b"\n".join(lines), InputFormat.INFLUX) == lines


def test_a_wide_array_stays_whole() -> None:
    """Its values have no names of their own."""
    assert pieces(b"[1,2]", InputFormat.WIDE_ARRAY) == [b"[1,2]"]


@pytest.mark.parametrize(
    "lines",
    [
        [b'm t="a\nb",v=1 5', b"m v=2 5"],
        [b'm v=1,t="a\n\nb\\"\nc"', b'm t="d\n",u="e" 5', b"m v=3"],
        [b'm t="a', b"m v=2", b'm t="b",v=3'],
        [b'm t="a', b"m v=2"],
        [b'# it="', b"m v=1", b'# it="', b"m v=2"],
        [b'm,size=" v=1', b'm,size=" v=2'],
        [b'm t="\\', b"m v=2"],
        [b"m v=1\\", b"m v=2"],
    ],
)
def test_text_may_hold_line_feeds(lines: list[bytes]) -> None:
    """A text in quotes ends where its quote does; one that is never closed takes no line along."""
    assert lines_of(b"\n".join(lines)) == lines


@given(st.text(' ,="\\\n#mv1', max_size=60))
@example('="' * 30)
def test_no_byte_is_lost_or_added(text: str) -> None:
    """Whatever the bytes, the lines together are the record."""
    assert b"\n".join(lines_of(text.encode())) == text.encode()
