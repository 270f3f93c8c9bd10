"""Kernels made ready beside other work: `daemon.preparing`."""

from __future__ import annotations

from structlog.testing import capture_logs

from daemon.clock import SystemClock
from daemon.preparing import Preparation


def test_kernels_are_loaded_beside_other_work() -> None:
    """Whoever needs them waits for it, as often as one likes."""
    told: list[str] = []
    with capture_logs() as logged:
        kernels = Preparation(SystemClock(), then=lambda: told.append("then"))
        kernels.begin()
        kernels.begin()
        kernels.finish()
        kernels.finish()

    assert [line["event"] for line in logged].count("kernels ready") == 1
    assert told == ["then"]


def test_kernels_are_loaded_where_nobody_began() -> None:
    """A partition may come without a join: as when a test hands it out."""
    with capture_logs() as logged:
        Preparation(SystemClock()).finish()

    assert [line["event"] for line in logged].count("kernels ready") == 1
