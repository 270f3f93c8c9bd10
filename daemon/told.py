"""What a block has led to, brought into the form that is passed on. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from daemon.events import Event
from hebbstream.results import RunResult


def in_order(*trackers: Iterable[Event]) -> tuple[Event, ...]:
    """Merge what trackers say by tick, so that the order does not depend on blocks."""
    told = [list(events) for events in trackers]
    if not any(told):
        return ()
    events = [event for each in told for event in each]
    if sum(map(bool, told)) > 1:
        events.sort(key=lambda event: datetime.fromisoformat(event.ts_event))
    return tuple(events)


def last_details(result: RunResult) -> RunResult:
    """Keep the verdicts of every row and the details per series of the last one."""
    if len(result) == 1:
        return result
    return replace(
        result,
        evidence=result.evidence[-1:].copy(),
        expected=result.expected[-1:].copy(),
        recalled=result.recalled[-1:].copy(),
        scale=result.scale[-1:].copy(),
    )
