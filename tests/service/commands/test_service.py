"""`run` where it cannot start."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from daemon.cli import main


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
