"""How much a request may send: `daemon.http.bodies`."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest

from daemon.http.bodies import BODY_BYTES_MAX
from daemon.http.server import HttpServer

PATH = "/api/v1/feedback"


def test_a_body_that_is_too_long_is_refused_unread(server: HttpServer) -> None:
    """Whoever announces a gigabyte is answered once more than is taken has come of it."""
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", server.port), 10) as client:
        client.sendall(f"{head}Content-Length: {2**30}\r\n\r\n".encode())
        client.sendall(b"[" * (BODY_BYTES_MAX + 1))
        answer = client.recv(65_536).decode()

    assert answer.startswith("HTTP/1.1 413 ")
    assert "application/problem+json" in answer


def test_one_without_a_length_is_counted(client: httpx.Client) -> None:
    """Chunks add up."""

    def chunks() -> Iterator[bytes]:
        for _ in range(BODY_BYTES_MAX // 2**16 + 1):
            yield b"[" * 2**16

    refused = client.post(PATH, content=chunks())

    assert refused.status_code == 413
    assert refused.json()["detail"] == "a body of more than 4 MiB is not taken"


@pytest.mark.parametrize("length", [0, BODY_BYTES_MAX])
def test_what_is_not_too_long_is_read(client: httpx.Client, length: int) -> None:
    """It is judged by what it says."""
    assert client.post(PATH, content=b" " * length).status_code in {403, 422}
