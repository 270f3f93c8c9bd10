"""What a block has led to, brought into the form that is passed on. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from daemon.events import Event


def in_order(*trackers: Iterable[Event]) -> tuple[Event, ...]:
    """Merge what trackers say by tick, so that the order does not depend on blocks."""
    told = [list(events) for events in trackers]
    if not any(told):
        return ()
    events = [event for each in told for event in each]
    if sum(map(bool, told)) > 1:
        events.sort(key=lambda event: datetime.fromisoformat(event.ts_event))
    return tuple(events)
