"""How well the graph follows relations that change, beside the exact matrix on the same frames."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.graph.exact import Matrix, strongest
from benchmarks.graph.worlds import frames
from hebbstream import Detector, DetectorParams
from hebbstream.arrays import F64

STEP = 64
NEVER = np.iinfo(np.int64).max


@dataclass(slots=True)
class Following:
    """What was seen in one world.

    Attributes
    ----------
    memory : int
        Ticks of memory.
    rows : list of (tick, edges, precision, recall)
        At some ticks: edges whose exact |r| is at least weight_prune, and share of the exact
        graph's edges that are there.
    find, find_exact : list of int
        Ticks until a new relation had an edge, and until its exact correlation reached weight_grow.
    forget, forget_exact : list of int
        Ticks until a vanished relation had none, and until its exact correlation was below
        weight_prune.
    """

    memory: int
    rows: list[tuple[int, int, float, float]] = field(default_factory=list)
    find: list[int] = field(default_factory=list)
    find_exact: list[int] = field(default_factory=list)
    forget: list[int] = field(default_factory=list)
    forget_exact: list[int] = field(default_factory=list)


def adjacency(detector: Detector) -> NDArray[np.bool_]:
    """Return which pairs have an edge, bool[n, n] above the diagonal."""
    n, edges = len(detector.series), detector.edges()
    there = np.zeros((n, n), bool)
    there[edges["source"], edges["target"]] = True
    return there


def first_true(since: NDArray[np.int64], now: NDArray[np.bool_], tick: int) -> None:
    """Note the tick for those that are true for the first time."""
    since[now & (since == NEVER)] = tick


def follow(n: int, phase_ticks: int, memory: int, seed: int) -> Following:
    """Run a detector and the exact matrix through three phases."""
    params = DetectorParams.model_validate({"memory": memory * 60.0})
    grow, prune = params.associations.weight_grow, params.associations.weight_prune
    kept = params.associations.strongest_per_series
    detector = Detector([f"s{j}" for j in range(n)], params)
    matrix, seen = Matrix(n, 1 / memory), Following(memory)
    before: NDArray[np.bool_] = np.zeros((n, n), bool)
    for phase, block in frames(n, phase_ticks, seed):
        truth = np.triu(np.abs(np.corrcoef(block.T)) >= grow, 1)
        new, gone = truth & ~before, before & ~truth & (np.abs(np.corrcoef(block.T)) < prune)
        marks = [np.full((n, n), NEVER) for _ in range(4)]
        for start in range(0, phase_ticks, STEP):
            rows: F64 = block[start : start + STEP]
            detector.run(rows)
            matrix.learn(rows)
            tick = start + len(rows)
            there, r = adjacency(detector), matrix.correlations()
            for since, now in zip(marks, (there, r >= grow, ~there, r < prune), strict=True):
                first_true(since, now, tick)
            if tick % (STEP * 16) == 0:
                wanted = strongest(r, grow, kept)
                edges = int(there.sum())
                precision = float((r[there] >= prune).mean()) if edges else np.nan
                recall = float(there[wanted].mean()) if wanted.any() else np.nan
                seen.rows.append((phase * phase_ticks + tick, edges, precision, recall))
        if phase:
            lists = (seen.find, seen.find_exact, seen.forget, seen.forget_exact)
            for listed, since, those in zip(lists, marks, (new, new, gone, gone), strict=True):
                listed.extend(since[those].tolist())
        before = truth
    return seen
