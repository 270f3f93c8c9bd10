"""Times of the library and of others on the same rows, taken in turns, as ratios.

Every ratio is a cost over another of the same round, so lower is better.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from benchmarks.quality.worlds import MINUTE, factors
from hebbstream import Detector
from hebbstream.arrays import F64

#: Series of the comparison with others, and of the curve over series.
BESIDE = 38
SIZES = (10, 100, 1_000, 10_000)
#: The curve over series is relative to this one.
REFERENCE = 100
#: Groups that the same thousand series are divided into.
GROUPS = (1, 10, 100)
REFERENCE_GROUPS = 10
WARM_TICKS = 400
COMPONENTS, FIT_ROWS = 10, 20
Work = Callable[[F64], object]


def _detector(n: int) -> Detector:
    return Detector([f"s{j}" for j in range(n)], interval_seconds=MINUTE)


def _steps(detector: Detector) -> Work:
    def work(rows: F64) -> None:
        for row in rows:
            detector.step(row)

    return work


def _half_space_trees() -> Work:
    from river import anomaly, compose, preprocessing

    model = compose.Pipeline(
        preprocessing.MinMaxScaler(), anomaly.HalfSpaceTrees(n_trees=25, height=6, seed=0)
    )

    def work(rows: F64) -> None:
        for row in rows.tolist():
            sample = dict(enumerate(row))
            model.score_one(sample)
            model.learn_one(sample)

    return work


def _incremental_pca() -> Work:
    from sklearn.decomposition import IncrementalPCA

    model = IncrementalPCA(COMPONENTS)

    def work(rows: F64) -> None:
        for first in range(0, len(rows), FIT_ROWS):
            part = rows[first : first + FIT_ROWS]
            if hasattr(model, "components_"):
                model.inverse_transform(model.transform(part))
            model.partial_fit(part)

    return work


def _costs(works: dict[str, Work], frames: dict[str, F64], rounds: int) -> list[dict[str, float]]:
    """Seconds a row of each after a warm-up of `WARM_TICKS`, round by round and in turns."""
    for name, work in works.items():
        work(frames[name][:WARM_TICKS])
    found = []
    for turn in range(rounds):
        costs = {}
        for name, work in works.items():
            count = (len(frames[name]) - WARM_TICKS) // rounds
            rows = frames[name][WARM_TICKS + turn * count :][:count]
            start = time.perf_counter()
            work(rows)
            costs[name] = (time.perf_counter() - start) / count
        found.append(costs)
    return found


def beside_others(rounds: int) -> dict[str, list[float]]:
    """Cost of `run` and of `step` over that of each other detector, of every round."""
    detector, stepped = _detector(BESIDE), _detector(BESIDE)
    others = {
        "river HalfSpaceTrees": _half_space_trees(),
        f"scikit-learn IncrementalPCA, by {FIT_ROWS} rows": _incremental_pca(),
    }
    works: dict[str, Work] = {"run": detector.run, "step": _steps(stepped)} | others
    world = factors(np.random.default_rng(0), WARM_TICKS + 200 * rounds, BESIDE)
    costs = _costs(works, dict.fromkeys(works, world), rounds)
    return {
        f"{own} / {other}": [each[own] / each[other] for each in costs]
        for own in ("run", "step")
        for other in others
    }


def over_series(rounds: int) -> tuple[dict[str, list[float]], dict[int, int]]:
    """Cost a series over that at `REFERENCE` series, and bytes of a dump a series at the end."""
    detectors = {n: _detector(n) for n in SIZES}
    works: dict[str, Work] = {str(n): detector.run for n, detector in detectors.items()}
    rng = np.random.default_rng(1)
    world = {
        str(n): factors(rng, WARM_TICKS + rounds * max(40, min(2_000, 100_000 // n)), n)
        for n in SIZES
    }
    ratios: dict[str, list[float]] = {}
    for costs in _costs(works, world, rounds):
        reference = costs[str(REFERENCE)] / REFERENCE
        for n in SIZES:
            if n != REFERENCE:
                name = f"a series of {n} / of {REFERENCE}"
                ratios.setdefault(name, []).append(costs[str(n)] / n / reference)
    return ratios, {n: len(detector.dump()) // n for n, detector in detectors.items()}


def over_groups(rounds: int) -> dict[str, list[float]]:
    """Cost of a thousand series in so many groups over that in `REFERENCE_GROUPS`."""
    series = 1_000
    works: dict[str, Work] = {}
    for count in GROUPS:
        detectors = [_detector(series // count) for _ in range(count)]

        def work(rows: F64, detectors: list[Detector] = detectors) -> None:
            width = rows.shape[1] // len(detectors)
            for place, detector in enumerate(detectors):
                detector.run(rows[:, place * width : (place + 1) * width])

        works[str(count)] = work
    world = factors(np.random.default_rng(2), WARM_TICKS + 200 * rounds, series)
    costs = _costs(works, dict.fromkeys(works, world), rounds)
    return {
        f"{series} series in {count} groups / in {REFERENCE_GROUPS}": [
            each[str(count)] / each[str(REFERENCE_GROUPS)] for each in costs
        ]
        for count in GROUPS
        if count != REFERENCE_GROUPS
    }
