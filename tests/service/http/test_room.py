"""Room for everybody: `daemon.http.room`, with real sockets."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from daemon.config import ServerSection
from daemon.http.health import HealthState
from daemon.http.room import QUIET_MAX, REQUESTS_MAX
from daemon.http.server import HttpServer
from daemon.telemetry import Telemetry
from daemon_process import wait_until
from fakes import FakeClock

STREAMS_MAX = 2
CONNECTIONS_MAX = REQUESTS_MAX + STREAMS_MAX + QUIET_MAX
PROBES = ("/healthz", "/readyz", "/metrics")
UNFINISHED = b"POST /api/v1/feedback HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"
STREAM = b"GET /api/v1/events/stream HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def server() -> Iterator[HttpServer]:
    """Run a service that is well, with room for few streams."""
    clock = FakeClock()
    health = HealthState(clock, ())
    health.beat()
    section = ServerSection(host="127.0.0.1", port=0, streams_max=STREAMS_MAX)
    with HttpServer(section, Telemetry(clock, "abc"), health) as running:
        yield running


@pytest.fixture
def clients() -> Iterator[ExitStack]:
    """Hold connections until the end."""
    with ExitStack() as held:
        yield held


def connect(server: HttpServer, clients: ExitStack, said: bytes = b"") -> socket.socket:
    """Connect, say something or nothing, and stay."""
    made = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    clients.callback(made.close)
    made.sendall(said)
    return made


def ask(server: HttpServer, path: str) -> httpx.Response:
    """Send one request on a connection of its own."""
    return httpx.get(f"http://127.0.0.1:{server.port}{path}", timeout=10)


def probed(server: HttpServer) -> list[int]:
    """Ask what an orchestrator and Prometheus ask."""
    return [ask(server, path).status_code for path in PROBES]


def test_idle_clients_cost_nobody_an_answer(server: HttpServer, clients: ExitStack) -> None:
    """However many there are, those that have been quiet for longest give way."""
    idle = [connect(server, clients) for _ in range(CONNECTIONS_MAX + 60)]

    assert probed(server) == [200, 200, 200]
    assert ask(server, "/").status_code == 200
    assert idle[0].recv(1) == b""
    idle[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    assert idle[-1].recv(12) == b"HTTP/1.1 200"


def test_a_stream_is_not_taken_for_idle(server: HttpServer, clients: ExitStack) -> None:
    """It says nothing for long and is served all the same."""
    stream = connect(server, clients, STREAM)
    assert stream.recv(12) == b"HTTP/1.1 200"

    for _ in range(CONNECTIONS_MAX + 10):
        connect(server, clients)

    assert b": connected" in stream.recv(4096)
    stream.setblocking(False)  # noqa: FBT003 - the socket's own word
    with pytest.raises(BlockingIOError):  # nothing more comes, and not the end either
        stream.recv(1)


def test_requests_that_take_their_time_leave_room_for_probes(
    server: HttpServer, clients: ExitStack
) -> None:
    """Beyond the limit a reader is told to come again, until one of them has ended."""
    slow = [connect(server, clients, UNFINISHED) for _ in range(REQUESTS_MAX)]
    wait_until(lambda: ask(server, "/api/v1/status").status_code == 503, 10, "all to be under way")

    refused = ask(server, "/")

    assert probed(server) == [200, 200, 200]
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "5"
    assert refused.headers["x-frame-options"] == "DENY"
    slow[0].close()
    wait_until(lambda: ask(server, "/api/v1/status").status_code == 200, 10, "room again")
