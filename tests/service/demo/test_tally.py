"""The demo's judgement of incidents against injected faults, and its stream of records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from daemon import demo
from daemon.shop import SERVICES, Fault, FaultKind


def opened(tick: int, service: str, state: str = "open") -> dict[str, Any]:
    """Return the fields of an event that judging looks at."""
    seconds = demo.START + (tick + 1) * demo.INTERVAL_SECONDS
    return {
        "state": state,
        "event_id": f"{tick}-{service}",
        "ts_event": str(np.datetime64(seconds, "s")) + "Z",
        "series": [{"labels": {"service": service}}],
    }


def test_judge_tells_caught_missed_and_false() -> None:
    """An incident in a fault's time catches it; one outside is false; no incident is a miss."""
    caught = Fault(FaultKind.LEVEL, "cart", "cpu_ratio", 100, 140)
    missed = Fault(FaultKind.STUCK, "db", "cpu_ratio", 300, 340)
    events = [opened(103, "cart"), opened(110, "cart", "update"), opened(200, "db")]

    findings, false = demo.judge([caught, missed], events)

    assert [finding.incident is not None for finding in findings] == [True, False]
    assert (findings[0].delay_ticks, findings[0].named) == (3, True)
    assert (findings[1].delay_ticks, findings[1].named) == (0, False)
    assert [event["event_id"] for event in false] == ["200-db"]


def test_stream_has_a_record_per_service_and_tick(tmp_path: Path) -> None:
    """The file holds one wide record per service and tick, silent series left out."""
    silent = Fault(FaultKind.SILENCE, "cart", "cpu_ratio", 1, 2)
    path = tmp_path / "shop.ndjson"

    demo.write_stream(path, [silent], seed=1, ticks=3)

    rows = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
    assert [row["labels"]["service"] for row in rows] == list(SERVICES) * 3
    cart = [row for row in rows if row["labels"]["service"] == "cart"]
    assert ["cpu_ratio" in row["values"] for row in cart] == [True, False, True]


def test_faults_leave_a_day_to_learn() -> None:
    """No fault begins before the warm-up is over, and every kind is there."""
    planned = demo.faults(seed=5)

    assert min(fault.start for fault in planned) >= demo.WARMUP_TICKS
    assert {fault.kind for fault in planned} == set(FaultKind)
