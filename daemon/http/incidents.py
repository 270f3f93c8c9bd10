"""Routes about incidents, the journal, and the live stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import Field

from daemon.events import Severity
from daemon.http import incident_documents as documents
from daemon.http.context import absent, context_of
from daemon.http.documents import answering
from daemon.http.paging import Paging, page
from daemon.http.problems import documented, problem
from daemon.http.stream import RETRY_MS, EventStream
from daemon.readmodel.views import IncidentState, IncidentView, JournalItem
from daemon.times import RequestTime, parse_time

EXPLAIN_MAX = 1000
GROUP_ID = r"^[0-9a-f]{16}$"
SEQUENCE_MAX = 2**64 - 1

router = APIRouter(
    prefix="/api/v1",
    tags=["incidents"],
    responses={304: {"description": "The reader has it already."}, **documented(422)},
)


class IncidentFilters(Paging):
    """Which incidents, and how much of their explanation."""

    state: IncidentState | None = Field(default=None, description="In this state.")
    group: str | None = Field(default=None, description="Of groups with exactly this name.")
    group_id: str | None = Field(default=None, pattern=GROUP_ID, description="Of this group.")
    kind: Literal["level", "relation", "silence", "group"] | None = Field(
        default=None, description="Of this kind."
    )
    severity: Severity | None = Field(default=None, description="Of this severity.")
    since: RequestTime | None = Field(
        default=None, description="With an event at or after this event time."
    )
    explain: int = Field(
        default=3, ge=0, le=EXPLAIN_MAX, description="Series and relations to show of each."
    )


class JournalFilters(Paging):
    """Which changes."""

    group: str | None = Field(default=None, description="Of groups with exactly this name.")
    group_id: str | None = Field(default=None, pattern=GROUP_ID, description="Of this group.")
    subject: Literal["edge", "component"] | None = Field(default=None, description="Of these.")
    change: Literal["grown", "pruned", "flipped"] | None = Field(
        default=None, description="Of this kind."
    )
    since: RequestTime | None = Field(default=None, description="At or after this event time.")


@router.get("/incidents", response_model=None, responses=answering(documents.IncidentPage),
            summary="Open and past incidents")  # fmt: skip
async def list_incidents(
    request: Request, filters: Annotated[IncidentFilters, Query()]
) -> Response:
    """List incidents, the newest first, as far as they are kept in memory."""
    context = context_of(request)
    picture = context.picture()

    def make() -> documents.IncidentPage:
        chosen = [each for each in picture.incidents if _is_wanted(each, filters)]
        shown, next_cursor = page(
            chosen, lambda each: (SEQUENCE_MAX - each.sequence).to_bytes(8, "big"), filters
        )
        items = [documents.summary(each, filters.explain) for each in shown]
        complete = picture.view.settled
        return documents.IncidentPage(items=items, next_cursor=next_cursor, complete=complete)

    return context.answers.answer(request, picture.view, make)


@router.get("/incidents/{incident_id}", response_model=None,
            responses={**answering(documents.IncidentDetail), **documented(404, 503)},
            summary="One incident with its explanation")  # fmt: skip
async def show_incident(
    request: Request,
    incident_id: Annotated[str, Path(max_length=100, description="`incident_id` of its events.")],
) -> Response:
    """Show one incident: its last event, its worst one, and its history."""
    context = context_of(request)
    view = context.picture().view
    incident = view.incidents.get(incident_id)
    if incident is None:
        msg = f"no incident {incident_id!r} is kept here; the events topic has all of them"
        raise absent(view, msg)
    return context.answers.answer(request, view, lambda: documents.detail(incident))


@router.get("/journal", response_model=None,
            responses=answering(documents.JournalPage), tags=["groups"],
            summary="Births, deaths and sign flips of associations and components")  # fmt: skip
async def list_changes(request: Request, filters: Annotated[JournalFilters, Query()]) -> Response:
    """List changes of the graphs, the newest first, as far as they are kept in memory."""
    context = context_of(request)
    view = context.picture().view

    def make() -> documents.JournalPage:
        chosen = _chosen(view.journal[::-1], filters)
        shown, next_cursor = page(
            chosen, lambda each: (SEQUENCE_MAX - each.sequence).to_bytes(8, "big"), filters
        )
        interval = context.model.about.interval
        items = [documents.journal_entry(each, interval) for each in shown]
        complete = view.settled
        return documents.JournalPage(items=items, next_cursor=next_cursor, complete=complete)

    return context.answers.answer(request, view, make)


@router.get(
    "/events/stream",
    summary="Incidents as they happen, as server-sent events",
    response_class=Response,
    responses={
        200: {
            "description": (
                "Messages `incident`, each with a StreamedEvent as data; `reset` when messages "
                "were missed that are remembered no more; comments as a sign of life."
            ),
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **documented(503),
    },
)
async def stream_events(
    request: Request,
    group_id: Annotated[
        str | None, Query(pattern=GROUP_ID, description="Only of this group.")
    ] = None,
    last_event_id: Annotated[
        str | None,
        Header(max_length=100, description="Id of the last message seen: continue after it."),
    ] = None,
) -> Response:
    """Send every event of an incident as it is published."""
    hub = context_of(request).hub
    if hub.full:
        detail = f"all {hub.reader_count} streams are taken; poll /api/v1/incidents instead"
        return problem(503, detail, headers={"Retry-After": str(10 * RETRY_MS // 1000)})
    return EventStream(hub, group_id, last_event_id)


def _is_wanted(incident: IncidentView, filters: IncidentFilters) -> bool:
    event, who = incident.latest, incident.identity
    return (
        filters.state in (None, incident.state)
        and filters.group in (None, who.name)
        and filters.group_id in (None, who.id)
        and filters.kind in (None, event.kind)
        and filters.severity in (None, event.severity)
        and (filters.since is None or parse_time(event.ts_event) >= filters.since)
    )


def _chosen(items: Sequence[JournalItem], filters: JournalFilters) -> Sequence[JournalItem]:
    """Pick the changes that are wanted; what is not asked about costs nothing."""
    if filters.group is not None:
        items = [each for each in items if each.identity.name == filters.group]
    if filters.group_id is not None:
        items = [each for each in items if each.identity.id == filters.group_id]
    if filters.subject is not None:
        of_edges = filters.subject == "edge"
        items = [each for each in items if (each.component < 0) == of_edges]
    if filters.change is not None:
        items = [each for each in items if each.change == filters.change]
    if filters.since is not None:
        items = [each for each in items if each.time >= filters.since]
    return items
