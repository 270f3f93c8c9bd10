"""Answers about incidents and the journal; the events in them are those of docs/events.md."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from daemon.events import Event, Severity, State, rounded
from daemon.http.documents import Complete, Document, Page, Timestamp
from daemon.readmodel.views import IncidentState, IncidentView, JournalItem
from daemon.times import shown_time


class EventSeriesDocument(Document, frozen=True, kw_only=True, gc=False):
    """A series of an incident, as it was at the event's tick."""

    name: str
    labels: dict[str, str]
    actual: float | None
    expected: float | None
    lower: float | None
    upper: float | None
    contribution: Annotated[float, Meta(description="Its share in the incident so far.")]
    role: str | None
    direction: Annotated[str | None, Meta(description="above or below.")]
    since: Annotated[
        Timestamp | None,
        Meta(description="When it first was above what is usual for it by itself."),
    ]


class EventServiceDocument(Document, frozen=True, kw_only=True, gc=False):
    """A service that series of an incident belong to."""

    name: str
    contribution: Annotated[float, Meta(description="That of the series that contributes most.")]
    series: Annotated[str, Meta(description="That series.")]
    role: str | None
    since: Annotated[Timestamp | None, Meta(description="The earliest of its series'.")]


class EventEdgeDocument(Document, frozen=True, kw_only=True, gc=False):
    """A relation that is broken."""

    source: str
    target: str
    lag_s: float
    weight_before: float
    weight_now: float
    residual_sigma: float
    age_s: float


class QualityDocument(Document, frozen=True, kw_only=True, gc=False):
    """How much the verdict rests on."""

    imputed_ratio: float
    warmup: bool
    effective_samples: int


class SourceDocument(Document, frozen=True, kw_only=True, gc=False):
    """The record that closed the frame."""

    topic: str
    partition: int
    offset: int


class EventDocument(Document, frozen=True, kw_only=True, gc=False):
    """One state change of an incident, as it stands on the events topic."""

    schema_version: int
    event_id: str
    incident_id: str
    state: State
    kind: str
    group: str
    labels: dict[str, str]
    ts_event: Timestamp
    ts_detected: Timestamp
    approx_start: Timestamp
    duration_s: float
    score: float
    peak_score: float
    p_value: float
    severity: Severity
    series: list[EventSeriesDocument]
    services: list[EventServiceDocument]
    edges: list[EventEdgeDocument]
    quality: QualityDocument
    learning: str
    source: SourceDocument
    config_hash: str
    version: str


class IncidentSummary(Document, frozen=True, kw_only=True, gc=False):
    """One incident with the part of its explanation that was asked for."""

    id: str
    group_id: str
    group: str
    labels: dict[str, str]
    state: Annotated[
        IncidentState,
        Meta(
            description="left: this process follows the group no more; "
            "the events topic knows the rest."
        ),
    ]
    kind: str
    severity: Severity
    opened: Annotated[Timestamp, Meta(description="Event time of its first event.")]
    changed: Annotated[Timestamp, Meta(description="Event time of its last event.")]
    approx_start: Timestamp
    duration_s: float
    score: Annotated[float, Meta(description="At the last event.")]
    peak_score: float
    event_count: int
    worst_at: Annotated[Timestamp, Meta(description="Event time of what follows.")]
    series: Annotated[
        list[EventSeriesDocument],
        Meta(description="Series that contribute most, at the event with the highest score."),
    ]
    services: Annotated[
        list[EventServiceDocument],
        Meta(description="Services ranked by their best series, likewise."),
    ]
    edges: Annotated[
        list[EventEdgeDocument], Meta(description="Relations that are broken, likewise.")
    ]


class IncidentPage(Page[IncidentSummary], frozen=True, kw_only=True, gc=False):
    """Incidents, the newest first."""

    complete: Complete


class HistoryEntry(Document, frozen=True, kw_only=True, gc=False):
    """One event of an incident in short."""

    event_id: str
    state: State
    ts_event: Timestamp
    score: float
    peak_score: float
    severity: Severity


class IncidentDetail(Document, frozen=True, kw_only=True, gc=False):
    """One incident with all that is known of it."""

    id: str
    group_id: str
    state: IncidentState
    opened: Timestamp
    latest: Annotated[EventDocument, Meta(description="Its last event.")]
    worst: Annotated[EventDocument, Meta(description="Its event with the highest score.")]
    event_count: int
    history: Annotated[list[HistoryEntry], Meta(description="Its last events, the oldest first.")]


class JournalEntryDocument(Document, frozen=True, kw_only=True, gc=False):
    """Birth, death or sign flip of an edge, or birth or death of a component."""

    sequence: int
    group_id: str
    group: str
    time: Timestamp
    subject: Annotated[str, Meta(description="edge or component.")]
    change: Annotated[str, Meta(description="grown, pruned or flipped.")]
    source: str | None
    target: str | None
    lag_s: float | None
    weight: float | None
    component: int | None


class JournalPage(Page[JournalEntryDocument], frozen=True, kw_only=True, gc=False):
    """Changes of the graphs, the newest first."""

    complete: Complete


class StreamedEvent(Document, frozen=True, kw_only=True, gc=False):
    """What one `incident` message of the event stream holds."""

    group_id: str
    event: EventDocument


def streamed(group_id: str, event: Event) -> StreamedEvent:
    """Make the message that tells of an event."""
    return StreamedEvent(
        group_id=group_id, event=msgspec.convert(event, EventDocument, from_attributes=True)
    )


def summary(incident: IncidentView, explain: int) -> IncidentSummary:
    """Describe an incident with at most `explain` series and relations."""
    latest, worst = incident.latest, incident.worst
    return IncidentSummary(
        id=latest.incident_id,
        group_id=incident.identity.id,
        group=latest.group,
        labels=latest.labels,
        state=incident.state,
        kind=latest.kind,
        severity=latest.severity,
        opened=incident.opened,
        changed=latest.ts_event,
        approx_start=latest.approx_start,
        duration_s=latest.duration_s,
        score=latest.score,
        peak_score=latest.peak_score,
        event_count=incident.event_count,
        worst_at=worst.ts_event,
        series=msgspec.convert(
            worst.series[:explain], list[EventSeriesDocument], from_attributes=True
        ),
        services=msgspec.convert(
            worst.services[:explain], list[EventServiceDocument], from_attributes=True
        ),
        edges=msgspec.convert(worst.edges[:explain], list[EventEdgeDocument], from_attributes=True),
    )


def detail(incident: IncidentView) -> IncidentDetail:
    """Describe an incident with everything."""
    return IncidentDetail(
        id=incident.latest.incident_id,
        group_id=incident.identity.id,
        state=incident.state,
        opened=incident.opened,
        latest=msgspec.convert(incident.latest, EventDocument, from_attributes=True),
        worst=msgspec.convert(incident.worst, EventDocument, from_attributes=True),
        event_count=incident.event_count,
        history=msgspec.convert(incident.history, list[HistoryEntry], from_attributes=True),
    )


def journal_entry(item: JournalItem, interval_s: float) -> JournalEntryDocument:
    """Describe one change of a graph."""
    is_edge = item.component < 0
    return JournalEntryDocument(
        sequence=item.sequence,
        group_id=item.identity.id,
        group=item.identity.name,
        time=shown_time(item.time),
        subject="edge" if is_edge else "component",
        change=item.change,
        source=item.source if is_edge else None,
        target=item.target if is_edge else None,
        lag_s=item.lag_ticks * interval_s if is_edge else None,
        weight=rounded(item.weight) if is_edge else None,
        component=None if is_edge else item.component,
    )
