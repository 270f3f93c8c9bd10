"""Series whose relations are known, and change: some stay, some rotate, some vanish and return."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hebbstream.arrays import F64

BLOCK = 5
CHAIN = 10
COUPLING = 0.85
#: What becomes of a structure in the second phase; the third brings back what vanished.
FATES = ("stays", "rotates", "vanishes")


@dataclass(frozen=True, slots=True)
class Layout:
    """Which series belong together in a phase; a series of no structure moves alone.

    Attributes
    ----------
    blocks : list of int[5]
        Series that share a factor.
    chains : list of int[10]
        Series of which each follows the one before.
    """

    blocks: list[NDArray[np.int64]]
    chains: list[NDArray[np.int64]]


def layouts(n: int) -> list[Layout]:
    """Give three phases: half of the series in blocks, half in chains, a third each of a fate."""
    half = n // 2 // (BLOCK * CHAIN) * BLOCK * CHAIN
    order = np.random.default_rng(n).permutation(n)
    blocks = list(order[:half].reshape(-1, BLOCK))
    chains = list(order[half : n // CHAIN * CHAIN].reshape(-1, CHAIN))
    phases = [Layout(blocks, chains)]
    later = []
    for structures in (blocks, chains):
        third = len(structures) // 3
        kept, moving = structures[:third], np.array(structures[third : 2 * third])
        # Every place of a structure moves on to the next one, so no two stay together.
        rotated = [np.roll(moving[:, place], place, axis=0) for place in range(moving.shape[1])]
        later.append((kept + list(np.array(rotated).T), structures[2 * third :]))
    (block_kept, block_gone), (chain_kept, chain_gone) = later
    phases.append(Layout(block_kept, chain_kept))
    phases.append(Layout(block_kept + block_gone, chain_kept + chain_gone))
    return phases


def frames(n: int, phase_ticks: int, seed: int, memory: float = 0.5) -> Iterator[tuple[int, F64]]:
    """Give each phase and its frames, float64[phase_ticks, n]; each series of variance 1."""
    rng = np.random.default_rng(seed)
    for phase, layout in enumerate(layouts(n)):
        noise = rng.normal(size=(phase_ticks, n)) * np.sqrt(1 - memory**2)
        shared = rng.normal(size=(phase_ticks, len(layout.blocks))) * np.sqrt(1 - memory**2)
        for series in (noise, shared):
            for t in range(1, phase_ticks):
                series[t] += memory * series[t - 1]
        for block, factor in zip(layout.blocks, shared.T, strict=True):
            noise[:, block] *= np.sqrt(1 - COUPLING)
            noise[:, block] += np.sqrt(COUPLING) * factor[:, None]
        for chain in layout.chains:
            for before, series in pairwise(chain):
                noise[:, series] *= np.sqrt(1 - COUPLING**2)
                noise[:, series] += COUPLING * noise[:, before]
        yield phase, noise
