"""Child processes: they end when told, are missed when gone, and leave their output."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from daemon.demo.child import ChildFailedError, ChildProcess

DEAF = (
    "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('deaf', flush=True); signal.pause()"
)


def child(tmp_path: Path, program: str, stop_seconds: float = 5.0) -> ChildProcess:
    """Start a Python program."""
    return ChildProcess("it", [sys.executable, "-c", program], tmp_path / "log", stop_seconds)


def test_it_ends_with_the_block(tmp_path: Path) -> None:
    """Leaving the block ends the process; ending it twice does no harm."""
    with child(tmp_path, "import signal; signal.pause()") as process:
        process.require_running()
        ran = process.is_running

    process.stop()
    assert (ran, process.is_running) == (True, False)


def test_one_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    """SIGTERM first, and SIGKILL when its time is up."""
    with child(tmp_path, DEAF, stop_seconds=0.05) as process:
        while "deaf" not in process.log:
            process.require_running()

    assert not process.is_running


def test_one_that_has_ended_is_missed(tmp_path: Path) -> None:
    """The error names it, its exit code and its last words."""
    with child(tmp_path, "print('alas'); raise SystemExit(3)") as process:
        while process.is_running:
            pass

        with pytest.raises(ChildFailedError, match=r"it has ended with code 3:\nalas"):
            process.require_running()
