"""The question a container's HEALTHCHECK asks, put to the real HTTP server."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from daemon.cli import main
from daemon.config import ServerSection
from daemon.healthcheck import UnhealthyError, ask
from daemon.http.health import HealthState
from daemon.http.server import HttpServer
from daemon.telemetry import Telemetry


class StoppedClock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        """Unix seconds."""
        return self.seconds

    def monotonic(self) -> float:
        """Seconds that never step back."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds


@contextlib.contextmanager
def serving(clock: StoppedClock, host: str = "127.0.0.1") -> Iterator[ServerSection]:
    """Run the daemon's server on a free port; yields where it is."""
    section = ServerSection(host=host, port=0)
    with HttpServer(section, Telemetry(clock, "0000"), HealthState(clock)) as server:
        yield ServerSection(host=host, port=server.port)


def test_a_beating_loop_is_healthy() -> None:
    """The body of /healthz comes back while the loop goes round."""
    with serving(StoppedClock()) as section:
        body = ask(section)

    assert '"alive":true' in body


def test_a_wildcard_address_is_asked_on_loopback() -> None:
    """A service that listens on every address answers the check of its own machine."""
    with serving(StoppedClock(), host="0.0.0.0") as section:  # noqa: S104 - what is tested
        body = ask(section)

    assert '"alive":true' in body


def test_a_stuck_loop_is_unhealthy() -> None:
    """A loop that has not gone round for long is reported with its age."""
    clock = StoppedClock()
    with serving(clock) as section:
        clock.sleep(31)

        with pytest.raises(UnhealthyError, match=r"answers 503.*31 s"):
            ask(section)


def test_not_ready_is_told_apart_from_not_healthy() -> None:
    """The stricter path fails, with the reasons, where the plain one passes."""
    with serving(StoppedClock()) as section, pytest.raises(UnhealthyError, match="starting"):
        ask(section, "/readyz")


def test_nobody_there_is_unhealthy() -> None:
    """A refused connection is an answer, not a traceback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

        with pytest.raises(UnhealthyError, match="no answer"):
            ask(ServerSection(host="127.0.0.1", port=port))


def test_an_answer_that_is_not_http_is_unhealthy() -> None:
    """Another program on the port is named as no answer."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        other.settimeout(5)

        with pytest.raises(UnhealthyError, match="no answer"):
            ask(ServerSection(host="127.0.0.1", port=port), timeout_seconds=0.05)


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check goes straight to the port even where http_proxy is set."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with serving(StoppedClock()) as section:
        body = ask(section)

    assert '"alive":true' in body


def test_the_command_exits_by_the_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`hebbstream healthcheck` takes the port from the configuration: 0 when well, else 1."""
    clock = StoppedClock()
    with serving(clock) as section:
        monkeypatch.setenv("HEBBSTREAM__SERVER__HOST", section.host)
        monkeypatch.setenv("HEBBSTREAM__SERVER__PORT", str(section.port))

        well = main(["healthcheck"])
        not_ready = main(["healthcheck", "--ready"])
        clock.sleep(31)
        stuck = main(["healthcheck"])

    assert (well, not_ready, stuck) == (0, 1, 1)
    assert "has not gone round for 31 s" in capsys.readouterr().err
