"""How Python itself is set up for the service."""

from __future__ import annotations

import gc
import sys

#: How long a thread may keep the interpreter from one that waits, which after each kernel is the
#: engine: ten times less than Python's own, because a checkpoint is written by Python beside it.
SWITCH_SECONDS = 0.0005
#: Python's own (700, 10, 10) has a full collection, a fifth of a second at 100,000 series, every
#: few seconds; nothing here makes cycles as it goes.
GARBAGE_THRESHOLDS = 50_000, 20, 100


def collect_rarely() -> None:
    """Look for garbage rarely: best before anything is imported, which leaves much and no garbage.

    At the usual pace looking takes a tenth of the time of a start.
    """
    gc.set_threshold(*GARBAGE_THRESHOLDS)


def tune_interpreter() -> None:
    """Let no other thread and no collection of garbage stop the engine for long."""
    sys.setswitchinterval(SWITCH_SECONDS)
    collect_rarely()
