"""How well a score ranks anomalous ticks above normal ones; no threshold, no point adjustment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve

from hebbstream.arrays import F64

Labels = NDArray[np.bool_]
#: Soft borders of VUS-PR: half widths are averaged over windows of 0 to this many ticks.
WINDOW = 100
#: Thresholds at which VUS-PR looks at the score.
THRESHOLDS = 250


def segments(label: Labels) -> list[tuple[int, int]]:
    """First and last tick of each run of anomalous ticks."""
    edge = np.diff(np.concatenate([[False], label, [False]]).astype(np.int8))
    starts, ends = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1) - 1
    return [(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]


def average_precision(label: Labels, score: F64) -> float:
    """Area under the precision-recall curve; NaN without anomalous ticks."""
    return float(average_precision_score(label, score)) if label.any() else float("nan")


def best_f1(label: Labels, score: F64) -> float:
    """Best F1 over all thresholds: an oracle chose the line."""
    if not label.any():
        return float("nan")
    precision, recall, _ = precision_recall_curve(label, score)
    return float(np.max(2 * precision * recall / np.maximum(precision + recall, 1e-300)))


def soft_label(label: Labels, window: int) -> F64:
    """Labels with ramps of half a window beside each segment, float64[T] in [0, 1].

    At a distance d of at most window // 2 from a segment the ramp is sqrt(1 - d / window); where
    ramps of two segments meet they add up, to 1 at most.
    """
    half, soft = window // 2, label.astype(np.float64)
    if half:
        ramp = np.sqrt(1 - np.arange(1, half + 1) / window)
        for first, last in segments(label):
            after = ramp[: len(label) - 1 - last]
            soft[last + 1 : last + 1 + len(after)] += after
            before = ramp[:first]
            soft[first - len(before) : first] += before[::-1]
    return np.minimum(soft, 1.0)


def widened(label: Labels, half: int) -> list[tuple[int, int]]:
    """Segments widened by `half` at both ends, those that touch taken together."""
    runs = segments(label)
    merged = [[max(runs[0][0] - half, 0), runs[0][1]]]
    for first, last in runs[1:]:
        if merged[-1][1] + half < first - half:
            merged[-1][1] += half
            merged.append([first - half, last])
        else:
            merged[-1][1] = last
    merged[-1][1] = min(merged[-1][1] + half, len(label) - 1)
    return [(a, b) for a, b in merged]


def vus_pr(label: Labels, score: F64, window: int = WINDOW, thresholds: int = THRESHOLDS) -> float:
    """Volume under the surface of range-PR curves (Paparrizos et al. 2022), as TSB-AD takes it.

    Parameters
    ----------
    label : bool[T]
        Anomalous ticks.
    score : float64[T]
        Higher is more anomalous.
    window : int
        Largest window; the area is averaged over windows 0 to this.
    thresholds : int
        Thresholds, spread evenly over the ranks.

    Returns
    -------
    float
        In [0, 1]; NaN without anomalous ticks.
    """
    if not label.any():
        return float("nan")
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    lines = ranked[np.linspace(0, len(label) - 1, thresholds).astype(np.int64)]
    alarmed = np.searchsorted(-ranked, -lines, side="right")
    positives = float(label.sum())
    areas = []
    for width in range(window + 1):
        soft = soft_label(label, width)
        gained = np.cumsum(soft[order])[alarmed - 1]
        hard = np.cumsum(label[order])[alarmed - 1]
        # The denominator grows by half of what the ramps gave: twice the positives and the gain.
        recall = np.minimum(gained / (positives + (gained - hard) / 2), 1.0)
        peaks = np.array([score[a : b + 1].max() for a, b in widened(label, width // 2)])
        met = (peaks[None, :] >= lines[:, None]).mean(axis=1)
        rate = np.concatenate([[0.0], recall * met])
        areas.append(float(np.sum(np.diff(rate) * gained / alarmed)))
    return float(np.mean(areas))


def hit_at(ranked: list[str], guilty: set[str], count: int) -> float:
    """1.0 if one of the guilty stands among the first `count`."""
    return float(not guilty.isdisjoint(ranked[:count]))


def hit_rate(ranked: list[str], guilty: set[str], share: float = 1.0) -> float:
    """Share of the guilty among the first `share` times their number (Su et al. 2019)."""
    return len(guilty.intersection(ranked[: int(np.ceil(share * len(guilty)))])) / len(guilty)
