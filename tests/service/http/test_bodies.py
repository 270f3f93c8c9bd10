"""How much a request may send: `daemon.http.bodies`."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import httpx
import pytest
from fastapi import HTTPException
from starlette.types import Message, Receive, Scope, Send

from daemon.http.bodies import BODY_BYTES_MAX, BoundedBodies
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


def test_one_that_does_not_come_is_refused() -> None:
    """Or as many as there is room for would keep everybody else out."""
    sent: list[Message] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        first = await receive()
        assert first["body"] == b"["
        with pytest.raises(HTTPException) as refused:
            await receive()
        await send({"type": str(refused.value.status_code)})

    async def receive() -> Message:
        if not sent:
            sent.append({"type": "first"})
            return {"type": "http.request", "body": b"[", "more_body": True}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(BoundedBodies(application, seconds=0.05)({"type": "http"}, receive, send))

    assert [each["type"] for each in sent] == ["first", "408"]


def test_a_client_may_stay_when_all_of_its_body_is_there() -> None:
    """Who reads a stream sends nothing more for hours."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await receive()
        await send({"type": "gone"})

    async def receive() -> Message:
        await asyncio.sleep(0.03)
        return {"type": "http.request", "body": b"{}", "more_body": False}

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(BoundedBodies(application, seconds=0.05)({"type": "http"}, receive, send))

    assert sent == [{"type": "gone"}]
