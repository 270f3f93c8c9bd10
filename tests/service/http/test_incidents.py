"""Routes about incidents and the journal: `daemon.http.incidents`."""

from __future__ import annotations

import json

import httpx
import pytest

from daemon.config import ServerSection
from daemon.events import encode_event, rfc3339
from daemon.http.server import HttpServer
from shown import World

LOOPBACK = ServerSection(host="127.0.0.1", port=0)


def test_an_open_incident_comes_with_its_explanation(client: httpx.Client) -> None:
    """Series with what was expected of them, relations with their weight before and now."""
    items = client.get("/api/v1/incidents", params={"state": "open", "explain": 5}).json()["items"]

    (incident,) = items
    assert incident["group"] == "svc%20a"
    assert incident["labels"] == {"service": "svc a"}
    assert incident["peak_score"] >= 1
    assert incident["series"][0]["name"] == "errors"
    assert incident["series"][0]["expected"] is not None
    assert incident["edges"][0]["weight_before"] > incident["edges"][0]["weight_now"]


@pytest.mark.parametrize("path", ["groups", "incidents", "journal"])
def test_a_list_says_whether_more_may_come(path: str) -> None:
    """Before a start has its partitions, that an incident is missing says nothing of it."""
    world = World(())
    with (
        HttpServer(LOOPBACK, world.telemetry, world.health, world.model) as server,
        httpx.Client(base_url=f"http://127.0.0.1:{server.port}/api/v1/") as client,
    ):
        world.model.refresh([], 0.0, settled=False)
        sharing = client.get(path).json()
        world.model.refresh([], 0.0)
        settled = client.get(path).json()

    assert sharing == {"items": [], "next_cursor": None, "complete": False}
    assert settled == {"items": [], "next_cursor": None, "complete": True}


def test_one_incident_is_shown_with_its_events(client: httpx.Client, world: World) -> None:
    """The last event stands there as it was published, field by field."""
    (known,) = world.model.view.incidents.values()

    shown = client.get(f"/api/v1/incidents/{known.latest.incident_id}").json()

    assert shown["latest"] == json.loads(encode_event(known.latest))
    assert shown["worst"]["score"] == max(entry["score"] for entry in shown["history"])
    assert shown["history"][0]["state"] == "open"
    assert shown["event_count"] == len(shown["history"])


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"group": "svc%20a"}, 1),
        ({"group": "svc a"}, 0),
        ({"state": "resolved"}, 0),
        ({"kind": "relation"}, 1),
        ({"kind": "level"}, 0),
        ({"group_id": "0" * 16}, 0),
        ({"since": "2023-11-14T22:00:00Z"}, 1),
        ({"since": "2033-11-14T22:00:00+02:00"}, 0),
        ({"explain": 0}, 1),
    ],
)
def test_filters_narrow_the_list(
    client: httpx.Client, filters: dict[str, str | int], count: int
) -> None:
    """Every filter is applied, and all together."""
    items = client.get("/api/v1/incidents", params=filters).json()["items"]

    assert len(items) == count


def test_an_unknown_incident_is_a_problem(client: httpx.Client) -> None:
    """404 says where it may be found."""
    answer = client.get("/api/v1/incidents/nothing")

    assert answer.status_code == 404
    assert "events topic" in answer.json()["detail"]


def test_the_journal_is_paged_from_the_newest(client: httpx.Client, world: World) -> None:
    """Pages of seven add up to everything that is kept."""
    numbers: list[int] = []
    cursor = None
    while cursor is not None or not numbers:
        parameters = {"limit": 7} | ({} if cursor is None else {"cursor": cursor})
        page = client.get("/api/v1/journal", params=parameters).json()
        numbers += [item["sequence"] for item in page["items"]]
        cursor = page["next_cursor"]

    assert numbers == [item.sequence for item in reversed(world.model.view.journal)]


def test_the_journal_tells_edges_from_components(client: httpx.Client) -> None:
    """The filter and what an entry says of itself agree."""
    edges = client.get("/api/v1/journal", params={"subject": "edge", "change": "grown"}).json()
    parts = client.get("/api/v1/journal", params={"subject": "component"}).json()

    assert {item["subject"] for item in edges["items"]} == {"edge"}
    assert all(item["source"] and item["component"] is None for item in edges["items"])
    assert all(item["subject"] == "component" for item in parts["items"])


def test_the_journal_is_cut_to_what_was_asked_for(client: httpx.Client, world: World) -> None:
    """Every filter alone and all together leave the same entries as reading them one by one."""
    known = world.model.view.journal[len(world.model.view.journal) // 2]
    who = known.identity
    filters = {"group": who.name, "group_id": who.id, "since": rfc3339(known.time)}

    by_name, by_id, later, by_all = (
        [
            item["sequence"]
            for item in client.get("/api/v1/journal", params={**each, "limit": 1000}).json()[
                "items"
            ]
        ]
        for each in (*({name: value} for name, value in filters.items()), filters)
    )

    newest_first = list(reversed(world.model.view.journal))
    assert by_name == [each.sequence for each in newest_first if each.identity.name == who.name]
    assert by_id == [each.sequence for each in newest_first if each.identity.id == who.id]
    assert later == [each.sequence for each in newest_first if each.time >= known.time]
    assert by_all == [number for number in by_id if number in later]
