"""Answers are received as kafka-python receives them: the same bytes, the same errors."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.errors import KafkaConnectionError
from kafka.net import manager
from kafka.net.transport import KafkaTCPTransport
from kafka.protocol import parser
from kafka.protocol.frame import KafkaBytes

from daemon.kafka.received import RECEIVE_BYTES, Received, Transport, receive_in_large_pieces

Ends = tuple[Transport, KafkaTCPTransport, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """Both transports on one end of a connection, and its other end."""
    near, far = socket.socketpair()
    near.settimeout(0)
    yield Transport(None, near), KafkaTCPTransport(None, near), far
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


def test_takes_what_is_ready(ends: Ends) -> None:
    """All of it at once, and nothing where nothing is."""
    ours, _, far = ends
    sent = bytes(range(256)) * 100

    assert ours._sock_recv() == (b"", None)
    far.sendall(sent)

    assert len(sent) < RECEIVE_BYTES
    assert ours._sock_recv() == (sent, None)


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
    """Both seams are where the client looks its classes up."""
    monkeypatch.setattr(parser, "KafkaBytes", KafkaBytes)
    monkeypatch.setattr(manager, "KafkaTCPTransport", KafkaTCPTransport)

    receive_in_large_pieces()

    assert parser.KafkaBytes is Received
    assert manager.KafkaTCPTransport is Transport
