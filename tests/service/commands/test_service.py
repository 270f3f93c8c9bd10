"""`run` where it cannot start, or not log."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from daemon.cli import main
from daemon_process import free_port, wait_until


@pytest.mark.slow
def test_no_broker_within_the_deadline_is_exit_code_3(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """With a deadline, a broker that is not there ends the start with a clear line."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        config = tmp_path / "hebbstream.yaml"
        config.write_text(
            f"kafka: {{bootstrap_servers: ['127.0.0.1:{port}']}}\n"
            "server: {host: 127.0.0.1, port: 0}\n"
        )

        code = main(["run", "--config", str(config), "--connect-seconds", "1"])

    out, err = capfd.readouterr()
    assert code == 3
    assert f"no Kafka broker answered at 127.0.0.1:{port} within 1 s" in err
    assert "broker not reachable" in out


def test_faults_of_the_configuration_are_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All faults are told, with file and line, before anything starts."""
    config = tmp_path / "bad.yaml"
    config.write_text("kafka: {topics: []}\nframing: {interval: -1}\n")

    code = main(["run", "--config", str(config)])

    error = capsys.readouterr().err
    assert code == 2
    assert "bad.yaml:1: kafka.topics" in error
    assert "bad.yaml:2: framing.interval" in error


@pytest.mark.slow
def test_a_service_that_cannot_log_goes_on_and_stops_in_order(tmp_path: Path) -> None:
    """It answers, counts what is lost, complains once, and its exit code is that of its stop."""
    port, text = free_port(), ""
    config = tmp_path / "hebbstream.yaml"
    config.write_text(
        "kafka: {bootstrap_servers: ['127.0.0.1:1']}\n"
        f"server: {{host: 127.0.0.1, port: {port}}}\nstate: {{folder: null}}\n"
    )
    command = [sys.executable, "-m", "daemon", "run", "--config", str(config)]

    def counted() -> bool:
        nonlocal text
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page:
            text = page.read().decode()
        lost = [line for line in text.splitlines() if line.startswith("hebbstream_log_lines_lost")]
        return bool(lost) and float(lost[0].split()[1]) > 0

    with Path("/dev/full").open("w") as full:
        service = subprocess.Popen(command, stdout=full, stderr=subprocess.PIPE, text=True)
        try:
            wait_until(counted, 120, "lost lines to be counted")
            service.send_signal(signal.SIGTERM)
            _, complaint = service.communicate(timeout=20)
        finally:
            service.kill()

    assert service.returncode == 0
    assert complaint.splitlines() == [
        "hebbstream: log lines cannot be written: [Errno 28] No space left on device"
    ]
