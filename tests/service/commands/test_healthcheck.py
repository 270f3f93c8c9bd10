"""`healthcheck`: the command, against the real HTTP server."""

from __future__ import annotations

import subprocess
import sys

import pytest

from daemon.cli import main
from daemon.config import ServerSection
from daemon.http.health import HealthState
from daemon.http.server import HttpServer
from daemon.telemetry import Telemetry
from fakes import FakeClock


def test_the_command_exits_by_the_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`hebbstream healthcheck` takes the port from the configuration: 0 when well, else 1."""
    clock = FakeClock()
    health = HealthState(clock)
    health.beat()
    section = ServerSection(host="127.0.0.1", port=0)
    with HttpServer(section, Telemetry(clock, "0000"), health) as server:
        monkeypatch.setenv("HEBBSTREAM__SERVER__PORT", str(server.port))

        well = main(["healthcheck"])
        not_ready = main(["healthcheck", "--ready"])
        clock.sleep(31)
        stuck = main(["healthcheck"])

    assert (well, not_ready, stuck) == (0, 1, 1)
    assert "has not gone round for 31 s" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_imports_nothing_of_other_commands() -> None:
    """Probes that ask for `--ready` or another file start in a fraction of a second, too."""
    program = (
        "import sys; from daemon.cli import main; code = main(['healthcheck', '--ready']); "
        "print(code, *sys.modules.keys() & {'kafka', 'fastapi', 'daemon.config'})"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"HEBBSTREAM__SERVER__PORT": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.stdout == "1\n", done.stderr
