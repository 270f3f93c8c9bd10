"""Reading labelled recordings."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.quality.labelled import recordings


def test_training_rows_come_first(tmp_path: Path) -> None:
    """Rows, labels and faults are moved alike when a file has its training rows last."""
    table = {
        "t": [0, 60, 120, 180],
        "train": [False, False, True, True],
        "label": pa.array([0, 1, -1, -1], pa.int8()),
        "a|cpu": pa.array([1.0, None, 3.0, 4.0], pa.float32()),
        "changepoint": [0, 0, 0, 0],
    }
    pq.write_table(pa.table(table), tmp_path / "x.parquet")
    events = {"x": [{"start_row": 1, "end_row": 2, "root_cause_service": "a"}, {"fault": "?"}]}
    (tmp_path / "events.json").write_text(json.dumps(events))
    manifest = {"x": {"file": "x.parquet", "interval_s": None}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))

    (found,) = recordings(tmp_path)

    assert (found.series, found.interval) == (["a|cpu"], 60.0)
    np.testing.assert_array_equal(found.frames[:, 0], [3.0, 4.0, 1.0, np.nan])
    assert found.time.tolist() == [120, 180, 0, 60]
    assert found.train.tolist() == [True, True, False, False]
    assert found.anomalous.tolist() == [False, True]
    assert [(e["start_row"], e["end_row"]) for e in found.events] == [(3, 4)]
