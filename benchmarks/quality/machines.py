"""Made-up machines: a healthy half to learn from, then a fault every few hours, all labelled.

They stand in where no labelled data are given, and make every figure of the report reproducible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.quality.labelled import Recording
from benchmarks.quality.worlds import DAY, FIVE_MINUTES, MINUTE, autoregressive, factors
from hebbstream.arrays import F64

COUNT, N = 6, 24
LEARN_DAYS, JUDGED_DAYS = 7, 7
FAULT_EVERY = 1800
SERIES_COUNT, SERIES_TICKS, SERIES_LEARN = 12, 4032, 600
WINDOW_SHARE = 0.05

#: Puts a fault into z at [start, end): (generator, z, start, end, columns).
Fault = Callable[[np.random.Generator, F64, int, int, list[int]], None]


def _level(rng: np.random.Generator, z: F64, start: int, end: int, columns: list[int]) -> None:
    z[start:end, columns] += rng.uniform(2.5, 6.0) * rng.choice([-1.0, 1.0])


def _spike(rng: np.random.Generator, z: F64, start: int, end: int, columns: list[int]) -> None:
    z[start : min(start + 3, end), columns[0]] += rng.uniform(6.0, 15.0)


def _trend(rng: np.random.Generator, z: F64, start: int, end: int, columns: list[int]) -> None:
    z[start:end, columns[0]] += np.linspace(0, rng.uniform(5.0, 10.0), end - start)


def _stray(rng: np.random.Generator, z: F64, start: int, end: int, columns: list[int]) -> None:
    z[start:end, columns[0]] = autoregressive(rng, end - start, 1, 0.9)[:, 0]


def _stuck(rng: np.random.Generator, z: F64, start: int, end: int, columns: list[int]) -> None:
    z[start:end, columns[0]] = z[start - 1, columns[0]]


def _nervous(rng: np.random.Generator, z: F64, start: int, end: int, columns: list[int]) -> None:
    z[start:end, columns] *= rng.uniform(2.5, 5.0)


#: Each with its shortest and longest time in ticks, and how many series it disturbs at most.
FAULTS: tuple[tuple[Fault, int, int, int], ...] = (
    (_level, 20, 90, 5),
    (_spike, 3, 4, 1),
    (_trend, 120, 240, 1),
    (_stray, 90, 240, 1),
    (_stuck, 90, 240, 1),
    (_nervous, 60, 180, 4),
)


def _course(rng: np.random.Generator, ticks: int, n: int, interval: float) -> F64:
    """Share of a daily load in each series, which comes one day higher than the other."""
    days = np.arange(ticks) * interval / DAY
    height = 1 + 0.2 * autoregressive(rng, int(days[-1]) + 1, 1, 0.5)[days.astype(int), 0]
    load = height * np.maximum(0.0, np.sin(2 * np.pi * days - 2))
    return np.asarray(load[:, None] * rng.choice([0.0, 1.0, 3.0], n))


def machine(seed: int) -> Recording:
    """Make one machine: daily load, factors, some heavy tails and counts, and gaps."""
    rng = np.random.default_rng([seed, 7])
    day = round(DAY / MINUTE)
    ticks, learnt = (LEARN_DAYS + JUDGED_DAYS) * day, LEARN_DAYS * day
    z = factors(rng, ticks, N, coupling=0.8)
    rough = rng.choice(N, 6, replace=False)
    z[:, rough] += 0.5 * rng.standard_t(4, size=(ticks, 6))
    events, label = [], np.full(ticks, -1, np.int8)
    label[learnt:] = 0
    start = learnt + int(rng.integers(60, FAULT_EVERY))
    while start < ticks - 300:
        fault, shortest, longest, most = FAULTS[rng.integers(len(FAULTS))]
        end = start + int(rng.integers(shortest, longest))
        columns = rng.choice(N, int(rng.integers(1, most + 1)), replace=False).tolist()
        fault(rng, z, start, end, columns)
        label[start:end] = 1
        guilty = columns if most > 1 else columns[:1]
        events.append(
            {"start_row": start, "end_row": end, "root_cause": [f"s{c:02d}" for c in guilty]}
        )
        start = end + int(rng.integers(FAULT_EVERY // 2, FAULT_EVERY))
    z += _course(rng, ticks, N, MINUTE)
    counted = rng.choice(N, 3, replace=False)
    z[:, counted] = np.round(4 * z[:, counted]) / 4
    frames: F64 = np.asarray(rng.normal(0, 100, N) + z * np.exp(rng.normal(0, 2, N)))
    frames[rng.random((ticks, N)) < 0.002] = np.nan
    names = [f"s{c:02d}" for c in range(N)]
    train = np.arange(ticks) < learnt
    clock: F64 = np.asarray(np.arange(ticks) * MINUTE)
    return Recording(f"machine-{seed}", names, frames, train, label, clock, MINUTE, events)


def machines(count: int = COUNT) -> Iterator[Recording]:
    """Make machines, each with a seed of its own."""
    return (machine(seed) for seed in range(1, count + 1))


def single_series(seed: int) -> Recording:
    """Make one series of two weeks with one or two faults in labelled windows, as NAB has them."""
    rng = np.random.default_rng([seed, 11])
    z = autoregressive(rng, SERIES_TICKS, 1, rng.choice([0.0, 0.8, 0.95]))
    z *= rng.uniform(0.2, 1.0)
    z += _course(rng, SERIES_TICKS, 1, FIVE_MINUTES)
    label = np.zeros(SERIES_TICKS, np.int8)
    half = int(WINDOW_SHARE * SERIES_TICKS / 2)
    for place in range(int(rng.integers(1, 3))):
        start = int(rng.integers(1000 + 1500 * place, 2000 + 1500 * place))
        length = int(rng.integers(6, 120))
        if rng.random() < 0.5:
            z[start : start + length] += rng.uniform(3.0, 6.0) * z[:SERIES_LEARN].std()
        else:
            z[start : start + length] = z[start]
        label[start - half : start + half + 1] = 1
    train = np.arange(SERIES_TICKS) < SERIES_LEARN
    clock: F64 = np.asarray(np.arange(SERIES_TICKS) * FIVE_MINUTES)
    return Recording(f"series-{seed}", ["value"], z, train, label, clock, FIVE_MINUTES, [])
