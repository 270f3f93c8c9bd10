"""Routes for feedback: `daemon.http.feedback`, over a pipeline that hears in a thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest
from pydantic import SecretStr

from daemon.app import sections_of
from daemon.config import ServerSection
from daemon.http import feedback
from daemon.http.server import HttpServer
from daemon.mailbox import Mailbox
from daemon.pipeline import PartitionPipeline
from daemon.readmodel.views import IncidentState
from daemon.records import NANOSECONDS
from daemon.times import parse_time
from shown import World, broken_world, hearing

TOKEN = "only we know it"
LOGIN = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def world() -> World:
    """Return two groups of which the first has an incident."""
    return broken_world()


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[httpx.Client]:
    """Speak to a server whose letters are delivered every few milliseconds."""
    with served(world, world.pipeline) as client:
        yield client


@pytest.fixture
def say(client: httpx.Client) -> Callable[..., httpx.Response]:
    """Return a way to say something."""

    def post(**said: Any) -> httpx.Response:  # noqa: ANN401 - JSON
        return client.post("/feedback", json=said)

    return post


def ids(client: httpx.Client) -> tuple[str, str]:
    """Id of the incident, and of its group."""
    (incident,) = client.get("/incidents").json()["items"]
    return incident["id"], incident["group_id"]


def test_an_incident_that_was_none_is_told_listed_and_undone(
    client: httpx.Client, say: Callable[..., httpx.Response], world: World
) -> None:
    """The note has the incident's pattern; it stands in the list until it is undone."""
    incident_id, group_id = ids(client)
    incident = world.pipeline.groups["a"].tracker.current
    assert incident is not None

    answer = say(label="NOT_ANOMALY", incident_id=incident_id)
    assert answer.status_code == 201
    (note,) = answer.json()["items"]
    assert answer.json()["saved"]
    assert max(note["pattern"], key=note["pattern"].get).startswith("errors{")
    assert note["lift"] == pytest.approx(1.25 * incident.peak)

    listed = client.get(f"/groups/{group_id}/feedback").json()
    assert listed["items"] == [note]
    undone = client.delete(f"/groups/{group_id}/feedback/{note['number']}")
    assert undone.json()["items"] == [note]
    assert client.get(f"/groups/{group_id}/feedback").json()["items"] == []


def test_an_incident_is_expected_every_day(
    client: httpx.Client, say: Callable[..., httpx.Response]
) -> None:
    """The window is the incident's, from its start to its last event."""
    incident_id, group_id = ids(client)
    shown = client.get(f"/incidents/{incident_id}").json()["latest"]

    (note,) = say(label="EXPECTED", incident_id=incident_id, every="day").json()["items"]

    assert note["window_start"] == shown["approx_start"]
    assert note["window_s"] > 0
    assert note["period_s"] == 86_400
    assert note["pattern"]
    client.delete(f"/groups/{group_id}/feedback/{note['number']}")


@contextmanager
def served(world: World, pipeline: PartitionPipeline) -> Iterator[httpx.Client]:
    """Speak to a server of a world's model, behind which a pipeline hears."""
    mailbox, section = Mailbox(), ServerSection(host="127.0.0.1", port=0, token=SecretStr(TOKEN))
    with (
        hearing(mailbox, pipeline),
        HttpServer(section, world.telemetry, world.health, world.model, mailbox) as server,
        httpx.Client(
            base_url=f"http://127.0.0.1:{server.port}/api/v1", timeout=30, headers=LOGIN
        ) as client,
    ):
        yield client


def test_the_peak_is_what_the_engine_knows_by_then() -> None:
    """No event has told yet how far an open incident has gone."""
    world = broken_world()
    (known,) = world.model.view.incidents.values()
    incident = world.pipeline.groups["a"].tracker.current
    assert incident is not None
    incident.peak = 1.2 * known.latest.peak_score  # as the next frames might, without an event

    with served(world, world.pipeline) as client:
        said = {"label": "NOT_ANOMALY", "incident_id": known.latest.incident_id}
        (note,) = client.post("/feedback", json=said).json()["items"]

    assert note["lift"] == pytest.approx(1.25 * 1.2 * known.latest.peak_score)


