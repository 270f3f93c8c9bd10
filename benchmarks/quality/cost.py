"""What the full tick costs beside the plain subspace, in one run on one core."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from benchmarks.quality.worlds import MINUTE, factors
from hebbstream import Detector
from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64
from hebbstream.kernels.layout import COMPONENT_ROWS
from hebbstream.kernels.subspace import learn_subspace, unexplained

#: Series, ticks to warm up on, ticks that are timed.
SIZES = ((38, 4_000, 10_000), (1_000, 1_000, 1_000), (10_000, 300, 150))
ROUNDS = 5
RATE, CLIP, CAP = 1e-3, 2.0, 20.0


@kernel
def plain(
    frames: F32, weights: F32, components: F64, totals: F64, present: F32, scratch: F32
) -> None:
    """Judge and learn a block of frames by the subspace alone.

    Parameters
    ----------
    frames : float32[T, n], in
        Standardised.
    weights : float32[components_max, n], in/out
        See `learn_subspace`.
    components : float64[3, components_max], in/out
        See `learn_subspace`.
    totals : float64[3], in/out
        See `learn_subspace`.
    present : float32[n], in
        Ones.
    scratch : float32[3, n], out
        Residual, projection and lesson.
    """
    k = int(totals[0])
    for t in range(frames.shape[0]):
        unexplained(weights, k, frames[t], CAP, scratch[0], scratch[1])
        learn_subspace(weights, components, totals, frames[t], present, scratch[2], RATE, 1.0, CLIP)


@dataclass(frozen=True, slots=True)
class Cost:
    """Rows a second of the product and of the plain subspace.

    Attributes
    ----------
    n, components, edges : int
        Size: series, components and relations at the end.
    full, bare : float
        Rows a second, the best of the rounds.
    """

    n: int
    components: int
    edges: int
    full: float
    bare: float


def measure(n: int, warm: int, timed: int) -> Cost:
    """Time both on the same frames, in turns."""
    rng = np.random.default_rng(n)
    z = factors(rng, warm + ROUNDS * timed, n)
    frames = 100.0 + z
    detector = Detector([f"s{j}" for j in range(n)], interval_seconds=MINUTE)
    first = detector.run(frames[:warm])
    k = max(1, int(first.components[-1]))
    weights = np.linalg.qr(rng.normal(size=(n, k)))[0].T.astype(np.float32, order="C")
    components = np.full((COMPONENT_ROWS, k), 10.0)
    totals, present = np.array([k, 1.0, warm]), np.ones(n, np.float32)
    scratch, small = np.zeros((3, n), np.float32), z.astype(np.float32)
    plain(small[:warm], weights, components, totals, present, scratch)
    full, bare = [], []
    result = first
    for turn in range(ROUNDS):
        rows = slice(warm + turn * timed, warm + (turn + 1) * timed)
        start = time.perf_counter()
        result = detector.run(frames[rows])
        full.append(timed / (time.perf_counter() - start))
        start = time.perf_counter()
        plain(small[rows], weights, components, totals, present, scratch)
        bare.append(timed / (time.perf_counter() - start))
    return Cost(n, int(result.components[-1]), int(result.edges[-1]), max(full), max(bare))
