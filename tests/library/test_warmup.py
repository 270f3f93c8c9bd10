"""Compiling ahead."""

from __future__ import annotations

from hebbstream import warmup


def test_warmup_runs_twice() -> None:
    """Warming up again is harmless."""
    warmup()
    warmup()
