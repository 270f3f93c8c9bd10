"""A stream with everything in it that a framer, a detector and a tracker can meet.

Two groups of related series in flat JSON samples: a counter, series that come, go and return,
samples late within and beyond the lateness, duplicates, poison, a series that breaks away and one
that falls silent, so that incidents of both kinds open, resolve and are open at most places.
"""

from __future__ import annotations

import msgspec
import numpy as np

from daemon.records import NANOSECONDS, InputPartition, RecordBatch
from daemon.spans import Spans
from streams import PARTITION, START, related

INTERVAL = 60
#: A configuration under which a few hundred ticks are enough for every kind of event.
SETTINGS: dict[str, object] = {
    "metrics": [{"match": "m3", "kind": "counter"}, {"match": "m2", "transform": "diff"}],
    "framing": {"interval": "60s", "lateness": "90s", "retention": "40m", "idle_timeout": "60s"},
    "detector": {
        "evidence": {"warmup_ticks": 30},
        "calibration": {"warmup_ticks": 60, "memory_ticks_min": 100},
        "alert_budget_per_day": 20,
    },
    "incidents": {
        "recover_after": 3,
        "merge_gap": 5,
        "silence": {"warmup": "60m", "budget_per_day": 0.5, "after": 2},
    },
}


def messy_records(seed: int, ticks: int) -> list[bytes]:
    """Make the records of a story, in order of arrival.

    Parameters
    ----------
    seed : int
        Which story.
    ticks : int
        Its length.

    Returns
    -------
    list of bytes
        About seven a tick.
    """
    rng = np.random.default_rng(seed)
    records: list[tuple[float, bytes]] = []
    for group, service in enumerate(("cart", "käse,1")):
        values = related(seed * 2 + group, ticks, 5, break_at=ticks // 2 + int(rng.integers(20)))
        values[:, 3] = np.cumsum(np.abs(values[:, 3]))
        values[rng.random(values.shape) < 0.02] = np.nan
        quiet = int(rng.integers(ticks // 2, ticks - 20))
        values[quiet : quiet + 15, 1] = np.nan
        values[: ticks // 5, 4] = np.nan
        values[ticks // 3 : ticks // 3 + 50, 4] = np.nan
        for tick, series in np.argwhere(~np.isnan(values)).tolist():
            time = START + tick * INTERVAL + int(rng.integers(INTERVAL))
            late = 200 if rng.random() < 0.003 else float(rng.exponential(20))
            sample = {
                "name": f"m{series}",
                "labels": {"service": service},
                "timestamp": time,
                "value": float(values[tick, series]),
            }
            encoded = msgspec.json.encode(sample)
            records.extend((time + late, encoded) for _ in range(1 + (rng.random() < 0.01)))
        if group:
            records.append((START + ticks * INTERVAL / 2, b'{"timestamp": 17'))
    return [record for _, record in sorted(records, key=lambda item: item[0])]


def messy_batch(
    records: list[bytes], first: int, last: int, partition: InputPartition = PARTITION
) -> RecordBatch:
    """Make one batch of records [first, last); the offset of a record is its index."""
    offsets = np.arange(first, last, dtype=np.int64)
    return RecordBatch(
        partition=partition,
        offsets=offsets,
        timestamps=np.full(last - first, (START + 10**7) * NANOSECONDS),
        keys=Spans.of([None] * (last - first)),
        values=Spans.of(records[first:last]),
        next_offset=last,
    )
