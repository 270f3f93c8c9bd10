"""The question a container's HEALTHCHECK asks, put to the real HTTP server."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.config import ServerSection
from daemon.healthcheck import DEFAULT_HOST, DEFAULT_PORT, UnhealthyError, ask, where
from daemon.http.health import HealthState
from daemon.http.server import HttpServer
from daemon.telemetry import Telemetry

HOST = "127.0.0.1"


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
def serving(clock: StoppedClock) -> Iterator[int]:
    """Run the daemon's server on a free loopback port; yields the port."""
    section = ServerSection(host=HOST, port=0)
    health = HealthState(clock)
    health.beat()
    with HttpServer(section, Telemetry(clock, "0000"), health) as server:
        yield server.port


def test_a_beating_loop_is_healthy() -> None:
    """The body of /healthz comes back while the loop goes round."""
    with serving(StoppedClock()) as port:
        body = ask(HOST, port)

    assert '"alive":true' in body


def test_a_stuck_loop_is_unhealthy() -> None:
    """A loop that has not gone round for long is reported with its age."""
    clock = StoppedClock()
    with serving(clock) as port:
        clock.sleep(31)

        with pytest.raises(UnhealthyError, match=r"answers 503.*31 s"):
            ask(HOST, port)


def test_not_ready_is_told_apart_from_not_healthy() -> None:
    """The stricter path fails, with the reasons, where the plain one passes."""
    with serving(StoppedClock()) as port, pytest.raises(UnhealthyError, match="starting"):
        ask(HOST, port, "/readyz")


def test_nobody_there_is_unhealthy() -> None:
    """A refused connection is an answer, not a traceback."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]

        with pytest.raises(UnhealthyError, match="no answer"):
            ask(HOST, port)


def test_silence_is_unhealthy() -> None:
    """A program that takes the connection and says nothing is no answer."""
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(UnhealthyError, match="no answer"):
            ask(HOST, port, timeout_seconds=0.05)


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check goes straight to the port even where http_proxy is set."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with serving(StoppedClock()) as port:
        body = ask(HOST, port)

    assert '"alive":true' in body


def test_defaults_are_those_of_the_configuration() -> None:
    """The two settings known here by heart are what the server section has."""
    section = ServerSection()

    assert (section.host, section.port) == (DEFAULT_HOST, DEFAULT_PORT)


@pytest.mark.parametrize(
    ("text", "environ", "expected"),
    [
        ("", {}, ("127.0.0.1", 9464)),
        ("server:\n", {}, ("127.0.0.1", 9464)),
        ("server: {port: 8080}\n", {}, ("127.0.0.1", 8080)),
        ("server: {host: '::'}\n", {}, ("::1", 9464)),
        ("server: {host: 10.0.0.7}\n", {}, ("10.0.0.7", 9464)),
        ("server: {port: 8080}\n", {"HEBBSTREAM__SERVER__PORT": "81"}, ("127.0.0.1", 81)),
        ("server: {}\n", {"HEBBSTREAM__SERVER__HOST": "::1"}, ("::1", 9464)),
    ],
)
def test_place_comes_from_file_and_environment(
    tmp_path: Path, text: str, environ: dict[str, str], expected: tuple[str, int]
) -> None:
    """The file says where to ask, the environment wins, a wildcard address means loopback."""
    path = tmp_path / "hebbstream.yaml"
    path.write_text(text)

    assert where(path, environ) == expected


def test_without_a_file_the_defaults_are_asked() -> None:
    """A service that was given no file listens on the default port."""
    assert where(None, {}) == ("127.0.0.1", 9464)


@pytest.mark.parametrize("text", ["server: 7\n", "server: {port: none}\n", "- a\n", "a: [\n"])
def test_an_unusable_file_is_unhealthy(tmp_path: Path, text: str) -> None:
    """What the service would refuse is named, not a traceback."""
    path = tmp_path / "hebbstream.yaml"
    path.write_text(text)

    with pytest.raises(UnhealthyError, match="configuration"):
        where(path, {})


@pytest.mark.slow
def test_the_plain_check_imports_nothing_of_the_service() -> None:
    """What a container runs every few seconds loads neither the kernels nor the configuration."""
    program = (
        "import sys; sys.argv = ['hebbstream', 'healthcheck']; import daemon.__main__ as m; "
        "code = m.main(); print(code, *sys.modules.keys() & {'numba', 'numpy', 'pydantic'})"
    )
    with serving(StoppedClock()) as port:
        environment = os.environ | {"HEBBSTREAM__SERVER__PORT": str(port)}
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.stdout.splitlines()[-1] == "0", done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("output", ["> /dev/full", ">&-"])
@pytest.mark.parametrize("command", ["healthcheck", "healthcheck --config /dev/null"])
def test_an_answer_that_cannot_be_written_is_one_all_the_same(command: str, output: str) -> None:
    """A full disk under the log of probes makes no service unhealthy."""
    with serving(StoppedClock()) as port:
        done = subprocess.run(
            ["sh", "-c", f'exec "$0" -m daemon {command} {output}', sys.executable],
            env=os.environ | {"HEBBSTREAM__SERVER__PORT": str(port)},
            stderr=subprocess.PIPE,
            check=False,
        )

    assert (done.returncode, done.stderr) == (0, b"")
