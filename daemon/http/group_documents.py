"""Answers about groups: how they stand, their scores, and what they have learnt."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import numpy as np
from msgspec import Meta

from daemon.events import finite, kind_name, rounded
from daemon.http.documents import Complete, Document, Page, Timestamp
from daemon.http.paging import Paging, page
from daemon.readmodel.views import F32, GraphView, GroupView
from daemon.records import NANOSECONDS
from daemon.times import shown_time, shown_times

_DECIMALS = 4


class Health(StrEnum):
    """How a group is, in one word; the first that applies.

    `silent`: no series had a sample in the last frame. `incident`: an incident is open. `warmup`:
    not judged yet. `elevated`: the score is above the alert line without an incident (a policy or
    a maintenance window forbids it, or it has just begun). `normal`: none of these.
    """

    SILENT = "silent"
    INCIDENT = "incident"
    WARMUP = "warmup"
    ELEVATED = "elevated"
    NORMAL = "normal"


class GroupSummary(Document, frozen=True, kw_only=True, gc=False):
    """One group after its last frame."""

    id: Annotated[
        str, Meta(description="16 hexadecimal digits; use it in paths, names may hold anything.")
    ]
    name: str
    labels: dict[str, str]
    topic: str
    partition: int
    health: Health
    learning: Annotated[
        str, Meta(description="warmup, normal, quarantined, held, adopted or restored.")
    ]
    pace: Annotated[
        float,
        Meta(
            description="How many times faster than its memory the group is learnt; above 1 it"
            " drifts."
        ),
    ]
    series: int
    components: int
    edges: int
    frames: Annotated[int, Meta(description="Frames its detector has seen.")]
    missing_ratio: Annotated[
        float, Meta(description="Share of series without a sample in the last frame.")
    ]
    frame_time: Annotated[Timestamp, Meta(description="Event time of the last frame.")]
    watermark: Annotated[Timestamp, Meta(description="Event time that closed it.")]
    score: Annotated[float, Meta(description="1.0 is the alert line.")]
    p_value: float
    kind: Annotated[str, Meta(description="The channel that speaks loudest: level or relation.")]
    incidents_open: Annotated[list[str], Meta(description="Ids of open incidents.")]
    recent_scores: Annotated[
        list[float],
        Meta(description="The last scores, the oldest first; as many as `recent` asks for."),
    ]


class GroupPage(Page[GroupSummary], frozen=True, kw_only=True, gc=False):
    """Groups."""

    complete: Complete


class SeriesDocument(Document, frozen=True, kw_only=True, gc=False):
    """One series of a group."""

    key: Annotated[str, Meta(description='`name{label="value",...}`, as in edges.')]
    name: str
    labels: dict[str, str]


class SeriesPage(Page[SeriesDocument], frozen=True, kw_only=True, gc=False):
    """Series in the detector's order."""


class ScorePoint(Document, frozen=True, kw_only=True, gc=False):
    """One tick's verdict."""

    time: Timestamp
    score: float
    p_value: float
    kind: str


class Scores(Document, frozen=True, kw_only=True, gc=False):
    """A group's last scores, the oldest first."""

    group_id: str
    interval_s: float
    points: list[ScorePoint]


class ComponentSeries(Document, frozen=True, kw_only=True, gc=False):
    """A series in a component."""

    series: str
    weight: float


class Component(Document, frozen=True, kw_only=True, gc=False):
    """One hidden variable: what several series have in common."""

    index: int
    energy_ratio: Annotated[float, Meta(description="Its share of the energy of the group.")]
    series: Annotated[list[ComponentSeries], Meta(description="Those with the largest weights.")]


class Components(Document, frozen=True, kw_only=True, gc=False):
    """A group's components."""

    group_id: str
    as_of: Annotated[
        Timestamp | None, Meta(description="When they were copied; null before the first.")
    ]
    components: list[Component]


class EdgeDocument(Document, frozen=True, kw_only=True, gc=False):
    """A learnt association of two series."""

    source: str
    target: str
    lag_s: Annotated[float, Meta(description="How far the source leads.")]
    weight: Annotated[float, Meta(description="Their correlation, -1 to 1.")]
    age_s: float


class EdgePage(Page[EdgeDocument], frozen=True, kw_only=True, gc=False):
    """Associations, the strongest first."""

    as_of: Annotated[
        Timestamp | None, Meta(description="When they were copied; null before the first.")
    ]


