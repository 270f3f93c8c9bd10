"""Whether the alert budget is kept where nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.quality import alerts
from benchmarks.quality.alerts import DAY, Kept
from benchmarks.quality.compare import BUDGETS, Row
from benchmarks.quality.worlds import CLEAN, FIVE_MINUTES, MINUTE, clean
from hebbstream import Detector

#: Days of each healthy world, by interval.
DAYS = {MINUTE: 15.0, FIVE_MINUTES: 45.0}
#: Seeds of worlds up to, and above, this many series.
LARGE, LARGE_SEEDS = 100, 2


@dataclass(frozen=True, slots=True)
class Calm:
    """False incidents of one series of frames, by budget, and how many days it had."""

    name: str
    counts: dict[float, int]
    days: float


def calm_worlds(interval: float, seeds: int) -> list[Calm]:
    """Run the product over every healthy world."""
    found = []
    for name in CLEAN:
        for seed in range(1, seeds + 1):
            frames = clean(name, seed, DAYS[interval], interval)
            n = frames.shape[1]
            if n > LARGE and seed > LARGE_SEEDS:
                break
            detector = Detector([f"s{j}" for j in range(n)], interval_seconds=interval)
            p_value = detector.run(frames).p_value
            counts = {
                budget: len(alerts.incidents(alerts.score_at(p_value, budget, interval)))
                for budget in BUDGETS
            }
            found.append(Calm(name, counts, len(frames) * interval / DAY))
    return found


def calm_rows(rows: Iterable[Row]) -> list[Calm]:
    """Take the normal rows of labelled recordings from a comparison."""
    return [
        Calm(row.data, {b: e.false for b, e in row.economy.items()}, row.economy[BUDGETS[0]].days)
        for row in rows
        if row.peer == "hebbstream" and row.economy
    ]


def kept_by_budget(calm: list[Calm]) -> dict[float, Kept]:
    """Pool; the interval is that of a bootstrap over worlds or recordings."""
    return {
        budget: alerts.kept_rate([c.counts[budget] for c in calm], [c.days for c in calm], budget)
        for budget in BUDGETS
    }
