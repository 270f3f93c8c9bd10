"""The live demo as a process: incidents appear, the account adds up, nothing is left running."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time

import psutil
import pytest

from daemon_process import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

START_SECONDS = 120.0
STOP_SECONDS = 30.0


def demo(*arguments: str) -> subprocess.Popen[str]:
    """Start the demo on a pipe, so that it prints plain lines."""
    return subprocess.Popen(
        [sys.executable, "-m", "daemon", "demo", "--seed", "1", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def figures(output: str) -> list[int]:
    """Read injected, caught, missed and false off the last row of the final table."""
    (row,) = re.findall(r"^│ all .*$", output, re.MULTILINE)
    return [int(cell) for cell in row.split("│")[2:6]]


def test_a_run_shows_incidents_and_its_account_adds_up() -> None:
    """Three hundred simulated hours: all kinds injected, one at least caught, all counted."""
    process = demo("--duration", "30", "--speed", "36000", "--no-machine")

    output, _ = process.communicate(timeout=START_SECONDS)

    assert process.returncode == 0, output
    injected, caught, missed, false = figures(output)
    assert injected == caught + missed >= 10
    assert caught >= 1
    assert len(re.findall(r"INCIDENT .*caught", output)) == caught
    assert len(re.findall(r"INCIDENT .*false alarm", output)) == false
    assert len(re.findall(r" s  injected ", output)) >= injected


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_all_it_started(number: signal.Signals) -> None:
    """With both services and the broker running; the account is printed all the same."""
    process = demo()
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "injected" in line:
            break
    started = psutil.Process(process.pid)
    wait_until(lambda: len(started.children()) >= 3, START_SECONDS, "a broker and two services")
    children = started.children(recursive=True)

    began = time.monotonic()
    process.send_signal(number)
    rest, _ = process.communicate(timeout=STOP_SECONDS)

    assert process.returncode == 0, "".join([*lines, rest])
    assert time.monotonic() - began < STOP_SECONDS
    assert not any(child.is_running() for child in children)
    assert "what was injected, what was found" in rest
