"""PetShop's issues: normal operation first, then each issue's few rows; nodes are ranked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from benchmarks.quality.compare import Row, root_causes
from benchmarks.quality.labelled import RESERVED, Recording
from benchmarks.quality.peers import Peer, judge
from benchmarks.quality.worlds import FIVE_MINUTES
from hebbstream.arrays import F64


def issues(folder: Path) -> list[Recording]:
    """Read the scenario of low traffic, one recording an issue."""
    normal = pq.read_table(folder / "low_traffic_noissue.parquet")
    faulty = pq.read_table(folder / "low_traffic_issues.parquet")
    truth = json.loads((folder / "low_traffic_issues.json").read_text(encoding="utf-8"))
    known = set(faulty.column_names)
    series = [c for c in normal.column_names if c in known and c not in RESERVED]
    calm = np.column_stack([normal[c].to_numpy().astype(np.float64) for c in series])
    wrong = np.column_stack([faulty[c].to_numpy().astype(np.float64) for c in series])
    issue = np.array(faulty["issue"].to_pylist())
    clock: F64 = np.asarray(np.arange(len(calm) + len(wrong)) * FIVE_MINUTES)
    found = []
    for entry in truth:
        rows = wrong[issue == entry["issue"]]
        total, learnt = len(calm) + len(rows), len(calm)
        train = np.arange(total) < learnt
        event = {
            "start_row": learnt,
            "end_row": total,
            "root_cause_service": entry["root_cause"]["node"],
        }
        found.append(
            Recording(
                entry["issue"], series, np.vstack([calm, rows]), train,
                (~train).astype(np.int8), clock[:total], FIVE_MINUTES, [event],
            )
        )  # fmt: skip
    return found


def compare_issues(folder: Path, detectors: list[Peer]) -> list[Row]:
    """Rank the nodes of every issue by every detector that tells of series."""
    nothing = float("nan")
    rows = []
    for recording in issues(folder):
        for peer in detectors:
            if peer.name not in ("hebbstream", "EW level", "batch PCA"):
                continue
            told = judge(peer, recording)
            row = Row("petshop", recording.name, peer.name, 1.0, nothing, nothing, nothing, nothing)
            row.hits = root_causes(recording, told.evidence) if told.evidence is not None else []
            rows.append(row)
    return rows
