"""The shop's frames as records."""

from __future__ import annotations

import msgspec
import numpy as np

from daemon.demo.records import shop_records
from daemon.demo.timeline import timestamp_of
from daemon.shop import METRICS, SERVICES


def test_a_frame_is_a_record_per_service() -> None:
    """Each holds its own service's metrics, and the tick's time."""
    frame = np.arange(80.0)

    rows = [msgspec.json.decode(record) for record in shop_records(frame, 7)]

    assert [row["labels"]["service"] for row in rows] == list(SERVICES)
    assert {row["timestamp"] for row in rows} == {timestamp_of(7)}
    values = [value for row in rows for value in row["values"].values()]
    assert values == list(range(80))
    assert list(rows[0]["values"]) == list(METRICS)


def test_what_is_silent_is_left_out() -> None:
    """A silent series has no value, a silent service no record."""
    frame = np.ones(80)
    frame[0] = np.nan
    frame[10:20] = np.nan

    rows = [msgspec.json.decode(record) for record in shop_records(frame, 0)]

    assert [row["labels"]["service"] for row in rows] == [SERVICES[0], *SERVICES[2:]]
    assert METRICS[0] not in rows[0]["values"]
