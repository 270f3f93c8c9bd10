"""NAB over single series: the recorded ones where they are given, else made-up ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.quality import machines, nab, ranking
from benchmarks.quality.labelled import Recording, recordings
from benchmarks.quality.peers import Peer, judge
from hebbstream.arrays import F64

Windowed = list[tuple[Recording, list[tuple[int, int]]]]


def made_up() -> Windowed:
    """Make series with windows."""
    made = [machines.single_series(seed) for seed in range(1, machines.SERIES_COUNT + 1)]
    return [(series, ranking.segments(series.label > 0)) for series in made]


def recorded(folder: Path) -> Windowed:
    """Read the files and the benchmark's own windows."""
    windows = json.loads((folder / "combined_windows.json").read_text(encoding="utf-8"))
    found = []
    for series in recordings(folder):
        rows = [
            (_row(series, first), _row(series, last))
            for first, last in windows[f"{series.name}.csv"]
        ]
        found.append((series, rows))
    return found


def _row(series: Recording, text: str) -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    return int(np.searchsorted(series.time, moment))


def common_scale(recording: Recording, score: F64) -> F64:
    """Make scores of several series comparable: 0 is the training rows' median, 1 their top."""
    low, high = np.quantile(score[recording.train], [0.5, 0.99])
    return np.asarray((score - low) / max(high - low, 1e-12))


def halves(series: Windowed, peer: Peer, seed: int = 0) -> dict[str, dict[str, float]]:
    """Score a detector on two random halves of the series, each with its own threshold."""
    order = np.random.default_rng(seed).permutation(len(series))
    middle = len(series) // 2
    parts = {"one random half": order[:middle], "the other half": order[middle:]}
    told = {}
    for name, chosen in parts.items():
        (scores,) = score_all([series[i] for i in chosen], [peer]).values()
        told[f"{peer.name}, {name}"] = scores
    return told


def score_all(series: Windowed, detectors: list[Peer]) -> dict[str, dict[str, float]]:
    """Score every detector over all series, by profile."""
    told = {}
    for peer in detectors:
        if peer.several:
            continue
        files = []
        for recording, windows in series:
            judged = judge(peer, recording)
            score = judged.score if judged.alarm is None else judged.alarm
            if not peer.scaled:
                score = common_scale(recording, score)
            files.append(nab.Series(nab.detections(np.nan_to_num(score)), windows))
        told[peer.name] = nab.score_corpus(files)
        print(f"  NAB {peer.name:26s} {told[peer.name]}")
    return told
