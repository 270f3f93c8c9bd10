"""What relations cost, beside the exact matrix and beside a detector without any."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from benchmarks.graph.exact import learn_outer, learn_triangle
from benchmarks.graph.worlds import frames
from hebbstream import Detector, DetectorParams
from hebbstream.arrays import F64

#: A detector without relations, with slots, and with all pairs.
KINDS = {
    "none": {"exhaustive_max": 0, "slots_per_series": 0},
    "slots": {"exhaustive_max": 0},
    "all pairs": {"exhaustive_max": 8192},
}


def microseconds(work: Callable[[], None], ticks: int) -> float:
    """Time a call of so many ticks, per tick."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) / ticks * 1e6


def exact_costs(n: int, rounds: int = 5) -> dict[str, float]:
    """Microseconds a tick of the exact matrix, as numpy and as compiled code do it."""
    rng = np.random.default_rng(0)
    rows, narrow = rng.normal(size=(20, n)), rng.normal(size=(20, n)).astype(np.float32)
    covariance, triangle = np.zeros((n, n)), np.zeros((n, n), np.float32)
    learn_triangle(triangle, narrow[0], 0.01)

    def outer() -> None:
        for row in rows:
            learn_outer(covariance, row, 0.01)

    def compiled() -> None:
        for row in narrow:
            learn_triangle(triangle, row, 0.01)

    return {
        "exact, numpy": statistics.median(microseconds(outer, 20) for _ in range(rounds)),
        "exact, compiled": statistics.median(microseconds(compiled, 20) for _ in range(rounds)),
    }


def detector_costs(
    n: int, kinds: tuple[str, ...], warm_ticks: int, ticks: int, rounds: int = 5
) -> dict[str, tuple[float, int, int]]:
    """Microseconds a tick, edges, and bytes of state a series of each kind, taken in turns."""
    world: F64 = next(frames(n, warm_ticks + rounds * ticks, 1))[1]
    detectors = {
        kind: Detector(
            [f"s{j}" for j in range(n)],
            DetectorParams.model_validate({"associations": KINDS[kind]}),
        )
        for kind in kinds
    }
    for detector in detectors.values():
        detector.run(world[:warm_ticks])
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    for turn in range(rounds):
        rows = world[warm_ticks + turn * ticks :][:ticks]
        for kind, detector in detectors.items():
            start = time.perf_counter()
            detector.run(rows)
            times[kind].append((time.perf_counter() - start) / ticks * 1e6)
    return {
        kind: (
            statistics.median(times[kind]),
            len(detector.edges()),
            len(detector.dump()) // n,
        )
        for kind, detector in detectors.items()
    }
