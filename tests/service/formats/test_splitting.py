"""Records come apart into records that say the same."""

from __future__ import annotations

import pytest

from daemon.config import InputFormat
from daemon.formats.splitting import pieces


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
    """A line each."""
    value = b"cpu,host=a v=1 5\ncpu,host=b v=2 5"

    assert pieces(value, InputFormat.INFLUX) == value.split(b"\n")


def test_a_wide_array_stays_whole() -> None:
    """Its values have no names of their own."""
    assert pieces(b"[1,2]", InputFormat.WIDE_ARRAY) == [b"[1,2]"]