def test_an_incident_that_was_restored_is_known_at_once() -> None:
    """Before the read model has seen anything of it; once it has, it shows it."""
    before, after = broken_world(), World()
    (known,) = before.model.view.incidents.values()
    incident_id, group_id = known.latest.incident_id, known.identity.id
    restored = PartitionPipeline.restored(before.pipeline.capture(), sections_of(before.config))
    said = {"label": "NOT_ANOMALY", "incident_id": incident_id}

    with served(after, restored) as client:
        answer = client.post("/feedback", json=said)
        after.model.refresh([restored], after.clock.now())
        (shown,) = client.get("/incidents", params={"state": "open"}).json()["items"]
        listed = client.get(f"/groups/{group_id}/feedback")

    assert answer.status_code == 201
    assert (answer.json()["group_id"], answer.json()["group"]) == (group_id, "a")
    assert (shown["id"], shown["group_id"]) == (incident_id, group_id)
    assert listed.json()["items"] == answer.json()["items"]


def test_of_an_incident_long_over_what_was_published_counts(world: World) -> None:
    """A group remembers its last one alone; the page may still show an older one."""
    (known,) = world.model.view.incidents.values()
    past = msgspec.structs.replace(known.latest, incident_id="past", peak_score=7.0)
    older = msgspec.structs.replace(known, latest=past, state=IncidentState.RESOLVED)
    elsewhere = World()
    incidents = {"past": older}
    elsewhere.model.view = replace(world.model.view, incidents=incidents)

    with served(elsewhere, world.pipeline) as client:
        said = {"label": "NOT_ANOMALY", "incident_id": "past"}
        answer = client.post("/feedback", json=said).json()
        number = answer["items"][0]["number"]
        client.delete(f"/groups/{answer['group_id']}/feedback/{number}")

    assert answer["items"][0]["lift"] == pytest.approx(1.25 * 7.0)


def test_an_incident_known_by_its_events_ends_with_the_last(world: World) -> None:
    """One step after it."""
    (known,) = world.model.view.incidents.values()

    found = feedback._finding(known, None, 1.0)

    assert found.end == parse_time(known.latest.ts_event) + NANOSECONDS


def test_the_peak_is_that_of_the_whole_incident(world: World) -> None:
    """Also where no event told of it until the resolve, which is not the worst one."""
    (known,) = world.model.view.incidents.values()
    peak = 1.4 * known.worst.peak_score
    resolved = msgspec.structs.replace(
        known, latest=msgspec.structs.replace(known.latest, score=0.1, peak_score=peak)
    )

    found = feedback._finding(resolved, None, 1.0)

    assert found.peak == peak


@pytest.mark.parametrize(("kind", "silent"), [("silence", True), ("group", True), ("level", False)])
def test_a_silence_is_known_as_one(world: World, kind: str, silent: bool) -> None:  # noqa: FBT001
    """What may be said of it depends on that."""
    (known,) = world.model.view.incidents.values()
    latest = msgspec.structs.replace(known.latest, kind=kind)

    found = feedback._finding(msgspec.structs.replace(known, latest=latest), None, 1.0)

    assert found.silent == silent


def test_a_window_of_a_whole_group(
    client: httpx.Client, say: Callable[..., httpx.Response]
) -> None:
    """Without an incident the request says when; any pattern is expected then."""
    _, group_id = ids(client)
    window = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T01:00:00Z"}

    (note,) = say(label="EXPECTED", group_id=group_id, **window).json()["items"]

    assert (note["window_start"], note["window_s"]) == ("2026-01-01T00:00:00Z", 3600)
    assert (note["period_s"], note["pattern"]) == (604_800, {})
    client.delete(f"/groups/{group_id}/feedback/{note['number']}")


def test_an_anomaly_is_kept_out_of_learning(
    client: httpx.Client, say: Callable[..., httpx.Response], world: World
) -> None:
    """What goes on is barred, until it is undone."""
    incident_id, group_id = ids(client)

    (note,) = say(label="ANOMALY", incident_id=incident_id).json()["items"]

    assert world.pipeline.groups["a"].detector.barred
    client.delete(f"/groups/{group_id}/feedback/{note['number']}")
    assert not world.pipeline.groups["a"].detector.barred


