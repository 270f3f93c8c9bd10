"""Commands whose standard output cannot be written: `daemon.commands.output`."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from rich.console import Console

from daemon.commands.output import guarded
from daemon.errors import OutputClosedError, OutputError
from sources import ROOT
from streams import related, wide_records

FULL = Path("/dev/full")
CLOSED_PIPE = 141


class Failing(io.StringIO):
    """Takes nothing."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self._error = error

    def write(self, _text: str) -> int:
        """Fail."""
        raise self._error


def full() -> Failing:
    """Make a stream on a full disk."""
    return Failing(OSError(28, "No space left on device"))


def echo() -> None:
    """Write as click does."""
    typer.echo("text")


def table() -> None:
    """Write as rich does."""
    Console().print("text")


@pytest.mark.parametrize("write", [echo, table])
def test_a_full_disk_is_our_own_error(
    monkeypatch: pytest.MonkeyPatch, write: Callable[[], None]
) -> None:
    """It says why."""
    monkeypatch.setattr(sys, "stdout", full())

    with pytest.raises(OutputError, match="No space left"), guarded():
        write()


@pytest.mark.parametrize("write", [echo, table])
def test_a_reader_that_is_gone_is_told_apart(
    monkeypatch: pytest.MonkeyPatch, write: Callable[[], None]
) -> None:
    """It has the exit code of a program that the signal ended."""
    monkeypatch.setattr(sys, "stdout", Failing(BrokenPipeError(32, "Broken pipe")))

    with pytest.raises(OutputClosedError) as error, guarded():
        write()

    assert error.value.exit_code == CLOSED_PIPE


@pytest.mark.parametrize("write", [echo, table])
def test_a_closed_one_fails_when_something_is_written(
    monkeypatch: pytest.MonkeyPatch, write: Callable[[], None]
) -> None:
    """Who has nothing to say does not need it."""
    monkeypatch.setattr(sys, "stdout", None)

    with guarded():
        pass
    with pytest.raises(OutputError, match="closed"), guarded():
        write()


def test_one_that_works_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """What is written arrives, and the stream is there again afterwards."""
    before = sys.stdout

    with guarded():
        echo()
        table()
        sys.stdout.writelines(["a", "b\n"])

    assert sys.stdout is before
    assert capsys.readouterr().out == "text\ntext\nab\n"


def ended(command: str) -> tuple[int, str]:
    """Run a shell command; returns its exit code and what it said on standard error."""
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "HEBBSTREAM": f"{sys.executable} -m daemon"},
    )  # fmt: skip
    return done.returncode, done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("command", ["validate", "--help", "version", "replay", "inspect"])
def test_every_command_says_so_and_ends(tmp_path: Path, command: str) -> None:
    """In one line, without a traceback, whatever is wrong with standard output."""
    if command in {"replay", "inspect"}:
        rows = tmp_path / "rows.ndjson"
        rows.write_bytes(b"\n".join(wide_records(related(seed=1, ticks=5))) + b"\n")
        command += f" {rows}" + (f" --out {tmp_path}/out" if command == "replay" else "")

    on_full = ended(f"$HEBBSTREAM {command} > /dev/full")
    closed = ended(f"$HEBBSTREAM {command} >&-")
    unread = ended(f"$HEBBSTREAM {command} | true; exit ${{PIPESTATUS[0]}}")

    assert (on_full[0], closed[0], unread[0]) == (2, 2, CLOSED_PIPE)
    for _, said in (on_full, closed, unread):
        assert said.splitlines()[-1].startswith("hebbstream: standard output")
        assert "Traceback" not in said
        assert "Exception ignored" not in said
