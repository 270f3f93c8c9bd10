"""Answers about groups: `daemon.http.group_documents`."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from daemon.http.group_documents import Health, edges, health_of, scores, summary
from daemon.http.paging import Paging
from daemon.readmodel.views import GraphView, GroupView
from hebbstream.results import EDGE_DTYPE
from shown import World


@pytest.fixture(scope="module")
def group() -> GroupView:
    """Return a group past its warm-up."""
    (view,) = World(("a",)).drive(300).model.view.groups.values()
    return view


@pytest.mark.parametrize(
    ("changes", "open_ids", "health"),
    [
        ({}, [], Health.NORMAL),
        ({"score": 1.0}, [], Health.ELEVATED),
        ({"score": 1.0, "learning": "warmup"}, [], Health.WARMUP),
        ({"learning": "warmup"}, ["i"], Health.INCIDENT),
        ({"missing_ratio": 1.0}, ["i"], Health.SILENT),
    ],
)
def test_health_is_the_first_that_applies(
    group: GroupView, changes: dict[str, object], open_ids: list[str], health: Health
) -> None:
    """Silence before an incident before warm-up before the score."""
    changed = msgspec.structs.replace(group, **changes)

    assert health_of(changed, open_ids, trigger=1.0) is health


def test_figures_that_do_not_exist_are_not_shown_as_such(group: GroupView) -> None:
    """JSON knows no NaN."""
    history = msgspec.structs.replace(
        group.history, score=np.full_like(group.history.score, np.nan)
    )
    odd = msgspec.structs.replace(group, score=float("nan"), pace=2.346, history=history)

    shown = summary(odd, [], trigger=1.0, recent=2)

    assert (shown.score, shown.recent_scores) == (0.0, [0.0, 0.0])
    assert shown.pace == 2.35
    assert {point.score for point in scores(odd, 1.0, None, 10).points} == {0.0}


def test_edges_of_equal_weight_are_paged_without_loss() -> None:
    """Ends break ties, so that the order is total; a negative weight is as strong as a positive."""
    table = np.zeros(6, EDGE_DTYPE)
    table["source"], table["target"] = [0, 0, 0, 1, 1, 2], [1, 2, 3, 2, 3, 3]
    table["weight"] = [0.5, -0.5, 0.5, 0.5, -0.9, 0.5]
    graph = GraphView(0.0, ("a", "b", "c", "d"), table, np.zeros((0, 4), "f4"), np.zeros(0))

    seen: list[tuple[str, str]] = []
    cursor = None
    for _ in range(3):
        items, cursor = edges(graph, 1.0, Paging(limit=2, cursor=cursor), None, 0.0)
        seen += [(edge.source, edge.target) for edge in items]

    assert seen == [("b", "d"), ("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("c", "d")]
    assert cursor is None
