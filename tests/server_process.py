"""One server process of the tests: started, awaited, killed, held still, and never left behind."""

from __future__ import annotations

import atexit
import shutil
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path
from typing import IO

START_SECONDS = 90.0
STOP_SECONDS = 20.0


class BrokerUnavailableError(Exception):
    """A broker of this kind cannot be had here; the message says what is missing."""


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def answers(port: int, timeout_seconds: float = 1.0) -> bool:
    """Tell whether the port's listener answers an ApiVersions request (version 0) without error."""
    request = struct.pack(">hhih", 18, 0, 1, -1)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout_seconds) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            reply = connection.recv(10)
    except OSError:
        return False
    return len(reply) == 10 and struct.unpack(">iih", reply)[1:] == (1, 0)


class ServerProcess:
    """One server process that can be stopped, killed, restarted and held still.

    It dies with the test run even if that is killed, where the system can arrange it (setpriv),
    and its output is kept in a file for the message of a failed start.
    """

    def __init__(self, command: list[str], port: int, log_path: Path) -> None:
        guard = shutil.which("setpriv")
        self._command = [guard, "--pdeathsig", "KILL", *command] if guard else command
        self.port = port
        self._log_path = log_path
        self._log: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.kill)

    @property
    def pid(self) -> int | None:
        """Id of the running process, None when there is none."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running and self._process is not None else None

    def start(self) -> None:
        """Start, and wait until it answers; raises BrokerUnavailableError when it does not."""
        self._log = self._log_path.open("ab")
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT
        )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            if answers(self.port):
                return
            time.sleep(0.1)
        self.kill()
        output = self._log_path.read_text(errors="replace")[-3000:]
        msg = f"the broker did not start:\n{output}"
        raise BrokerUnavailableError(msg)

    def stop(self) -> None:
        """Ask it to end; kill it when it has not after a bounded wait."""
        if self._process is not None and self._process.poll() is None:
            self.signal(signal.SIGCONT)
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self.kill()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._process is not None:
            if self._process.poll() is None:
                self._process.kill()
            self._process.wait(STOP_SECONDS)
            self._process = None
        if self._log is not None:
            self._log.close()
            self._log = None
        atexit.unregister(self.kill)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the running process."""
        if self._process is not None:
            self._process.send_signal(number)
