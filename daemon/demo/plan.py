"""What goes wrong in the shop, and when: every kind in turn, for as long as the demo runs.

Faults fill a fifteenth of the time. If something is broken more often than that it is part of what
is normal, for a person as for a detector.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from daemon.demo.timeline import TICKS_PER_DAY
from daemon.shop import Fault, FaultKind

#: Healthy days before the first fault.
HISTORY_TICKS: Final = 3 * TICKS_PER_DAY

#: Ticks from the history's end to the first fault, and between two.
FIRST_AFTER_TICKS: Final = 60
EVERY_TICKS: Final = 1320

#: How long a fault lasts: what is loud gets mended within the hour, what is quiet goes on longer.
LOUD_TICKS: Final = 45
QUIET_TICKS: Final = 120
LENGTHS: Final[dict[FaultKind, int]] = {
    FaultKind.LEVEL: LOUD_TICKS,
    FaultKind.CASCADE: LOUD_TICKS,
    FaultKind.SILENCE: LOUD_TICKS,
    FaultKind.TREND: QUIET_TICKS,
    FaultKind.RELATION: QUIET_TICKS,
    FaultKind.STUCK: QUIET_TICKS,
    FaultKind.DEPLOY: QUIET_TICKS,
}

#: Start of a fault is put off by at most this much, so that none has a fixed time of the day.
JITTER_TICKS: Final = 120

#: Whoever has just started the demo should not wait for something to look at.
FIRST: Final = FaultKind.CASCADE

PLACES: Final[dict[FaultKind, tuple[tuple[str, str], ...]]] = {
    FaultKind.LEVEL: (
        ("catalog", "latency_p99_seconds"),
        ("payment", "error_ratio"),
        ("db", "queue_length"),
    ),
    FaultKind.RELATION: (
        ("payment", "cpu_ratio"),
        ("search", "connections"),
        ("inventory", "cpu_ratio"),
    ),
    FaultKind.CASCADE: (("db", "*"), ("catalog", "*"), ("payment", "*")),
    FaultKind.TREND: (
        ("cart", "memory_bytes"),
        ("gateway", "memory_bytes"),
        ("db", "memory_bytes"),
    ),
    FaultKind.STUCK: (
        ("inventory", "sent_bytes_per_second"),
        ("gateway", "cpu_ratio"),
        ("db", "requests_per_second"),
    ),
    FaultKind.SILENCE: (("search", "*"), ("checkout", "cpu_ratio"), ("payment", "*")),
    FaultKind.DEPLOY: (("catalog", "cpu_ratio"), ("checkout", "cpu_ratio"), ("db", "cpu_ratio")),
}


def faults(seed: int) -> Iterator[Fault]:
    """Plan faults without end, in order of their starts.

    Parameters
    ----------
    seed : int
        Of the order of the kinds, the places and the times.

    Yields
    ------
    Fault
        Every kind once before any comes again, and never two at once.
    """
    rng = np.random.default_rng(seed)
    order = [FIRST, *(kind for kind in _shuffled(rng) if kind is not FIRST)]
    slot = HISTORY_TICKS + FIRST_AFTER_TICKS
    while True:
        for kind in order:
            service, metric = PLACES[kind][int(rng.integers(len(PLACES[kind])))]
            start = slot + int(rng.integers(JITTER_TICKS))
            yield Fault(kind, service, metric, start, start + LENGTHS[kind])
            slot += EVERY_TICKS
        order = _shuffled(rng)


def _shuffled(rng: np.random.Generator) -> list[FaultKind]:
    kinds = list(PLACES)
    return [kinds[index] for index in rng.permutation(len(kinds))]
