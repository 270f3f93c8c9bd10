"""The score of the Numenta Anomaly Benchmark, v1.0 (Lavin and Ahmad 2015).

A detection in a window earns the more the earlier it comes, at most once a window; one outside
costs the more the farther it is behind the last window. One threshold serves all files, and is the
one that is best for them: an oracle chose it, as the benchmark prescribes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hebbstream.arrays import F64

#: What a false detection and a missed window cost, by profile; a detection earns 1 at most.
PROFILES = {"standard": (0.11, 1.0), "low_fp": (0.22, 1.0), "low_fn": (0.11, 2.0)}
#: The first of a file's rows are not scored: this share, of at most so many rows.
PROBATION_SHARE, PROBATION_ROWS = 0.15, 5000
#: Ticks in which a detector may not speak again unless it is surer.
REFRACTORY = 150
#: Windows' lengths behind a window at which a false detection costs in full.
FAR = 3.0


@dataclass(frozen=True, slots=True)
class Series:
    """One file.

    Attributes
    ----------
    score : float64[T]
        Higher is more anomalous.
    windows : list of (int, int)
        First and last row of each window, in order.
    """

    score: F64
    windows: Sequence[tuple[int, int]]


def _sigmoid(x: F64) -> F64:
    return np.asarray(2 / (1 + np.exp(5 * np.clip(x, -100, 100))) - 1)


def detections(score: F64, refractory: int = REFRACTORY) -> F64:
    """Scores where they exceed all of the last `refractory` ticks, 0 elsewhere, float64[T]."""
    padded = np.concatenate([np.full(refractory, -np.inf), score])
    before = np.lib.stride_tricks.sliding_window_view(padded, refractory)[:-1].max(axis=1)
    return np.where(score > before, score, 0.0)


def weigh(series: Series) -> tuple[F64, NDArray[np.int64]]:
    """Find what a detection at each row is worth, and the window it lies in, -1 outside.

    Returns
    -------
    float64[T], int64[T]
        In (0, 1] inside, in [-1, 0) outside; number of the window.
    """
    rows = np.arange(len(series.score), dtype=np.float64)
    worth, window = np.full(len(rows), -1.0), np.full(len(rows), -1)
    starts = [first for first, _ in series.windows] + [len(rows)]
    for number, (first, last) in enumerate(series.windows):
        inside = slice(first, last + 1)
        place = -(last - rows[inside] + 1) / (last - first + 1)
        worth[inside] = _sigmoid(place) / _sigmoid(np.array(-1.0))
        window[inside] = number
        behind = slice(last + 1, max(starts[number + 1], last + 1))
        far = (rows[behind] - last) / max(last - first, 1)
        worth[behind] = np.where(far > FAR, -1.0, _sigmoid(far))
    return worth, window


def score_corpus(files: Sequence[Series]) -> dict[str, float]:
    """Score of all files together, by profile: 0 for silence, 100 for a perfect detector."""
    scores, worths, windows, total = [], [], [], 0
    for series in files:
        worth, window = weigh(series)
        rows = len(worth)
        live = np.arange(rows) >= int(PROBATION_SHARE * min(rows, PROBATION_ROWS))
        seen = np.unique(window[live & (window >= 0)])
        renamed = np.full(len(series.windows) + 1, -1)
        renamed[seen] = total + np.arange(len(seen))
        total += len(seen)
        scores.append(series.score[live])
        worths.append(worth[live])
        windows.append(renamed[window[live]])
    score, worth, window = np.concatenate(scores), np.concatenate(worths), np.concatenate(windows)
    order = np.argsort(-score, kind="stable")
    changes = np.append(np.diff(score[order]) != 0, True)
    return {
        profile: _best(worth[order], window[order], changes, total, *costs)
        for profile, costs in PROFILES.items()
    }


def _best(
    worth: F64, window: NDArray[np.int64], changes: NDArray[np.bool_], total: int, *costs: float
) -> float:
    """Best normalised score over all thresholds; rows in falling order of score."""
    false, missed = costs
    earned = np.full(total, -missed)
    gains = np.where(window < 0, worth * false, 0.0)
    for row in np.flatnonzero(window >= 0):
        gain = worth[row] - earned[window[row]]
        if gain > 0:
            gains[row] = gain
            earned[window[row]] = worth[row]
    reached = np.cumsum(gains)[changes]
    best = max(0.0, float(reached.max()))
    return 100 * best / (total * (1 + missed))
