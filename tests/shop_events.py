"""Events about the demo's shop, for tests of what judges and shows them."""

from __future__ import annotations

from daemon.demo.timeline import timestamp_of
from daemon.events import (
    Event,
    EventEdge,
    EventSeries,
    EventService,
    Quality,
    Severity,
    Source,
    State,
    rfc3339,
)
from daemon.records import NANOSECONDS


def event(
    tick: int,
    service: str = "cart",
    metric: str = "cpu_ratio",
    *,
    state: State = State.OPEN,
    incident: str = "i",
) -> Event:
    """Make an event about a tick whose top contributor is one series of the shop."""
    at = rfc3339(timestamp_of(tick + 1) * NANOSECONDS)
    labels = {"service": service, "shop": "demo"}
    named = EventSeries(metric, labels, 0.9, 0.3, 0.2, 0.4, 0.6, None, "above", at)
    ends = [f'{name}{{service="{service}",shop="demo"}}' for name in (metric, "memory_bytes")]
    return Event(
        schema_version=1,
        event_id=f"{incident}-{tick}-{state}",
        incident_id=incident,
        state=state,
        kind="relation",
        group="demo",
        labels={"shop": "demo"},
        ts_event=at,
        ts_detected=at,
        approx_start=at,
        duration_s=60.0,
        score=1.2,
        peak_score=2.5,
        p_value=1e-5,
        severity=Severity.WARNING,
        series=(named,),
        services=(EventService(service, 0.6, ends[0], None, at),),
        edges=(EventEdge(ends[0], ends[1], 0.0, 0.9, 0.1, 4.0, 600.0),),
        quality=Quality(0.0, warmup=False, effective_samples=1000),
        learning="normal",
        source=Source("metrics", 0, 7),
        config_hash="c",
        version="0",
    )
