"""How Python itself is set up for the service."""

from __future__ import annotations

import gc
import sys

import pytest

from daemon.interpreter import tune_interpreter


def test_nothing_stops_the_engine_for_long() -> None:
    """Other threads give the interpreter back soon, and full collections of garbage are rare."""
    before = sys.getswitchinterval(), gc.get_threshold()
    try:
        tune_interpreter()

        assert sys.getswitchinterval() == pytest.approx(0.0005)
        assert gc.get_threshold()[0] >= 10_000
    finally:
        sys.setswitchinterval(before[0])
        gc.set_threshold(*before[1])
