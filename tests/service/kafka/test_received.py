"""Answers are received as kafka-python receives them: the same bytes, the same errors."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.errors import KafkaConnectionError
from kafka.net import manager
from kafka.net.transport import KafkaTCPTransport
from kafka.protocol import parser
from kafka.protocol.consumer import FetchResponse
from kafka.protocol.frame import KafkaBytes

from daemon.kafka.received import (
    RECEIVE_BYTES,
    SHARED_BYTES_MIN,
    Landed,
    Received,
    Records,
    Transport,
    receive_in_large_pieces,
)

Ends = tuple[Transport, KafkaTCPTransport, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """Both transports on one end of a connection, and its other end."""
    near, far = socket.socketpair()
    near.settimeout(0)
    ours = Transport(None, near)
    ours.set_protocol(SimpleNamespace(parser=parser.KafkaProtocol()))
    yield ours, KafkaTCPTransport(None, near), far
    near.close()
    far.close()


@given(st.binary(max_size=40), st.lists(st.none() | st.integers(0, 50), max_size=6))
def test_reads_as_the_clients_buffer(data: bytes, sizes: list[int | None]) -> None:
    """Whatever is asked for in turn, also beyond the end."""
    ours, theirs = Received(len(data)), KafkaBytes(len(data))
    for each in (ours, theirs):
        each.write(data)
        each.seek(0)

    for size in sizes:
        assert ours.read(size) == theirs.read(size)
        assert ours.tell() == theirs.tell()


def test_a_long_answer_is_read_where_it_was_received() -> None:
    """All that is left of it, when that is much; what is asked for by its size is copied."""
    answer = Received(SHARED_BYTES_MIN + 1)
    parts = []
    for start, size in ((0, len(answer)), (1, None), (2, None)):
        answer.seek(start)
        parts.append(answer.read(size))

    assert [type(part) for part in parts] == [bytes, memoryview, bytes]
    shared = parts[1]
    assert isinstance(shared, memoryview)
    assert shared.obj is answer
    assert shared.readonly


@pytest.mark.parametrize("version", [4, 11, 12, 17])
def test_answers_are_decoded_as_the_client_does(
    version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old and new layouts; large, small, empty and absent records; only large ones are shared."""
    record = FetchResponse._struct.fields["responses"].fields["partitions"].fields["records"]
    monkeypatch.setattr(record, "_type", record._type)
    monkeypatch.setattr(FetchResponse._struct, "_compiled_encoders", {})
    monkeypatch.setattr(parser, "KafkaBytes", KafkaBytes)
    monkeypatch.setattr(manager, "KafkaTCPTransport", KafkaTCPTransport)
    sizes = [7, SHARED_BYTES_MIN, 0, None, 5 * SHARED_BYTES_MIN, 40 * SHARED_BYTES_MIN]
    part = FetchResponse.FetchableTopicResponse.PartitionData
    parts = [
        part(partition_index=at, records=None if size is None else bytes([at]) * size)
        for at, size in enumerate(sizes)
    ]
    topic = FetchResponse.FetchableTopicResponse(topic="m", partitions=parts)
    text = FetchResponse(version=version, responses=[topic]).encode(version=version)
    theirs = FetchResponse.decode(memoryview(text), version=version)

    receive_in_large_pieces()
    ours = FetchResponse.decode(memoryview(text), version=version)

    found = [each.records for each in ours.responses[0].partitions]
    assert found == [each.records for each in theirs.responses[0].partitions]
    assert [type(each) for each in found] == [bytes, bytes, bytes, type(None), bytes, memoryview]
    assert ours == theirs


def test_takes_what_is_ready(ends: Ends) -> None:
    """All of it at once, and nothing where nothing is."""
    ours, _, far = ends
    sent = bytes(range(256)) * 100

    assert ours._sock_recv() == (b"", None)
    far.sendall(sent)

    assert len(sent) < RECEIVE_BYTES
    assert ours._sock_recv() == (sent, None)


@pytest.mark.parametrize("portion", [1, 3, 9, 100_000])
def test_an_answer_is_received_where_it_is_to_lie(
    ends: Ends, portion: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whatever portions it comes, beside others, as the client's own parser has it."""
    monkeypatch.setattr(parser, "KafkaBytes", Received)
    ours, _, far = ends
    reader = parser.KafkaProtocol()
    texts: list[bytes] = []
    monkeypatch.setattr(reader, "_process_response", lambda answer: texts.append(answer.read()))
    ours.set_protocol(SimpleNamespace(parser=reader))
    answers = [b"first", b"x" * 200_000, b"last"]
    sent = b"".join(struct.pack(">i", len(each)) + each for each in answers)
    landed = 0

    for start in range(0, len(sent), max(portion, len(sent) // 2000)):
        far.sendall(sent[start : start + max(portion, len(sent) // 2000)])
        while True:
            data, error = ours._sock_recv()
            assert error is None
            if not data:
                break
            landed += isinstance(data, Landed)
            reader.receive_bytes(data)

    assert texts == answers
    assert landed > 0


def test_no_part_of_what_has_landed_is_handed_out() -> None:
    """The client takes all that belongs to an answer; nothing else is here to be taken."""
    landed = Landed(5)

    assert landed[0:5] is landed
    with pytest.raises(ValueError, match="5 bytes"):
        landed[1:5]


def test_a_connection_that_ended_is_the_clients_to_tell(ends: Ends) -> None:
    """After what was still on its way: the same error."""
    ours, theirs, far = ends
    far.sendall(b"last")
    far.close()

    assert ours._sock_recv() == (b"last", None)
    for data, error in (ours._sock_recv(), theirs._sock_recv()):
        assert data == b""
        assert isinstance(error, KafkaConnectionError)


def test_a_socket_that_is_gone_is_the_clients_to_tell() -> None:
    """Another thread may have let go of it."""
    data, error = Transport(None, None)._sock_recv()

    assert data == b""
    assert isinstance(error, KafkaConnectionError)


def test_later_connections_receive_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the client looks its classes up, and by whatever code it had written before."""
    record = FetchResponse._struct.fields["responses"].fields["partitions"].fields["records"]
    monkeypatch.setattr(record, "_type", record._type)
    monkeypatch.setattr(parser, "KafkaBytes", KafkaBytes)
    monkeypatch.setattr(manager, "KafkaTCPTransport", KafkaTCPTransport)

    receive_in_large_pieces()

    assert parser.KafkaBytes is Received
    assert manager.KafkaTCPTransport is Transport
    assert record._type is Records
