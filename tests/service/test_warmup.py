"""Compiling the service's kernels ahead."""

from __future__ import annotations

from typing import Any

import daemon.kernels.record_walk as walk
from daemon.warmup import warmup


def test_warmup_compiles_what_a_poll_calls() -> None:
    """Afterwards the kernels of the way from bytes to columns are there, one form each."""
    warmup()
    warmup()

    kernels: list[Any] = [walk.walk_records]
    assert [len(getattr(each, "signatures", [1])) for each in kernels] == [1]
