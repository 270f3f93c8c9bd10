"""Labelled files: one Parquet file a group, beside manifest.json and, if known, events.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.quality.ranking import Labels
from hebbstream.arrays import F64

#: Columns that are no series.
RESERVED = frozenset({"t", "train", "label", "issue", "changepoint"})


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded group of series.

    Attributes
    ----------
    name : str
        Its key in the manifest.
    series : list of str
        Names, length n.
    frames : float64[T, n]
        NaN where missing. Training rows first, then the others, each in the order of the file.
    train : bool[T]
        Rows to learn from; they are not scored.
    label : int[T]
        1 anomalous, 0 normal, -1 unknown.
    time : float64[T]
        The column `t` as it is: Unix seconds, or the number of the row.
    interval : float
        Seconds a tick.
    events : list of dict
        Labelled faults: start_row and end_row in `frames`, root_cause or root_cause_service.
    """

    name: str
    series: list[str]
    frames: F64
    train: Labels
    label: NDArray[np.int8]
    time: F64
    interval: float
    events: list[dict[str, Any]]

    @property
    def anomalous(self) -> Labels:
        """Labels of the scored rows, bool."""
        return np.asarray(self.label[~self.train] > 0)


def read(path: Path, name: str, interval: float, events: list[dict[str, Any]]) -> Recording:
    """Read one file."""
    table = pq.read_table(path)
    series = [column for column in table.column_names if column not in RESERVED]
    columns = {c: table[c].to_numpy(zero_copy_only=False) for c in table.column_names}
    rows = table.num_rows
    train = np.asarray(columns.get("train", np.zeros(rows, bool)), bool)
    order = np.argsort(~train, kind="stable")
    place = np.empty(rows + 1, np.int64)
    place[order] = np.arange(rows)
    place[rows] = rows
    moved = [
        {**event, "start_row": int(place[event["start_row"]]), "end_row": _end(place, event)}
        for event in events
        if "start_row" in event
    ]
    return Recording(
        name=name,
        series=series,
        frames=np.column_stack([np.asarray(columns[c], np.float64)[order] for c in series]),
        train=train[order],
        label=np.asarray(columns.get("label", np.zeros(rows)), np.int8)[order],
        time=np.asarray(columns["t"], np.float64)[order],
        interval=interval,
        events=moved,
    )


def _end(place: NDArray[np.int64], event: dict[str, Any]) -> int:
    return int(place[int(event["end_row"]) - 1]) + 1


def recordings(folder: Path) -> Iterator[Recording]:
    """Read every recording of a data set, in the order of its manifest."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    path = folder / "events.json"
    events = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name, entry in manifest.items():
        known = events.get(name, []) if isinstance(events, dict) else []
        yield read(folder / entry["file"], name, float(entry.get("interval_s") or 60.0), known)
