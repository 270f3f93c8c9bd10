"""Streams of records with a known story, for tests of everything behind the source."""

from __future__ import annotations

import msgspec
import numpy as np

from daemon import settings
from daemon.app import sections_of
from daemon.config import Config
from daemon.pipeline_sections import PipelineSections
from daemon.records import NANOSECONDS, InputPartition, RecordBatch
from daemon.spans import Spans

START = 1_750_000_000
PARTITION = InputPartition("metrics", 0)


def related(seed: int, ticks: int, series: int = 6, break_at: int | None = None) -> np.ndarray:
    """Values float64[ticks, series] that follow one cause; from `break_at` on series 0 does not."""
    rng = np.random.default_rng(seed)
    cause, own = np.zeros(ticks), np.zeros(ticks)
    for t in range(1, ticks):
        cause[t] = 0.8 * cause[t - 1] + rng.normal(0, 0.6)
        own[t] = 0.8 * own[t - 1] + rng.normal(0, 0.6)
    x = np.repeat(cause[:, None], series, axis=1)
    if break_at is not None:
        x[break_at:, 0] = own[break_at:]
    return np.asarray(50 + 5 * (x + rng.normal(0, 0.15, x.shape)), float)


def wide_records(values: np.ndarray, service: str = "cart", interval: int = 60) -> list[bytes]:
    """One wide JSON record a tick; a missing sample is left out."""
    return [
        msgspec.json.encode(
            {
                "timestamp": START + t * interval,
                "labels": {"service": service},
                "values": {
                    f"m{i}": round(float(v), 6) for i, v in enumerate(row) if not np.isnan(v)
                },
            }
        )
        for t, row in enumerate(values)
    ]


def record_batch(values: list[bytes], first_offset: int = 0, interval: int = 60) -> RecordBatch:
    """Make one batch of records, each stamped with its tick's time."""
    offsets = np.arange(first_offset, first_offset + len(values), dtype=np.int64)
    return RecordBatch(
        partition=PARTITION,
        offsets=offsets,
        timestamps=(START + offsets * interval) * NANOSECONDS,
        keys=Spans.of([b"cart"] * len(values)),
        values=Spans.of(values),
        next_offset=first_offset + len(values),
    )


def sections(**changes: object) -> PipelineSections:
    """Sections of a configuration that groups by service, with `changes` to its sections."""
    base = {"application_id": "test", "grouping": {"group_by": ["service"]}}
    return sections_of(Config.model_validate(base | changes))


def config_hash(**changes: object) -> str:
    """Hash of the configuration `sections` would be made from."""
    base = {"application_id": "test", "grouping": {"group_by": ["service"]}}
    return settings.config_hash(Config.model_validate(base | changes))
