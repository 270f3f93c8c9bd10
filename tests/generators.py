"""Made-up groups of series whose truth is known: what moves together, and what breaks when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hebbstream import Detector, DetectorParams
from hebbstream.arrays import F64


@dataclass(frozen=True, slots=True)
class World:
    """Frames and their truth.

    Attributes
    ----------
    frames : float64[T, n]
        Values.
    names : tuple of str
        Names of the series.
    onset : int
        Row at which something happens; T when nothing does.
    culprits : tuple of int
        Columns to which it happens.
    """

    frames: F64
    names: tuple[str, ...]
    onset: int
    culprits: tuple[int, ...]


def autoregressive(rng: np.random.Generator, ticks: int, n: int, memory: float) -> F64:
    """Unit-variance AR(1) series, float64[ticks, n]."""
    noise = rng.normal(size=(ticks, n)) * np.sqrt(1 - memory**2)
    noise[0] /= np.sqrt(1 - memory**2)
    for t in range(1, ticks):
        noise[t] += memory * noise[t - 1]
    return np.asarray(noise)


def coupled(
    seed: int, ticks: int, n: int, *, factors: int = 3, coupling: float = 0.9, memory: float = 0.9
) -> World:
    """Series that follow one of a few common factors, each with its own level, scale and sign.

    Two series of one factor correlate by +-`coupling`.
    """
    rng = np.random.default_rng(seed)
    common = autoregressive(rng, ticks, factors, memory)[:, np.arange(n) % factors]
    own = autoregressive(rng, ticks, n, memory)
    sign = rng.choice([-1.0, 1.0], n)
    z = sign * (np.sqrt(coupling) * common + np.sqrt(1 - coupling) * own)
    frames = rng.normal(0, 100, n) + z * np.exp(rng.normal(0, 2, n))
    return World(frames, tuple(f"s{j}" for j in range(n)), ticks, ())


def relation_break(seed: int, ticks: int, n: int, onset: int, *, coupling: float = 0.9) -> World:
    """From `onset` series 0 keeps its own law, in its own range, but follows its factor no more."""
    world = coupled(seed, ticks, n, coupling=coupling)
    other = coupled(seed + 1_000_003, ticks, n, coupling=coupling).frames[:, 0]
    before = world.frames[:onset, 0]
    frames = world.frames.copy()
    alone = (other - other.mean()) / other.std()
    frames[onset:, 0] = before.mean() + before.std() * alone[onset:]
    return World(frames, world.names, onset, (0,))


def level_shift(seed: int, ticks: int, n: int, onset: int, *, sigmas: float, count: int) -> World:
    """From `onset` the first `count` series stand higher by `sigmas` of their own."""
    world = coupled(seed, ticks, n)
    frames = world.frames.copy()
    frames[onset:, :count] += sigmas * frames[:onset, :count].std(axis=0)
    return World(frames, world.names, onset, tuple(range(count)))


def wild(seed: int, ticks: int, n: int) -> F64:
    """Frames with everything that goes wrong: gaps, spikes, constants, steps, huge and tiny."""
    rng = np.random.default_rng(seed)
    frames = rng.normal(size=(ticks, n)) * 10.0 ** rng.integers(-30, 30, n)
    frames[:, 0] = 7.0
    frames[rng.random((ticks, n)) < 0.05] = np.nan
    frames[rng.random((ticks, n)) < 0.001] = 1e12
    frames[rng.random((ticks, n)) < 0.0005] = -1e100
    frames[ticks // 3, :] = np.nan
    frames[ticks // 2 :, n // 2] = 1e99
    frames[: ticks // 4, 1] = np.nan
    frames[rng.random((ticks, n)) < 0.001] = np.inf
    frames[rng.random((ticks, n)) < 0.001] = 1e308
    return frames


def trained(ticks: int = 1000) -> tuple[Detector, World]:
    """Train a detector on a coupled world."""
    world = coupled(1, ticks + 700, 7)
    detector = Detector(world.names, DetectorParams(alert_budget_per_day=0.7), 15.0)
    detector.run(world.frames[:ticks])
    return detector, world
