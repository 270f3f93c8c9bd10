"""Routes about groups: `daemon.http.groups`."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from shown import METRICS, World

GroupId = Callable[[str], str]


def test_every_group_is_listed_once_over_all_pages(client: httpx.Client, world: World) -> None:
    """Pages of any size add up to the whole list, in order of name."""
    seen: list[str] = []
    parameters: dict[str, str | int] = {"limit": 2}
    while True:
        page = client.get("/api/v1/groups", params=parameters).json()
        seen += [item["name"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        parameters["cursor"] = page["next_cursor"]

    assert seen == sorted(world.pipeline.groups)


def test_the_highest_score_can_come_first(client: httpx.Client) -> None:
    """Who looks for trouble need not read every page."""
    items = client.get("/api/v1/groups", params={"sort": "score"}).json()["items"]
    again = client.get("/api/v1/groups", params={"sort": "score", "limit": 1}).json()
    second = client.get(
        "/api/v1/groups", params={"sort": "score", "limit": 1, "cursor": again["next_cursor"]}
    ).json()

    scores = [item["score"] for item in items]
    assert scores == sorted(scores, reverse=True)
    assert [items[0]["id"], items[1]["id"]] == [again["items"][0]["id"], second["items"][0]["id"]]


@pytest.mark.parametrize("place", range(9))
def test_any_name_is_found_by_its_id(client: httpx.Client, world: World, place: int) -> None:
    """Slashes, percent signs, line ends, markup and ten thousand letters are only text."""
    service = world.services[place]
    listed = client.get("/api/v1/groups", params={"limit": 100}).json()["items"]
    wanted = next(item for item in listed if item["labels"] == {"service": service})

    one = client.get(f"/api/v1/groups/{wanted['id']}").json()
    by_name = client.get("/api/v1/groups", params={"name": wanted["name"]}).json()["items"]

    assert one == wanted
    assert [item["id"] for item in by_name] == [wanted["id"]]


def test_filters_narrow_the_list(client: httpx.Client) -> None:
    """By a part of the name in any case, and by health."""
    named = client.get("/api/v1/groups", params={"contains": "SVC%20"}).json()["items"]
    ill = client.get("/api/v1/groups", params={"health": "incident"}).json()["items"]

    assert [item["name"] for item in named] == ["svc%20a", "svc%20b"]
    assert [item["name"] for item in ill] == ["svc%20a"]
    assert len(ill[0]["incidents_open"]) == 1


def test_scores_are_listed_from_a_time_on(
    client: httpx.Client, world: World, group_id: GroupId
) -> None:
    """The oldest first, one a tick, at most as many as asked for."""
    path = f"/api/v1/groups/{group_id('svc%20a')}"
    points = client.get(f"{path}/scores").json()["points"]
    since = client.get(f"{path}/scores", params={"since": points[-5]["time"]}).json()["points"]
    few = client.get(f"{path}/scores", params={"limit": 3}).json()["points"]
    recent = client.get(path, params={"recent": 2}).json()["recent_scores"]

    kept = world.model.view.groups[group_id("svc%20a")].history
    assert len(points) == len(kept.ticks)
    assert since == points[-5:]
    assert few == points[-3:]
    assert recent == [point["score"] for point in points[-2:]]


def test_components_name_their_series(client: httpx.Client, group_id: GroupId) -> None:
    """One common cause: one component, in which every series has its weight."""
    path = f"/api/v1/groups/{group_id('svc%20b')}/components"
    answer = client.get(path).json()
    top = client.get(path, params={"top": 2}).json()

    assert len(answer["components"]) == 1
    assert len(answer["components"][0]["series"]) == len(METRICS)
    assert answer["components"][0]["energy_ratio"] > 0.5
    assert top["components"][0]["series"] == answer["components"][0]["series"][:2]


def test_associations_are_paged_by_strength(client: httpx.Client, group_id: GroupId) -> None:
    """Pages of one add up to the list, the strongest first."""
    path = f"/api/v1/groups/{group_id('svc%20b')}/edges"
    whole = client.get(path).json()["items"]
    seen: list[dict[str, object]] = []
    cursor: str | None = None
    for _ in whole:
        parameters = {"limit": 1} | ({} if cursor is None else {"cursor": cursor})
        page = client.get(path, params=parameters).json()
        seen += page["items"]
        cursor = page["next_cursor"]

    weights = [abs(edge["weight"]) for edge in whole]
    assert len(whole) == 6
    assert weights == sorted(weights, reverse=True)
    assert seen == whole
    assert cursor is None


def test_associations_of_one_series(client: httpx.Client, group_id: GroupId) -> None:
    """A series has one with each of its three peers; an unknown series has none."""
    path = f"/api/v1/groups/{group_id('svc%20b')}"
    key = client.get(f"{path}/series").json()["items"][0]["key"]

    ours = client.get(f"{path}/edges", params={"series": key}).json()["items"]
    none = client.get(f"{path}/edges", params={"series": "no such"}).json()["items"]
    strong = client.get(f"{path}/edges", params={"weight_min": 1}).json()["items"]

    assert len(ours) == 3
    assert all(key in (edge["source"], edge["target"]) for edge in ours)
    assert none == strong == []


def test_series_are_listed_with_their_labels(client: httpx.Client, group_id: GroupId) -> None:
    """Names and labels come back as they were sent, page by page."""
    path = f"/api/v1/groups/{group_id('svc%20a')}/series"
    first = client.get(path, params={"limit": 3}).json()
    rest = client.get(path, params={"limit": 3, "cursor": first["next_cursor"]}).json()

    items = first["items"] + rest["items"]
    assert sorted(item["name"] for item in items) == sorted(METRICS)
    assert items[0]["labels"] == {"host": "web <svc>", "service": "svc a"}
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("part", ["", "/series", "/scores", "/components", "/edges"])
def test_a_group_that_is_not_here_is_a_problem(client: httpx.Client, part: str) -> None:
    """404 says where to look."""
    answer = client.get(f"/api/v1/groups/0000000000000000{part}")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "/api/v1/groups" in answer.json()["detail"]
