"""A child process that ends when it is told to, and when its parent does."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from daemon.errors import DaemonError

LOG_TAIL_BYTES: Final = 2000


class ChildFailedError(DaemonError):
    """A process the demo needs has ended by itself; the message ends with what it last said."""


class ChildProcess:
    """One process with its output in a file; started on construction, ended on exit.

    It runs in a process group of its own, so that Ctrl-C on the terminal reaches the demo alone,
    which then ends its children in order. Where the system can arrange it (setpriv), it also ends
    when the demo is killed.

    Parameters
    ----------
    name : str
        What people call it.
    command : sequence of str
        Program and arguments.
    log_path : Path
        File for its output.
    stop_seconds : float
        How long it may take to end before it is killed.
    """

    def __init__(
        self, name: str, command: Sequence[str], log_path: Path, stop_seconds: float
    ) -> None:
        self.name = name
        self.log_path = log_path
        self._stop_seconds = stop_seconds
        guard = shutil.which("setpriv")
        prefix = [guard, "--pdeathsig", "TERM"] if guard else []
        with log_path.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own programs
                [*prefix, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def require_running(self) -> None:
        """Raise ChildFailedError when it has ended."""
        code = self._process.poll()
        if code is not None:
            tail = self.log[-LOG_TAIL_BYTES:].strip()
            msg = f"{self.name} has ended with code {code}:\n{tail}"
            raise ChildFailedError(msg)

    def ask_to_stop(self) -> None:
        """Send SIGTERM, so that several children can end at the same time."""
        if self.is_running:
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, without waiting."""
        if self.is_running:
            self._process.kill()

    def stop(self) -> None:
        """End it: SIGTERM, then SIGKILL when it takes too long. May be called twice."""
        self.ask_to_stop()
        try:
            self._process.wait(self._stop_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
