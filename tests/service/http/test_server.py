"""The HTTP port: `daemon.http.server`."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import pytest

from daemon.config import ServerSection
from daemon.errors import ConfigError
from daemon.http.health import BEAT_SECONDS_MAX, HealthState
from daemon.http.server import HttpServer
from daemon.telemetry import Telemetry
from fakes import FakeClock

LOOPBACK = ServerSection(host="127.0.0.1", port=0)


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that stands still."""
    return FakeClock()


@pytest.fixture
def health(clock: FakeClock) -> HealthState:
    """Return the health of a loop that goes round, with two checks, neither good yet."""
    health = HealthState(clock, ("input", "output"))
    health.beat()
    return health


@pytest.fixture
def server(clock: FakeClock, health: HealthState) -> Iterator[HttpServer]:
    """Run a server on a free loopback port."""
    with HttpServer(LOOPBACK, Telemetry(clock, "abc"), health) as running:
        yield running


def ask(
    server: HttpServer, path: str, method: str = "GET", **headers: str
) -> tuple[int, str, bytes]:
    """Send one request; returns status, content type and body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5.0)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response.status, response.headers.get("Content-Type", ""), response.read()
    finally:
        connection.close()


def test_port_zero_takes_a_free_one(server: HttpServer) -> None:
    """The real port is known once the server listens."""
    assert server.port > 0


def test_metrics_are_exposed(server: HttpServer) -> None:
    """A scraper gets the text format, a newer one OpenMetrics."""
    status, kind, body = ask(server, "/metrics")
    _, newer, _ = ask(server, "/metrics", Accept="application/openmetrics-text; version=1.0.0")

    assert status == 200
    assert kind.startswith("text/plain")
    assert b'hebbstream_config_info{hash="abc"} 1.0' in body
    assert newer.startswith("application/openmetrics-text")


def test_healthz_follows_the_loop_alone(
    server: HttpServer, health: HealthState, clock: FakeClock
) -> None:
    """It is good while nothing is ready, and bad only when the loop hangs."""
    good = ask(server, "/healthz")
    clock.advance(BEAT_SECONDS_MAX)
    bad = ask(server, "/healthz")
    health.beat()

    assert good[0] == 200
    assert json.loads(good[2]) == {"alive": True, "reason": "the loop goes round"}
    assert bad[0] == 503
    assert json.loads(bad[2])["alive"] is False
    assert ask(server, "/healthz")[0] == 200


def test_readyz_names_each_check_and_its_reason(server: HttpServer, health: HealthState) -> None:
    """One bad check is enough for 503, and the answer says which."""
    health.report("input", ok=True, reason="4 partitions")
    waiting = ask(server, "/readyz")
    health.report("output", ok=True, reason="nothing waits")
    ready = ask(server, "/readyz")

    assert waiting[0] == 503
    assert json.loads(waiting[2]) == {
        "ready": False,
        "checks": [
            {"name": "loop", "ok": True, "reason": "the loop goes round"},
            {"name": "input", "ok": True, "reason": "4 partitions"},
            {"name": "output", "ok": False, "reason": "starting"},
        ],
    }
    assert ready[0] == 200
    assert json.loads(ready[2])["ready"] is True


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/nothing", "GET", 404), ("/metrics/", "GET", 404), ("/metrics", "POST", 405)],
)
def test_what_is_not_there_is_a_problem(
    server: HttpServer, path: str, method: str, status: int
) -> None:
    """Refusals are machine-readable and say what there is."""
    answer = ask(server, path, method)

    assert answer[0] == status
    assert answer[1] == "application/problem+json"
    assert json.loads(answer[2])["status"] == status


def test_head_has_headers_only(server: HttpServer) -> None:
    """A probe may ask without wanting the body."""
    status, kind, body = ask(server, "/metrics", "HEAD")

    assert (status, body) == (200, b"")
    assert kind.startswith("text/plain")


def test_a_query_does_not_change_the_path(server: HttpServer) -> None:
    """Probes that add a parameter against caches are answered."""
    assert ask(server, "/healthz?t=1")[0] == 200


def test_answers_carry_the_date(server: HttpServer) -> None:
    """Of the second they are given in, or the one before."""
    with socket.create_connection(("127.0.0.1", server.port), 5.0) as asking:
        asking.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = http.client.HTTPResponse(asking)
        answer.begin()

    told = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    assert -5.0 < time.time() - told < 5.0


def test_garbage_is_answered_and_survived(server: HttpServer) -> None:
    """A client that speaks no HTTP gets a refusal, and the next one is served."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5.0) as client:
        client.sendall(b"\x16\x03\x01 garbage\r\n\r\n")
        answer = client.recv(4096)

    assert b"400" in answer
    assert ask(server, "/healthz")[0] == 200


def test_closing_frees_the_port_and_may_be_repeated(clock: FakeClock, health: HealthState) -> None:
    """After the close another process can listen, and a second close does nothing."""
    server = HttpServer(LOOPBACK, Telemetry(clock, "abc"), health)
    server.start()
    port = server.port

    server.close()
    server.close()

    with socket.create_server(("127.0.0.1", port)) as again:
        assert again.getsockname()[1] == port


def test_a_taken_port_is_a_clear_refusal(
    server: HttpServer, clock: FakeClock, health: HealthState
) -> None:
    """Two processes on one port are told so before anything starts."""
    second = HttpServer(
        ServerSection(host="127.0.0.1", port=server.port), Telemetry(clock, "abc"), health
    )

    with pytest.raises(ConfigError, match=r"server\.port: cannot listen on 127\.0\.0\.1:"):
        second.start()
