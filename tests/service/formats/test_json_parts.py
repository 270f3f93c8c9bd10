"""A record's parts, faults in place of those that cannot be read."""

from __future__ import annotations

import pytest
from msgspec import Struct

from daemon.formats.faults import Fault
from daemon.formats.json_parts import PartReader


class Number(Struct):
    """A part of the test."""

    n: int


def shape(payload: bytes) -> list[int | str]:
    """Read a record; numbers of good parts, reasons of faulty ones."""
    parts = PartReader(Number).read(payload)
    return [part.reason.value if isinstance(part, Fault) else part.n for part in parts]


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"n":1}', [1]),
        (b' {\n "n":\n 1}\n', [1]),
        (b'[{"n":1},{"n":2}]', [1, 2]),
        (b"[]", []),
        (b'\n [{"n":1},{"n":"x"},3]', [1, "wrong_type", "wrong_type"]),
        (b'{"n":1}\n{"n":2}\n', [1, 2]),
        (b'{"n":1}\r\n\r\n{"n":2}', [1, 2]),
        (b'{"n":1}\n{"n":2', [1, "not_json"]),
        (b'x\n{"n":2}', ["not_json", 2]),
        (b'{"n":\n"x"}', ["wrong_type"]),
        (b"x\ny", ["not_json"]),
        (b'[{"n":1},', ["not_json"]),
        (b" ", ["empty"]),
    ],
)
def test_shapes(payload: bytes, expected: list[int | str]) -> None:
    """One value, an array, lines; good parts stand beside faulty ones, in order."""
    assert shape(payload) == expected
