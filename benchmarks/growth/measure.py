"""Times of the library and of others on the same rows, taken in turns, as ratios.

Every ratio is a cost over another of the same round, so lower is better.
"""

from __future__ import annotations

import time

import numpy as np

from benchmarks.growth.others import Work, others
from benchmarks.quality.worlds import MINUTE, factors
from hebbstream import Detector, DetectorParams
from hebbstream.arrays import F64

#: Series of the comparison with others.
BESIDE = 38
WARM_TICKS = 400


def make_detector(n: int, params: DetectorParams | None = None) -> Detector:
    """Return a detector of `n` series that tick once a minute."""
    return Detector([f"s{j}" for j in range(n)], params, MINUTE)


def _steps(detector: Detector) -> Work:
    def work(rows: F64) -> None:
        for row in rows:
            detector.step(row)

    return work


def costs(
    works: dict[str, Work], frames: dict[str, F64], rounds: int, warm_ticks: int = WARM_TICKS
) -> list[dict[str, float]]:
    """Seconds a row of each after a warm-up, round by round and in turns."""
    for name, work in works.items():
        work(frames[name][:warm_ticks])
    found = []
    for turn in range(rounds):
        each = {}
        for name, work in works.items():
            count = (len(frames[name]) - warm_ticks) // rounds
            rows = frames[name][warm_ticks + turn * count :][:count]
            start = time.perf_counter()
            work(rows)
            each[name] = (time.perf_counter() - start) / count
        found.append(each)
    return found


def beside_others(rounds: int) -> dict[str, list[float]]:
    """Cost of `run` and of `step` over that of each other detector, of every round."""
    rivals = others(BESIDE)
    works = {
        "run": make_detector(BESIDE).run,
        "step": _steps(make_detector(BESIDE)),
    } | rivals
    world = factors(np.random.default_rng(0), WARM_TICKS + 600 * rounds, BESIDE)
    found = costs(works, dict.fromkeys(works, world), rounds)
    return {
        f"{own} / {other}": [each[own] / each[other] for each in found]
        for own in ("run", "step")
        for other in rivals
    }
