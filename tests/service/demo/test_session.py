"""A session that cannot begin leaves nothing behind; a whole run is in tests/integration."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from daemon.clock import SystemClock
from daemon.demo import session
from daemon.demo.display import DemoOptions, Status
from daemon.demo.session import Session
from daemon.demo.tally import Finding
from daemon.errors import UnreachableError
from daemon.events import Event
from daemon.shop import Fault


class Silent:
    """A display that shows nothing."""

    def stage(self, text: str) -> None:
        """Pass over it."""

    def injected(self, fault: Fault) -> None:
        """Pass over it."""

    def observed(self, stream: str, event: Event, finding: Finding | None) -> None:
        """Pass over it."""

    def missed(self, finding: Finding) -> None:
        """Pass over it."""

    def refresh(self, status: Status) -> None:
        """Pass over it."""


@pytest.mark.slow
def test_a_broker_that_is_not_there_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the address, and the temporary folder is gone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(session, "BROKER_SECONDS", 0.3)
    options = DemoOptions(bootstrap="127.0.0.1:1")

    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1"):
        Session(options, SystemClock(), Silent()).__enter__()

    assert list(tmp_path.iterdir()) == []