def health_of(group: GroupView, open_ids: list[str], trigger: float) -> Health:
    """Say in one word how a group is."""
    if group.missing_ratio >= 1.0:
        return Health.SILENT
    if open_ids:
        return Health.INCIDENT
    if group.learning == "warmup":
        return Health.WARMUP
    return Health.ELEVATED if group.score >= trigger else Health.NORMAL


def summary(group: GroupView, open_ids: list[str], trigger: float, recent: int) -> GroupSummary:
    """Describe a group, with its last `recent` scores."""
    who = group.identity
    scores = group.history.score[-recent:] if recent else group.history.score[:0]
    return GroupSummary(
        id=who.id,
        name=who.name,
        labels=who.labels,
        topic=who.partition.topic,
        partition=who.partition.partition,
        health=health_of(group, open_ids, trigger),
        learning=group.learning,
        pace=round(group.pace, 2),
        series=len(group.members),
        components=group.components,
        edges=group.edges,
        frames=group.frames,
        missing_ratio=rounded(group.missing_ratio),
        frame_time=shown_time(group.frame_time),
        watermark=shown_time(group.watermark),
        score=finite(group.score) or 0.0,
        p_value=group.p_value,
        kind=group.kind,
        incidents_open=open_ids,
        recent_scores=_shown_scores(scores),
    )


def scores(group: GroupView, interval_s: float, since: int | None, limit: int) -> Scores:
    """List a group's last scores at or after `since` (Unix nanoseconds), at most `limit`."""
    history, step = group.history, round(interval_s * NANOSECONDS)
    times = (history.ticks + 1) * step
    first = 0 if since is None else int(np.searchsorted(times, since))
    rows = slice(max(first, len(times) - limit), None)
    return Scores(
        group_id=group.identity.id,
        interval_s=interval_s,
        points=[
            ScorePoint(time=time, score=score, p_value=p_value, kind=kind_name(kind))
            for time, score, p_value, kind in zip(
                shown_times(times[rows]),
                _shown_scores(history.score[rows]),
                history.p_value[rows].tolist(),
                history.kind[rows].tolist(),
                strict=True,
            )
        ],
    )


def components(graph: GraphView, top: int) -> list[Component]:
    """List components with their `top` largest weights."""
    listed = []
    for index, (row, energy) in enumerate(
        zip(graph.components, graph.energies.tolist(), strict=True)
    ):
        strongest = np.argsort(-np.abs(row), kind="stable")[:top]
        listed.append(
            Component(
                index=index,
                energy_ratio=rounded(energy),
                series=[
                    ComponentSeries(series=graph.series[at], weight=rounded(row[at]))
                    for at in strongest.tolist()
                ],
            )
        )
    return listed


def edges(
    graph: GraphView, interval_s: float, paging: Paging, series: str | None, weight_min: float
) -> tuple[list[EdgeDocument], str | None]:
    """List a page of edges, the strongest first; returns it with the next page's cursor.

    Equal weights are told apart by their ends, so that the order is total.
    """
    table = graph.edges
    table = table[np.abs(table["weight"]) >= weight_min]
    if series is not None:
        at = graph.series.index(series) if series in graph.series else -1
        table = table[(table["source"] == at) | (table["target"] == at)]
    keys = np.zeros(len(table), dtype=[("w", ">u8"), ("s", ">u4"), ("t", ">u4"), ("l", ">u4")])
    strength = np.abs(table["weight"]).astype(np.float64)
    keys["w"] = np.uint64(2**64 - 1) - strength.view(np.uint64)
    keys["s"], keys["t"], keys["l"] = table["source"], table["target"], table["lag"]
    order = np.lexsort((keys["l"], keys["t"], keys["s"], keys["w"]))
    places, next_cursor = page(
        range(len(order)), lambda place: bytes(keys[order[place]].tobytes()), paging
    )
    shown = table[order[np.asarray(places, np.intp)]]
    return [
        EdgeDocument(
            source=graph.series[source],
            target=graph.series[target],
            lag_s=lag * interval_s,
            weight=rounded(weight),
            age_s=age * interval_s,
        )
        for source, target, lag, weight, age in zip(
            *(shown[name].tolist() for name in ("source", "target", "lag", "weight", "age_ticks")),
            strict=True,
        )
    ], next_cursor


def _shown_scores(scores: F32) -> list[float]:
    """Round scores to what they are worth; 0 where there is none."""
    values = scores.astype(np.float64)
    values[~np.isfinite(values)] = 0.0
    listed: list[float] = values.round(_DECIMALS).tolist()
    return listed
