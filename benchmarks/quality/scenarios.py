"""Made-up faults with permanent ids, each in a healthy world: what is disturbed, and from when.

An id and what it stands for never change; a harder or another fault gets an id of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.quality.worlds import DAY, FIVE_MINUTES, MINUTE, SECOND, autoregressive, factors
from hebbstream.arrays import F64

N = 20
HISTORY = 4 * 1440
AFTER = 720
DAILY_HISTORY = 6 * 1440
PEAK_TICK = 14 * 60


@dataclass(frozen=True, slots=True)
class Story:
    """Frames and their truth.

    Attributes
    ----------
    frames : float64[T, n]
        The first at Unix time 0.
    start, end : int
        First tick of the fault, and the one after its last; both T when there is none.
    culprits : tuple of int
        Columns that are disturbed.
    judged_from : int
        First tick at which an incident counts.
    interval : float
        Seconds a tick.
    """

    frames: F64
    start: int
    end: int
    culprits: tuple[int, ...]
    judged_from: int = 0
    interval: float = MINUTE


Make = Callable[[np.random.Generator], Story]


def _units(rng: np.random.Generator, z: F64) -> F64:
    """Give each series a level and a scale of its own."""
    n = z.shape[1]
    return np.asarray(rng.normal(0, 100, n) + z * np.exp(rng.normal(0, 2, n)))


def _healthy(rng: np.random.Generator, duration: int, coupling: float = 0.8) -> F64:
    return factors(rng, HISTORY + duration + AFTER, N, coupling=coupling)


def _story(rng: np.random.Generator, z: F64, duration: int, culprits: tuple[int, ...]) -> Story:
    return Story(_units(rng, z), HISTORY, HISTORY + duration, culprits)


def _healthy_week(rng: np.random.Generator) -> Story:
    z = factors(rng, 7 * 1440, N)
    return Story(_units(rng, z), len(z), len(z), ())


def _level_shift(rng: np.random.Generator) -> Story:
    z = _healthy(rng, 60)
    z[HISTORY : HISTORY + 60, :3] += 6.0
    return _story(rng, z, 60, (0, 1, 2))


def _level_shift_of_one(rng: np.random.Generator) -> Story:
    z = _healthy(rng, 60)
    z[HISTORY : HISTORY + 60, 4] += 8.0
    return _story(rng, z, 60, (4,))


def _spike(rng: np.random.Generator) -> Story:
    z = _healthy(rng, 3)
    z[HISTORY : HISTORY + 3, 5] += 15.0
    return _story(rng, z, 3, (5,))


def _slow_trend(rng: np.random.Generator) -> Story:
    z = _healthy(rng, 360)
    z[HISTORY : HISTORY + 360, 6] += np.linspace(0, 12, 360)
    return _story(rng, z, 360, (6,))


def _relation_break(rng: np.random.Generator, coupling: float) -> Story:
    z = _healthy(rng, 360, coupling)[: HISTORY + 360]
    z[HISTORY:, 0] = autoregressive(rng, 360, 1, 0.9)[:, 0]
    return _story(rng, z, 360, (0,))


def _relation_break_each_second(rng: np.random.Generator) -> Story:
    # A day has 86,400 ticks, so the line is higher than in any other scenario.
    z = factors(rng, HISTORY + 720, N, coupling=0.9)
    z[HISTORY:, 0] = autoregressive(rng, 720, 1, 0.9)[:, 0]
    return replace(_story(rng, z, 720, (0,)), interval=SECOND)


def _stuck(rng: np.random.Generator) -> Story:
    z = _healthy(rng, 360, 0.9)
    z[HISTORY : HISTORY + 360, 7] = z[HISTORY - 1, 7]
    return _story(rng, z, 360, (7,))


def _silence(rng: np.random.Generator) -> Story:
    z = _healthy(rng, 60)
    z[HISTORY : HISTORY + 60, 8] = np.nan
    return _story(rng, z, 60, (8,))


def _variance_change(rng: np.random.Generator) -> Story:
    z = _healthy(rng, 240)
    z[HISTORY : HISTORY + 240, [9, 10]] *= 4.0
    return _story(rng, z, 240, (9, 10))


def _cascade(rng: np.random.Generator) -> Story:
    z = _healthy(rng, 45)
    for place, column in enumerate((11, 12, 13, 14)):
        z[HISTORY + 3 * place : HISTORY + 45, column] += 6.0 - place
    return _story(rng, z, 45, (11, 12, 13, 14))


def _missing_peak(rng: np.random.Generator) -> Story:
    start = DAILY_HISTORY + PEAK_TICK - 60
    angle = 2 * np.pi * (np.arange(start + 120 + AFTER) - PEAK_TICK) * MINUTE / DAY
    load = 1 + 0.8 * np.cos(angle)
    own = load[:, None] * np.ones(N)
    own[start : start + 120, :5] = 0.6
    z = own * rng.uniform(0.5, 2, N) + 0.1 * factors(rng, len(load), N)
    return Story(_units(rng, z), start, start + 120, (0, 1, 2, 3, 4))


def _missing_peak_coarse(rng: np.random.Generator) -> Story:
    day = round(DAY / FIVE_MINUTES)
    peak, start = PEAK_TICK // 5, 14 * day + PEAK_TICK // 5 - 12
    angle = 2 * np.pi * (np.arange(start + 24 + day) - peak) / day
    load = (1 + 0.8 * np.cos(angle))[:, None] * np.ones(N)
    load[start : start + 24, :5] = 0.6
    z = load * rng.uniform(0.5, 2, N) + 0.1 * factors(rng, len(load), N)
    return Story(_units(rng, z), start, start + 24, (0, 1, 2, 3, 4), interval=FIVE_MINUTES)


def _outage_repeat(rng: np.random.Generator) -> Story:
    z = _healthy(rng, 360)
    for start in (HISTORY - 1800, HISTORY):
        z[start : start + 360, :8] += 6.0
    # The first outage, which is seen or is not, is no part of this.
    return replace(_story(rng, z, 360, tuple(range(8))), judged_from=HISTORY - 720)


def _deploy_shift(rng: np.random.Generator) -> Story:
    z = _healthy(rng, 1440)
    z[HISTORY:, :4] += 6.0
    return Story(_units(rng, z), HISTORY, len(z), (0, 1, 2, 3))


def _faint_shift(rng: np.random.Generator) -> Story:
    z = _healthy(rng, 180)
    z[HISTORY : HISTORY + 180, :4] += 2.5
    return _story(rng, z, 180, (0, 1, 2, 3))


def _shared_shift(rng: np.random.Generator) -> Story:
    z = factors(rng, HISTORY + 60 + AFTER, N, memory=0.3)
    together = np.sign(z[:HISTORY, 0] @ z[:HISTORY, ::2])
    z[HISTORY : HISTORY + 60, ::2] += 2.0 * together
    return _story(rng, z, 60, tuple(range(0, N, 2)))


def _fault_after_deploy(rng: np.random.Generator) -> Story:
    z = _healthy(rng, 60)
    z[HISTORY - 1440 :, :4] += 6.0
    z[HISTORY : HISTORY + 60, 2:5] += 4.0
    # The deploy's own alarm is a scenario of its own.
    return replace(_story(rng, z, 60, (2, 3, 4)), judged_from=HISTORY - 720)


def _single_series(rng: np.random.Generator) -> Story:
    z = autoregressive(rng, HISTORY + 30 + AFTER, 1, 0.9)
    z[HISTORY : HISTORY + 30] += 8.0
    return _story(rng, z, 30, (0,))


def _heavy_tails(rng: np.random.Generator) -> Story:
    z = rng.standard_t(3, size=(7 * 1440, 10))
    return Story(_units(rng, z), len(z), len(z), ())


SCENARIOS: dict[str, Make] = {
    "healthy-week": _healthy_week,
    "level-shift-3-of-20": _level_shift,
    "level-shift-1-of-20": _level_shift_of_one,
    "spike-1-of-20": _spike,
    "slow-trend": _slow_trend,
    "relation-break-0.9": lambda rng: _relation_break(rng, 0.9),
    "relation-break-0.7": lambda rng: _relation_break(rng, 0.7),
    "stuck": _stuck,
    "silence": _silence,
    "variance-change": _variance_change,
    "cascade": _cascade,
    "missing-peak": _missing_peak,
    "deploy-shift": _deploy_shift,
    "faint-shift-4-of-20": _faint_shift,
    "fault-after-deploy": _fault_after_deploy,
    "single-series-shift": _single_series,
    "healthy-heavy-tails": _heavy_tails,
    "missing-peak-5-minutes": _missing_peak_coarse,
    "outage-repeat": _outage_repeat,
    "relation-break-each-second": _relation_break_each_second,
    "shared-shift-10-of-20": _shared_shift,
}


def story(scenario: str, seed: int) -> Story:
    """Make one telling of a scenario."""
    return SCENARIOS[scenario](np.random.default_rng([seed, *scenario.encode()]))