def test_a_relation_is_muted(
    client: httpx.Client, say: Callable[..., httpx.Response], world: World
) -> None:
    """Its ends are named by their keys."""
    _, group_id = ids(client)
    ends = list(world.pipeline.groups["a"].detector.series[:2])

    (note,) = say(label="MUTED_RELATION", group_id=group_id, relation=ends).json()["items"]

    assert note["relation"] == sorted(ends)
    client.delete(f"/groups/{group_id}/feedback/{note['number']}")


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        ({"label": "NOT_ANOMALY"}, 422, "either incident_id or group_id"),
        ({"label": "FINE", "group_id": "0" * 16}, 422, "label"),
        ({"label": "NEW_TREND", "incident_id": "nothing"}, 404, "no incident"),
        ({"label": "NEW_TREND", "group_id": "0" * 16}, 404, "no group"),
        ({"label": "NOT_ANOMALY", "group_id": "0" * 16}, 422, "series says"),
        ({"label": "EXPECTED", "group_id": "0" * 16}, 422, "start and end"),
        ({"label": "MUTED_RELATION", "group_id": "0" * 16}, 422, "two ends"),
        ({"label": "NEW_TREND", "group_id": "0" * 16, "sort": 1}, 422, "sort"),
    ],
)
def test_nonsense_is_refused(
    say: Callable[..., httpx.Response], said: dict[str, Any], status: int, words: str
) -> None:
    """A problem says what is wrong."""
    answer = say(**said)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.json()["detail"]


def test_a_series_nobody_knows_is_refused_by_the_detector(
    client: httpx.Client, say: Callable[..., httpx.Response]
) -> None:
    """What the detector refuses is told in its words."""
    _, group_id = ids(client)

    answer = say(label="NOT_ANOMALY", group_id=group_id, series=["x"])

    assert (answer.status_code, answer.json()["detail"]) == (422, "no series 'x'")
    assert client.delete(f"/groups/{group_id}/feedback/77777").status_code == 404


def test_an_engine_that_does_not_hear_is_unavailable(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever says something is told that nobody heard it."""
    monkeypatch.setattr(feedback, "ANSWER_SECONDS", 0.05)
    section = ServerSection(host="127.0.0.1", port=0, token=SecretStr(TOKEN))
    with HttpServer(section, world.telemetry, world.health, world.model) as server:
        base = f"http://127.0.0.1:{server.port}/api/v1"
        group = httpx.get(f"{base}/groups").json()["items"][0]["id"]
        said = {"label": "NEW_TREND", "group_id": group}
        answer = httpx.post(f"{base}/feedback", json=said, headers=LOGIN)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_of_what_is_still_restored_nobody_says_that_it_is_not_there() -> None:
    """Until the engine has its partitions; from then on it is a plain 404."""
    world, group = World(), "0" * 16
    said = {"label": "NEW_TREND", "group_id": group}
    paths = ["/incidents/x", f"/groups/{group}", f"/groups/{group}/feedback"]

    def ask(client: httpx.Client) -> list[httpx.Response]:
        asked = [client.get(path) for path in paths]
        return [*asked, client.post("/feedback", json=said)]

    with served(world, world.pipeline) as client:
        before = ask(client)
        world.model.refresh([], world.clock.now(), settled=False)
        between = ask(client)
        world.model.refresh([], world.clock.now(), settled=True)
        after = ask(client)

    assert [each.status_code for each in (*before, *between)] == [503] * 8
    assert {each.headers["retry-after"] for each in (*before, *between)} == {"5"}
    assert [each.status_code for each in after] == [404] * 4


@pytest.mark.parametrize("login", ["", "Bearer", "Bearer another one", f"Basic {TOKEN}"])
def test_without_the_token_nothing_changes(client: httpx.Client, world: World, login: str) -> None:
    """Neither is anything told nor taken back, whatever the request; reading is open."""
    _, group_id = ids(client)
    headers = {"Authorization": login}
    before = world.pipeline.groups["a"].detector.notes
    said = {"label": "NEW_TREND", "group_id": group_id}

    answers = [
        client.post("/feedback", json=said, headers=headers),
        client.delete(f"/groups/{group_id}/feedback/0", headers=headers),
    ]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].headers["www-authenticate"] == "Bearer"
    assert world.pipeline.groups["a"].detector.notes == before
    assert client.get(f"/groups/{group_id}/feedback", headers=headers).status_code == 200


def test_a_service_without_a_token_refuses_every_change(world: World) -> None:
    """It says which setting is missing."""
    section = ServerSection(host="127.0.0.1", port=0)
    with HttpServer(section, world.telemetry, world.health, world.model) as server:
        url = f"http://127.0.0.1:{server.port}/api/v1/feedback"
        said = {"label": "NEW_TREND", "group_id": "0" * 16}
        answer = httpx.post(url, json=said, headers=LOGIN)

    assert answer.status_code == 403
    assert "server.token" in answer.json()["detail"]
