"""The demo's pure parts: the shop as a file of records, and incidents judged against the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from daemon.shop import METRICS, SERVICES, Fault, Shop, schedule

START = 1_767_225_600  # 2026-01-01T00:00:00Z
INTERVAL_SECONDS = 60
SLACK_TICKS = 15

#: A day to learn in, then a fault every 200 ticks.
WARMUP_TICKS = 2880
FAULT_EVERY_TICKS = 600
FAULT_TICKS = 60
FAULT_COUNT = 12
TICKS = WARMUP_TICKS + FAULT_EVERY_TICKS * FAULT_COUNT

#: The configuration the demo runs under; everything else is default.
CONFIG: dict[str, Any] = {
    "application_id": "demo",
    "grouping": {"group_by": ["shop"]},
    "framing": {"interval": INTERVAL_SECONDS, "lateness": 0},
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One injected fault and the first incident that opened in its time, if any did."""

    fault: Fault
    incident: dict[str, Any] | None

    @property
    def delay_ticks(self) -> int:
        """Ticks from the fault's start to the incident; 0 when there is none."""
        return 0 if self.incident is None else opening_tick(self.incident) - self.fault.start

    @property
    def named(self) -> bool:
        """Whether the top contributor is a series of the faulty service."""
        if self.incident is None:
            return False
        return bool(self.incident["series"][0]["labels"]["service"] == self.fault.service)


def faults(seed: int) -> list[Fault]:
    """Plan the demo's faults: every kind, twice."""
    return schedule(WARMUP_TICKS, FAULT_EVERY_TICKS, FAULT_TICKS, FAULT_COUNT, seed)


def records(frame: Sequence[float], tick: int) -> list[bytes]:
    """Encode a shop frame as one wide JSON record per service; silent series are left out."""
    lines = []
    for place, service in enumerate(SERVICES):
        values = frame[place * len(METRICS) : (place + 1) * len(METRICS)]
        record = {
            "timestamp": START + tick * INTERVAL_SECONDS,
            "labels": {"shop": "demo", "service": service},
            "values": {
                metric: float(value)
                for metric, value in zip(METRICS, values, strict=True)
                if not math.isnan(value)
            },
        }
        lines.append(msgspec.json.encode(record))
    return lines


def write_stream(path: Path, planned: list[Fault], seed: int, ticks: int = TICKS) -> None:
    """Write the shop's records, newline-separated, in time order."""
    with path.open("wb") as out:
        for tick, frame in enumerate(Shop(seed, planned).frames(ticks)):
            out.writelines(line + b"\n" for line in records(frame.tolist(), tick))


def opening_tick(event: dict[str, Any]) -> int:
    """Return the demo tick an event is about."""
    at = datetime.fromisoformat(event["ts_event"]).timestamp()
    return round((at - START) / INTERVAL_SECONDS) - 1


def judge(
    planned: list[Fault], events: list[dict[str, Any]]
) -> tuple[list[Finding], list[dict[str, Any]]]:
    """Match opened incidents to injected faults.

    Returns
    -------
    list of Finding
        One per fault, in order.
    list of dict
        Open events in no fault's time: false alarms.
    """
    opened = [event for event in events if event["state"] == "open"]
    explained: set[str] = set()
    findings = []
    for fault in planned:
        inside = [
            event
            for event in opened
            if fault.start <= opening_tick(event) < fault.end + SLACK_TICKS
        ]
        explained.update(event["event_id"] for event in inside)
        findings.append(Finding(fault, inside[0] if inside else None))
    return findings, [event for event in opened if event["event_id"] not in explained]
