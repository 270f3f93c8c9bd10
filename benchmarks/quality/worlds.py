"""Made-up groups of series that are healthy from end to end: whatever alarms there is false."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import lfilter

from hebbstream.arrays import F64

SECOND, MINUTE, FIVE_MINUTES, DAY = 1.0, 60.0, 300.0, 86_400.0
#: Makes the frames of a world: (generator, ticks, seconds a tick) -> float64[T, n].
Make = Callable[[np.random.Generator, int, float], F64]


def autoregressive(rng: np.random.Generator, ticks: int, n: int, memory: float) -> F64:
    """Unit-variance Gaussian series that remember, float64[ticks, n]."""
    noise = rng.normal(size=(ticks, n)) * np.sqrt(1 - memory**2)
    noise[0] /= np.sqrt(1 - memory**2)
    return np.asarray(lfilter([1.0], [1.0, -memory], noise, axis=0))


def factors(
    rng: np.random.Generator, ticks: int, n: int, *, coupling: float = 0.8, memory: float = 0.9
) -> F64:
    """Series that follow a factor for every dozen of them; two of one correlate by `coupling`."""
    count = max(1, round(n / 12))
    common = autoregressive(rng, ticks, count, memory)[:, np.arange(n) % count]
    own = autoregressive(rng, ticks, n, memory)
    sign = rng.choice([-1.0, 1.0], n)
    return np.asarray(sign * (np.sqrt(coupling) * common + np.sqrt(1 - coupling) * own))


def _day_of(ticks: int, interval: float) -> F64:
    return np.asarray(2 * np.pi * np.arange(ticks) * interval / DAY)


def _daily(rng: np.random.Generator, ticks: int, interval: float) -> F64:
    angle = _day_of(ticks, interval)
    load = np.maximum(0.2, 1 + 0.8 * np.sin(angle - 2) + 0.3 * np.sin(2 * angle))
    share = rng.uniform(0.5, 2, 20)
    return np.asarray(load[:, None] * share + 0.15 * factors(rng, ticks, 20))


def _slow(rng: np.random.Generator, ticks: int, interval: float) -> F64:
    angle = _day_of(ticks, interval)[:, None] / rng.uniform(8, 25, 20)
    return np.asarray(2 * np.sin(angle + rng.uniform(0, 6, 20)) + factors(rng, ticks, 20))


CLEAN: dict[str, Make] = {
    "white, n = 5": lambda rng, ticks, _: rng.normal(size=(ticks, 5)),
    "white, n = 40": lambda rng, ticks, _: rng.normal(size=(ticks, 40)),
    "AR(1) 0.9, n = 1": lambda rng, ticks, _: autoregressive(rng, ticks, 1, 0.9),
    "AR(1) 0.9, n = 20": lambda rng, ticks, _: autoregressive(rng, ticks, 20, 0.9),
    "factors, n = 5": lambda rng, ticks, _: factors(rng, ticks, 5),
    "factors, n = 40": lambda rng, ticks, _: factors(rng, ticks, 40),
    "factors, n = 200": lambda rng, ticks, _: factors(rng, ticks, 200),
    "heavy tails (t, 3), n = 5": lambda rng, ticks, _: rng.standard_t(3, size=(ticks, 5)),
    "heavy tails (t, 3), n = 20": lambda rng, ticks, _: rng.standard_t(3, size=(ticks, 20)),
    "daily course, n = 20": _daily,
    "slow drift, n = 20": _slow,
}


def clean(name: str, seed: int, days: float, interval: float) -> F64:
    """Frames of a healthy world, each series with a level and a scale of its own."""
    rng = np.random.default_rng([seed, *name.encode()])
    frames = CLEAN[name](rng, round(days * DAY / interval), interval)
    n = frames.shape[1]
    return np.asarray(rng.normal(0, 100, n) + frames * np.exp(rng.normal(0, 2, n)))
