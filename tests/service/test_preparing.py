"""Kernels made ready beside other work: `daemon.preparing`."""

from __future__ import annotations

from structlog.testing import capture_logs

from daemon.clock import SystemClock
from daemon.preparing import preparing_kernels


def test_kernels_are_loaded_beside_other_work() -> None:
    """Whoever needs them waits for it, as often as one likes."""
    with capture_logs() as logged:
        prepared = preparing_kernels(SystemClock())
        prepared()
        prepared()

    assert [line["event"] for line in logged][-1] == "kernels ready"
