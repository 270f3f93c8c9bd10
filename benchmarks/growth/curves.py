"""How the cost of a tick grows: over series, groups, components and relations.

Each curve is relative to one of its own points, measured in the same round.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from benchmarks.growth.measure import WARM_TICKS, costs, make_detector
from benchmarks.growth.others import Work
from benchmarks.quality.worlds import factors
from hebbstream import Detector, DetectorParams
from hebbstream.arrays import F64

SIZES = (10, 100, 1_000, 10_000, 100_000)
#: Widest world that is made up; wider ones repeat it, for it is slow to make.
MADE_MAX = 10_000
#: Groups that the same thousand series are divided into, and components they are given.
GROUPS, COMPONENTS, SERIES = (1, 10, 100), (1, 4, 16, 64), 1_000
#: Series that follow the same cause, in a group whose pairs are all watched.
TOGETHER, PAIRED_SERIES, PAIRED_WARM_TICKS = (1, 4, 12, 32, 60), 240, 1_500


@dataclass(frozen=True, slots=True)
class Curve:
    """The cost at some points over that at a reference.

    Attributes
    ----------
    axis : str
        What grows.
    name : str
        Of a ratio, with a place for the point.
    ratios : dict
        By point, of every round.
    reference : int
        The point that all is relative to; its own ratios are left out.
    edges : dict
        Relations at the end, by point, where they are what grows.
    cost : str
        What is measured.
    """

    axis: str
    name: str
    ratios: dict[int, list[float]]
    reference: int
    edges: dict[int, int] = field(default_factory=dict)
    cost: str = "a tick"

    def named(self) -> dict[str, list[float]]:
        """Return the ratios by name."""
        return {self.name.format(point): each for point, each in self.ratios.items()}


def _relative(
    found: list[dict[str, float]], reference: int, shares: dict[int, float] | None = None
) -> dict[int, list[float]]:
    """Divide each cost by the share that each point has of it, and by the reference's."""
    points = [int(name) for name in found[0]]
    shares = shares or dict.fromkeys(points, 1.0)
    return {
        point: [
            each[str(point)] / shares[point] / (each[str(reference)] / shares[reference])
            for each in found
        ]
        for point in points
        if point != reference
    }


def over_series(rounds: int) -> tuple[Curve, dict[int, int]]:
    """Cost a series, and bytes of a dump a series at the end."""
    detectors = {n: make_detector(n) for n in SIZES}
    works: dict[str, Work] = {str(n): detector.run for n, detector in detectors.items()}
    rng = np.random.default_rng(1)
    world = {}
    for n in SIZES:
        ticks = WARM_TICKS + rounds * max(20, min(2_000, 200_000 // n))
        made = factors(rng, ticks, min(n, MADE_MAX))
        world[str(n)] = np.tile(made, -(-n // MADE_MAX))
    found = costs(works, world, rounds)
    ratios = _relative(found, 100, {n: float(n) for n in SIZES})
    curve = Curve("series of one group", "a series of {} / of 100", ratios, 100, cost="a series")
    return curve, {n: len(detector.dump()) // n for n, detector in detectors.items()}


def over_groups(rounds: int) -> Curve:
    """Cost of the same series in so many groups."""
    works: dict[str, Work] = {}
    for count in GROUPS:
        detectors = [make_detector(SERIES // count) for _ in range(count)]

        def work(rows: F64, detectors: list[Detector] = detectors) -> None:
            width = rows.shape[1] // len(detectors)
            for place, detector in enumerate(detectors):
                detector.run(rows[:, place * width : (place + 1) * width])

        works[str(count)] = work
    world = factors(np.random.default_rng(2), WARM_TICKS + 400 * rounds, SERIES)
    found = costs(works, dict.fromkeys(works, world), rounds)
    axis, name = f"groups of the same {SERIES:,} series", f"{SERIES} series in {{}} groups / in 10"
    return Curve(axis, name, _relative(found, 10), 10)


def over_components(rounds: int) -> Curve:
    """Cost with so many components, no more and no less."""
    works: dict[str, Work] = {
        str(k): make_detector(SERIES, _with_components(k)).run for k in COMPONENTS
    }
    world = factors(np.random.default_rng(3), WARM_TICKS + 400 * rounds, SERIES)
    found = costs(works, dict.fromkeys(works, world), rounds)
    axis, name = f"components of {SERIES:,} series", f"{SERIES} series, {{}} components / 16"
    return Curve(axis, name, _relative(found, 16), 16)


def _with_components(k: int) -> DetectorParams:
    return DetectorParams.model_validate(
        {"subspace": {"components_min": k, "components_max": k, "check_ticks": 1}}
    )


def over_edges(rounds: int) -> Curve:
    """Cost with so many series that follow the same cause, hence with so many relations."""
    detectors = {s: make_detector(PAIRED_SERIES, _with_components(16)) for s in TOGETHER}
    works: dict[str, Work] = {str(s): detector.run for s, detector in detectors.items()}
    shape = (PAIRED_WARM_TICKS + 300 * rounds, PAIRED_SERIES)
    rng = np.random.default_rng(4)
    causes, own = rng.normal(size=shape), rng.normal(size=shape)
    world = {
        str(s): np.sqrt(0.8) * causes[:, np.arange(PAIRED_SERIES) // s] + np.sqrt(0.2) * own
        for s in TOGETHER
    }
    found = costs(works, world, rounds, PAIRED_WARM_TICKS)
    edges = {s: len(detector.edges()) for s, detector in detectors.items()}
    axis = f"relations of {PAIRED_SERIES} series"
    name = f"{PAIRED_SERIES} series, {{}} to a cause / 4"
    return Curve(axis, name, _relative(found, 4), 4, edges)
