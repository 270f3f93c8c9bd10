"""Answers about incidents and the journal; the events in them are those of docs/events.md."""

from __future__ import annotations

from pydantic import Field

from daemon.events import Event, Severity, State, rfc3339, rounded
from daemon.http.documents import Document, Page, Timestamp
from daemon.readmodel.views import IncidentState, IncidentView, JournalItem


class EventSeriesDocument(Document):
    """A series of an incident, as it was at the event's tick."""

    name: str
    labels: dict[str, str]
    actual: float | None
    expected: float | None
    lower: float | None
    upper: float | None
    contribution: float = Field(description="Its share in the incident so far.")
    role: str | None
    direction: str | None = Field(description="above or below.")


class EventEdgeDocument(Document):
    """A relation that is broken."""

    source: str
    target: str
    lag_s: float
    weight_before: float
    weight_now: float
    residual_sigma: float
    age_s: float


class QualityDocument(Document):
    """How much the verdict rests on."""

    imputed_ratio: float
    warmup: bool
    effective_samples: int


class SourceDocument(Document):
    """The record that closed the frame."""

    topic: str
    partition: int
    offset: int


class EventDocument(Document):
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
    edges: list[EventEdgeDocument]
    quality: QualityDocument
    learning: str
    source: SourceDocument
    config_hash: str
    version: str


class IncidentSummary(Document):
    """One incident with the part of its explanation that was asked for."""

    id: str
    group_id: str
    group: str
    labels: dict[str, str]
    state: IncidentState = Field(
        description="left: this process follows the group no more; the events topic knows the rest."
    )
    kind: str
    severity: Severity
    opened: Timestamp = Field(description="Event time of its first event.")
    changed: Timestamp = Field(description="Event time of its last event.")
    approx_start: Timestamp
    duration_s: float
    score: float = Field(description="At the last event.")
    peak_score: float
    event_count: int
    worst_at: Timestamp = Field(description="Event time of what follows.")
    series: list[EventSeriesDocument] = Field(
        description="Series that contribute most, at the event with the highest score."
    )
    edges: list[EventEdgeDocument] = Field(description="Relations that are broken, likewise.")


class IncidentPage(Page[IncidentSummary]):
    """Incidents, the newest first."""


class HistoryEntry(Document):
    """One event of an incident in short."""

    event_id: str
    state: State
    ts_event: Timestamp
    score: float
    peak_score: float
    severity: Severity


class IncidentDetail(Document):
    """One incident with all that is known of it."""

    id: str
    group_id: str
    state: IncidentState
    opened: Timestamp
    latest: EventDocument = Field(description="Its last event.")
    worst: EventDocument = Field(description="Its event with the highest score.")
    event_count: int
    history: list[HistoryEntry] = Field(description="Its last events, the oldest first.")


class JournalEntryDocument(Document):
    """Birth, death or sign flip of an edge, or birth or death of a component."""

    sequence: int
    group_id: str
    group: str
    time: Timestamp
    subject: str = Field(description="edge or component.")
    change: str = Field(description="grown, pruned or flipped.")
    source: str | None
    target: str | None
    lag_s: float | None
    weight: float | None
    component: int | None


class JournalPage(Page[JournalEntryDocument]):
    """Changes of the graphs, the newest first."""


class StreamedEvent(Document):
    """What one `incident` message of the event stream holds."""

    group_id: str
    event: EventDocument


def streamed(group_id: str, event: Event) -> StreamedEvent:
    """Make the message that tells of an event."""
    return StreamedEvent(group_id=group_id, event=EventDocument.model_validate(event))


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
        series=[EventSeriesDocument.model_validate(each) for each in worst.series[:explain]],
        edges=[EventEdgeDocument.model_validate(each) for each in worst.edges[:explain]],
    )


def detail(incident: IncidentView) -> IncidentDetail:
    """Describe an incident with everything."""
    return IncidentDetail(
        id=incident.latest.incident_id,
        group_id=incident.identity.id,
        state=incident.state,
        opened=incident.opened,
        latest=EventDocument.model_validate(incident.latest),
        worst=EventDocument.model_validate(incident.worst),
        event_count=incident.event_count,
        history=[HistoryEntry.model_validate(each) for each in incident.history],
    )


def journal_entry(item: JournalItem, interval_s: float) -> JournalEntryDocument:
    """Describe one change of a graph."""
    is_edge = item.component < 0
    return JournalEntryDocument(
        sequence=item.sequence,
        group_id=item.identity.id,
        group=item.identity.name,
        time=rfc3339(item.time),
        subject="edge" if is_edge else "component",
        change=item.change,
        source=item.source if is_edge else None,
        target=item.target if is_edge else None,
        lag_s=item.lag_ticks * interval_s if is_edge else None,
        weight=rounded(item.weight) if is_edge else None,
        component=None if is_edge else item.component,
    )
