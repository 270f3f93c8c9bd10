"""Records written by a kernel, against their twin and against the client's own builder."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka.record.default_records import DefaultRecordBatchBuilder
from kafka.record.util import encode_varint

import naive_ingest as naive
from daemon.kernels.record_write import varint_size, write_records, write_varint
from daemon.records import I64
from hebbstream.arrays import U8

NUMBERS = [sign * n for n in (0, 1, 63, 64, 65, 2**31, 2**62, 2**63 - 1) for sign in (1, -1)]


def columns(parts: list[bytes]) -> tuple[U8, I64]:
    """Put bytes one behind the other, with their ends."""
    stops = np.cumsum([len(part) for part in parts], dtype=np.int64)
    return np.frombuffer(b"".join(parts), np.uint8), stops


@pytest.mark.parametrize("number", [*NUMBERS, -(2**63)])
def test_varints_equal_the_clients(number: int) -> None:
    """Of every length, up to both ends of 64 bits."""
    expected, out, twin = bytearray(), np.zeros(12, np.uint8), bytearray(12)
    encode_varint(number, expected.append)

    end = write_varint(np.int64(number), 1, out)  # type: ignore[arg-type] # as kernels have it

    assert end == naive.write_varint(number, 1, twin) == 1 + len(expected)
    assert bytes(out) == bytes(twin) == (b"\0" + expected).ljust(12, b"\0")
    assert varint_size(np.int64(number)) == naive.varint_size(number) == len(expected)  # type: ignore[arg-type]


RECORDS = st.lists(st.tuples(st.binary(max_size=70), st.binary(max_size=200)), min_size=1)


@settings(deadline=None)
@given(
    records=RECORDS,
    first=st.integers(0, 3),
    offset=st.integers(0, 10_000),
    time=st.integers(-(2**40), 2**40),
    room=st.integers(0, 3_000),
)
def test_records_equal_the_twins(
    records: list[tuple[bytes, bytes]], first: int, offset: int, time: int, room: int
) -> None:
    """As many as fit, from any of them on."""
    keys, values = ([each[n] for each in records] for n in (0, 1))
    written, largest = naive.write_records(keys, values, first, offset, time, room)
    out = np.zeros(room, np.uint8)

    count, size, most = write_records(
        *columns(keys), *columns(values), np.array([first, offset, time]), out
    )

    assert (count, size, most) == (len(written), sum(map(len, written)), largest)
    assert bytes(out[:size]) == b"".join(written)


def test_records_equal_the_clients_own() -> None:
    """Byte for byte what kafka-python's builder has after its header."""
    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 10**6)  # noqa: FBT003 - the client's
    values = [bytes([n % 256]) * (7 * n) for n in range(300)]
    keys = [b"service=%d" % (n % 40) for n in range(300)]
    for n, (key, value) in enumerate(zip(keys, values, strict=True)):
        builder.append(n, 1_700_000_000_000 + 5 * (n > 0), key, value, [])
    out = np.zeros(10**6, np.uint8)

    count, size, _ = write_records(*columns(keys), *columns(values), np.array([1, 1, 5]), out)

    head = DefaultRecordBatchBuilder.header_size_in_bytes()
    first = DefaultRecordBatchBuilder.size_in_bytes(0, 0, keys[0], values[0], [])
    assert count == 299
    assert bytes(out[:size]) == bytes(builder._buffer[head + first :])
