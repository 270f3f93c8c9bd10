"""Incidents as their events tell of them: `daemon.readmodel.incidents`."""

from __future__ import annotations

import msgspec
import pytest

from daemon.events import Event, State
from daemon.readmodel.incidents import HISTORY_MAX, IncidentBook
from daemon.readmodel.views import GroupIdentity, IncidentState
from daemon.records import InputPartition
from shown import broken_world

ONE = GroupIdentity("1" * 16, "one", {}, InputPartition("t", 0))
OTHER = GroupIdentity("2" * 16, "other", {}, InputPartition("t", 1))


@pytest.fixture(scope="module")
def event() -> Event:
    """Return an event as a pipeline makes it."""
    (incident,) = broken_world().model.view.incidents.values()
    return incident.latest


def told(event: Event, incident: str, state: State = State.OPEN, score: float = 1.0) -> Event:
    """Make an event of a given incident."""
    return msgspec.structs.replace(event, incident_id=incident, state=state, score=score)


def test_an_incident_opens_worsens_and_resolves(event: Event) -> None:
    """The worst event is kept beside the last one."""
    book = IncidentBook(10)

    book.take(ONE, told(event, "a"))
    book.take(ONE, told(event, "a", State.UPDATE, score=3.0))
    assert book.open_in(ONE.id)
    book.take(ONE, told(event, "a", State.RESOLVE, score=0.2))

    incident = book.all()["a"]
    assert not book.open_in(ONE.id)
    assert incident.state is IncidentState.RESOLVED
    assert (incident.latest.score, incident.worst.score) == (0.2, 3.0)
    assert [entry.state for entry in incident.history] == ["open", "update", "resolve"]
    assert incident.event_count == 3


def test_a_premature_resolve_is_taken_back(event: Event) -> None:
    """An update after the resolve opens the same incident again."""
    book = IncidentBook(10)
    for state in (State.OPEN, State.RESOLVE, State.UPDATE):
        book.take(ONE, told(event, "a", state))

    assert book.all()["a"].state is IncidentState.OPEN
    assert book.open_in(ONE.id)


def test_the_oldest_past_ones_go_first(event: Event) -> None:
    """Open incidents stay as long as there is a past one to drop."""
    book = IncidentBook(2)
    book.take(ONE, told(event, "open"))
    for name in ("first", "second"):
        book.take(OTHER, told(event, name))
        book.take(OTHER, told(event, name, State.RESOLVE))

    assert list(book.all()) == ["second", "open"]


def test_a_flood_of_open_ones_is_bounded_too(event: Event) -> None:
    """The oldest open one goes when there is nothing else to drop."""
    book = IncidentBook(2)
    for name in ("a", "b", "c"):
        book.take(ONE, told(event, name))

    assert list(book.all()) == ["b", "c"]
    assert book.open_in(ONE.id)


def test_a_group_that_leaves_takes_its_open_incidents_out_of_sight(event: Event) -> None:
    """They are neither open nor resolved: this process does not know."""
    book = IncidentBook(10)
    book.take(ONE, told(event, "a"))
    book.take(OTHER, told(event, "b"))

    assert book.leave(ONE.id)
    assert not book.leave(ONE.id)

    states = {key: each.state for key, each in book.all().items()}
    assert states == {"a": IncidentState.LEFT, "b": IncidentState.OPEN}


def test_an_incident_that_flaps_for_ever_stays_small(event: Event) -> None:
    """Its history is cut, its events are counted."""
    book = IncidentBook(1)
    for _ in range(HISTORY_MAX + 5):
        book.take(ONE, told(event, "a", State.UPDATE))

    incident = book.all()["a"]
    assert len(incident.history) == HISTORY_MAX
    assert incident.event_count == HISTORY_MAX + 5


def test_one_that_was_open_before_is_taken_up_once(event: Event) -> None:
    """An incident whose events are followed is known better by them."""
    book = IncidentBook(10)

    assert book.restore(ONE, told(event, "a"), 3)
    assert not book.restore(ONE, told(event, "a", score=9.0), 3)
    assert book.all()["a"].latest.score == 1.0
    book.take(ONE, told(event, "a", State.UPDATE, score=2.0))

    incident = book.all()["a"]
    assert book.open_in(ONE.id)
    assert (incident.opened, incident.event_count) == (event.approx_start, 4)
    assert [entry.state for entry in incident.history] == ["update"]
    assert incident.worst.score == 2.0


def test_events_that_were_missed_are_counted(event: Event) -> None:
    """One whose update came before it was taken up keeps that, and is told how many there were."""
    book = IncidentBook(10)
    book.take(ONE, told(event, "a", State.UPDATE, score=2.0))

    assert book.restore(ONE, told(event, "a"), 3)

    incident = book.all()["a"]
    assert (incident.event_count, incident.latest.score) == (3, 2.0)
