"""Routes about groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from daemon.events import rfc3339
from daemon.http import group_documents as documents
from daemon.http.context import (
    Context,
    Picture,
    absent,
    context_of,
    group_name_key,
    group_score_key,
)
from daemon.http.documents import answering, nanoseconds
from daemon.http.paging import Filters, Paging, page
from daemon.http.problems import documented
from daemon.readmodel.views import GraphView, GroupView
from daemon.times import RequestTime

RECENT_MAX = 240
SCORES_MAX = 100_000
TOP_MAX = 100

router = APIRouter(
    prefix="/api/v1/groups",
    tags=["groups"],
    responses={304: {"description": "The reader has it already."}, **documented(422)},
)
MISSING = documented(404, 503)

GroupId = Annotated[
    str, Path(pattern=r"^[0-9a-f]{16}$", description="The `id` of a group in the list of groups.")
]


class GroupFilters(Paging):
    """Which groups, in which order."""

    sort: Literal["name", "score"] = Field(
        default="name",
        description="score: the highest first; scores move, so that pages may overlap.",
    )
    name: str | None = Field(default=None, description="Exactly this name.")
    contains: str | None = Field(default=None, description="Names that contain this, in any case.")
    health: documents.Health | None = Field(default=None, description="In this state.")
    recent: int = Field(
        default=0, ge=0, le=RECENT_MAX, description="Last scores to show of each group."
    )


class ScoreFilters(Filters):
    """Which scores."""

    since: RequestTime | None = Field(default=None, description="At or after this event time.")
    limit: int = Field(default=SCORES_MAX, ge=1, le=SCORES_MAX, description="The last so many.")


class ComponentFilters(Filters):
    """How much of each component."""

    top: int = Field(default=10, ge=1, le=TOP_MAX, description="Series of each component.")


class EdgeFilters(Paging):
    """Which associations."""

    series: str | None = Field(default=None, description="With this series (its key) at an end.")
    weight_min: float = Field(default=0.0, ge=0, le=1, description="At least this strong.")


@router.get("", response_model=None, responses=answering(documents.GroupPage),
            summary="Every group, and how it stands")  # fmt: skip
async def list_groups(request: Request, filters: Annotated[GroupFilters, Query()]) -> Response:
    """List groups; several partitions may hold groups of the same name."""
    context = context_of(request)
    picture = context.picture()

    def make() -> documents.GroupPage:
        by_name = filters.sort == "name"
        groups = picture.groups_by_name if by_name else picture.groups_by_score
        chosen = _chosen(context, picture, groups, filters)
        key = group_name_key if by_name else group_score_key
        shown, next_cursor = page(chosen, key, filters)
        items = [_summary(context, picture, group, filters.recent) for group in shown]
        complete = picture.view.settled
        return documents.GroupPage(items=items, next_cursor=next_cursor, complete=complete)

    return context.answers.answer(request, picture.view, make)


@router.get("/{group_id}", response_model=None,
            responses={**answering(documents.GroupSummary), **MISSING},
            summary="One group")  # fmt: skip
async def show_group(
    request: Request,
    group_id: GroupId,
    recent: Annotated[int, Query(ge=0, le=RECENT_MAX, description="Last scores to show.")] = 0,
) -> Response:
    """Show how one group stands."""
    context, picture, group = _find(request, group_id)
    return context.answers.answer(
        request, picture.view, lambda: _summary(context, picture, group, recent)
    )


@router.get("/{group_id}/series", response_model=None,
            responses={**answering(documents.SeriesPage), **MISSING},
            summary="A group's series")  # fmt: skip
async def list_series(
    request: Request, group_id: GroupId, paging: Annotated[Paging, Query()]
) -> Response:
    """List the series that are learnt together, in the detector's order."""
    context, picture, group = _find(request, group_id)

    def make() -> documents.SeriesPage:
        places, next_cursor = page(
            range(len(group.members)), lambda place: place.to_bytes(8, "big"), paging
        )
        members = (group.members[place] for place in places)
        items = [
            documents.SeriesDocument(key=each.key, name=each.name, labels=dict(each.labels))
            for each in members
        ]
        return documents.SeriesPage(items=items, next_cursor=next_cursor)

    return context.answers.answer(request, picture.view, make)


@router.get("/{group_id}/scores", response_model=None,
            responses={**answering(documents.Scores), **MISSING},
            summary="A group's last scores")  # fmt: skip
async def list_scores(
    request: Request, group_id: GroupId, filters: Annotated[ScoreFilters, Query()]
) -> Response:
    """List the last scores, the oldest first, as far as they are kept in memory."""
    context, picture, group = _find(request, group_id)
    interval = context.model.about.interval
    return context.answers.answer(
        request,
        picture.view,
        lambda: documents.scores(group, interval, filters.since, filters.limit),
    )


@router.get("/{group_id}/components", response_model=None,
            responses={**answering(documents.Components), **MISSING},
            summary="A group's components")  # fmt: skip
async def list_components(
    request: Request, group_id: GroupId, filters: Annotated[ComponentFilters, Query()]
) -> Response:
    """List the components with the series they weigh most."""
    context, picture, _ = _find(request, group_id)
    graph = picture.view.graphs.get(group_id)

    def make() -> documents.Components:
        listed = [] if graph is None else documents.components(graph, filters.top)
        return documents.Components(group_id=group_id, as_of=_as_of(graph), components=listed)

    return context.answers.answer(request, picture.view, make)


@router.get("/{group_id}/edges", response_model=None,
            responses={**answering(documents.EdgePage), **MISSING},
            summary="A group's associations")  # fmt: skip
async def list_edges(
    request: Request, group_id: GroupId, filters: Annotated[EdgeFilters, Query()]
) -> Response:
    """List the learnt associations, the strongest first."""
    context, picture, _ = _find(request, group_id)
    graph = picture.view.graphs.get(group_id)

    def make() -> documents.EdgePage:
        if graph is None:
            return documents.EdgePage(items=[], next_cursor=None, as_of=None)
        interval = context.model.about.interval
        items, next_cursor = documents.edges(
            graph, interval, filters, filters.series, filters.weight_min
        )
        return documents.EdgePage(items=items, next_cursor=next_cursor, as_of=_as_of(graph))

    return context.answers.answer(request, picture.view, make)


def _find(request: Request, group_id: str) -> tuple[Context, Picture, GroupView]:
    context = context_of(request)
    picture = context.picture()
    group = picture.view.groups.get(group_id)
    if group is None:
        msg = f"there is no group {group_id} here now; /api/v1/groups lists those there are"
        raise absent(picture.view, msg)
    return context, picture, group


def _summary(
    context: Context, picture: Picture, group: GroupView, recent: int
) -> documents.GroupSummary:
    open_ids = picture.open_by_group.get(group.identity.id, [])
    return documents.summary(group, open_ids, context.model.about.trigger, recent)


def _chosen(
    context: Context, picture: Picture, groups: Sequence[GroupView], filters: GroupFilters
) -> Sequence[GroupView]:
    trigger = context.model.about.trigger
    if filters.name is not None:
        groups = [group for group in groups if group.identity.name == filters.name]
    if filters.contains is not None:
        part = filters.contains.casefold()
        groups = [group for group in groups if part in group.identity.name.casefold()]
    if filters.health is not None:
        groups = [
            group
            for group in groups
            if filters.health
            is documents.health_of(group, picture.open_by_group.get(group.identity.id, []), trigger)
        ]
    return groups


def _as_of(graph: GraphView | None) -> str | None:
    return None if graph is None else rfc3339(nanoseconds(graph.as_of))
