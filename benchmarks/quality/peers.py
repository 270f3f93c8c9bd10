"""The detectors that are compared, all given the same rows in the same order and no labels.

Streaming ones judge each row before they learn it. Those that are fitted see the training rows
once, all at a time, and are frozen. All but the product, which smooths by itself, are smoothed over
ten ticks, without which they do far worse.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from benchmarks.quality.labelled import Recording
from benchmarks.quality.ranking import Labels
from hebbstream import Detector
from hebbstream.arrays import F64

SMOOTHING_TICKS = 10.0
LEVEL_RATE, LEVEL_CAP, LEVEL_FLOOR = 1e-3, 20.0, 1e-3
COMPONENTS = 10
#: Training rows below which a fitted detector is given all rows instead.
FIT_ROWS_MIN = 50


@dataclass(frozen=True, slots=True)
class Judged:
    """What a detector says of a recording.

    Attributes
    ----------
    score : float64[T]
        Higher is more anomalous.
    evidence : float64[T, n] or None
        Of each series, where the detector tells.
    alarm : float64[T] or None
        A score on a scale that is the same for all recordings, where the detector has one.
    p_value : float64[T] or None
        Likewise.
    rows_per_second : float
        How fast it went.
    """

    score: F64
    evidence: F64 | None = None
    alarm: F64 | None = None
    p_value: F64 | None = None
    rows_per_second: float = float("nan")


def smooth(signal: F64, ticks: float = SMOOTHING_TICKS) -> F64:
    """Exponential smoothing over so many ticks, from the first value on."""
    rate = 1 / ticks
    start = np.array([(1 - rate) * signal[0]])
    return np.asarray(lfilter([rate], [1.0, rate - 1], signal, zi=start)[0])


def hebbstream(recording: Recording) -> Judged:
    """Run the product with default parameters."""
    detector = Detector(recording.series, interval_seconds=recording.interval)
    result = detector.run(recording.frames)
    return Judged(result.statistic, result.evidence, result.score, result.p_value)


def ew_level(recording: Recording) -> Judged:
    """Average the squared z-score about a slow exponential mean."""
    frames = np.nan_to_num(recording.frames)
    mean, second = frames[0].copy(), frames[0] ** 2
    start, old = np.zeros((1, frames.shape[1])), [1.0, LEVEL_RATE - 1]
    count = np.arange(1, len(frames) + 1)[:, None]
    weight = 1 - (1 - LEVEL_RATE) ** count
    first = lfilter([LEVEL_RATE], old, frames - mean, axis=0, zi=start)[0] / weight
    second = lfilter([LEVEL_RATE], old, (frames - mean) ** 2, axis=0, zi=start)[0] / weight
    spread = np.sqrt(np.maximum(second - first**2, 0.0))
    z = np.zeros_like(frames)
    z[2:] = (frames[2:] - mean - first[1:-1]) / (spread[1:-1] + LEVEL_FLOOR)
    parts = np.minimum(np.abs(z), LEVEL_CAP) ** 2
    return Judged(smooth(parts.mean(axis=1)), parts)


def _basis(frames: F64, train: Labels) -> F64:
    return frames[train] if train.sum() > FIT_ROWS_MIN else frames


def batch_pca(recording: Recording) -> Judged:
    """Fit ten principal components; the squared residual."""
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    frames = np.nan_to_num(recording.frames)
    basis = _basis(frames, recording.train)
    scaler = StandardScaler().fit(basis)
    model = PCA(min(COMPONENTS, *basis.shape)).fit(scaler.transform(basis))
    z = scaler.transform(frames)
    parts = (z - model.inverse_transform(model.transform(z))) ** 2
    return Judged(smooth(parts.sum(axis=1)), parts)


def isolation_forest(recording: Recording) -> Judged:
    """Fit an isolation forest of a hundred trees."""
    from sklearn.ensemble import IsolationForest

    frames = np.nan_to_num(recording.frames)
    model = IsolationForest(random_state=0).fit(_basis(frames, recording.train))
    return Judged(smooth(-model.score_samples(frames)))


def half_space_trees(recording: Recording) -> Judged:
    """Run river's half-space trees behind its running min-max scaler."""
    from river import anomaly, compose, preprocessing

    model = compose.Pipeline(
        preprocessing.MinMaxScaler(), anomaly.HalfSpaceTrees(n_trees=25, height=6, seed=0)
    )
    score = np.zeros(len(recording.frames))
    for row, frame in enumerate(np.nan_to_num(recording.frames).tolist()):
        sample = dict(enumerate(frame))
        score[row] = model.score_one(sample)
        model.learn_one(sample)
    return Judged(smooth(score))


def random_cut_forest(recording: Recording) -> Judged:
    """Run krcf, Amazon's robust random cut forest in Rust: fifty trees of 256 points."""
    from krcf import RandomCutForest

    frames = np.nan_to_num(recording.frames)
    model = RandomCutForest(
        {
            "dimensions": frames.shape[1],
            "shingle_size": 1,
            "num_trees": 50,
            "sample_size": 256,
            "random_seed": 0,
            "parallel_execution_enabled": False,
        }
    )
    score = np.zeros(len(frames))
    for row, frame in enumerate(frames.tolist()):
        score[row] = model.score(frame)
        model.update(frame)
    return Judged(smooth(score))


@dataclass(frozen=True, slots=True)
class Peer:
    """A detector: its name in tables, how it works, the package it needs, and how to run it.

    `scaled` tells that its score means the same for all recordings; `several` that it needs more
    series than one.
    """

    name: str
    kind: str
    needs: str
    judge: Callable[[Recording], Judged]
    scaled: bool = False
    several: bool = False


PEERS = (
    Peer("hebbstream", "streaming", "hebbstream", hebbstream, scaled=True),
    Peer("EW level", "streaming", "scipy", ew_level, scaled=True),
    Peer("batch PCA", "fitted", "sklearn", batch_pca, several=True),
    Peer("isolation forest", "fitted", "sklearn", isolation_forest),
    Peer("half-space trees (river)", "streaming", "river", half_space_trees),
    Peer("random cut forest (krcf)", "streaming", "krcf", random_cut_forest),
)


def available() -> list[Peer]:
    """List the detectors whose packages are there, and say which are not."""
    found = []
    for peer in PEERS:
        if importlib.util.find_spec(peer.needs) is None:
            print(f"Left out: {peer.name}, since {peer.needs} is not installed.")
        else:
            found.append(peer)
    return found


def judge(peer: Peer, recording: Recording) -> Judged:
    """Run a detector, and take its time."""
    start = time.perf_counter()
    told = peer.judge(recording)
    took = time.perf_counter() - start
    return Judged(
        np.nan_to_num(told.score),
        told.evidence,
        told.alarm,
        told.p_value,
        len(recording.frames) / took,
    )
