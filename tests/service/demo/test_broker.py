"""The broker that the demo brings along."""

from __future__ import annotations

import socket
from pathlib import Path

from daemon.clock import SystemClock
from daemon.demo.broker import EmbeddedBroker


def test_it_listens_on_loopback_and_goes(tmp_path: Path) -> None:
    """It takes connections once it was waited for, and no more after the block."""
    with EmbeddedBroker(tmp_path) as broker:
        broker.wait(SystemClock())
        host, port = broker.bootstrap.split(":")
        socket.create_connection((host, int(port)), timeout=5).close()

    assert host == "127.0.0.1"
    with socket.socket() as probe:
        assert probe.connect_ex((host, int(port))) != 0
