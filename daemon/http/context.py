"""What the routes share: one object per application, found from a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from fastapi import Request
from starlette.exceptions import HTTPException

from daemon.http.answers import Answers
from daemon.http.health import HealthState
from daemon.http.paging import falling_key, name_key
from daemon.http.problems import NotThere, NotYet
from daemon.http.stream import EventHub
from daemon.mailbox import Mailbox
from daemon.readmodel import ReadModel
from daemon.readmodel.views import GroupView, IncidentState, IncidentView, View
from daemon.telemetry import Telemetry


class Picture:
    """A view with the orders and look-ups that several routes need, each made at most once."""

    def __init__(self, view: View) -> None:
        self.view = view

    @cached_property
    def open_by_group(self) -> Mapping[str, list[str]]:
        """Ids of open incidents by group id."""
        found: dict[str, list[str]] = {}
        for incident in self.view.incidents.values():
            if incident.state is IncidentState.OPEN:
                found.setdefault(incident.identity.id, []).append(incident.latest.incident_id)
        return found

    @cached_property
    def groups_by_name(self) -> Sequence[GroupView]:
        """Groups in order of their name."""
        return sorted(self.view.groups.values(), key=group_name_key)

    @cached_property
    def groups_by_score(self) -> Sequence[GroupView]:
        """Groups in falling order of their score."""
        return sorted(self.view.groups.values(), key=group_score_key)

    @cached_property
    def incidents(self) -> Sequence[IncidentView]:
        """Incidents, the newest first."""
        return sorted(self.view.incidents.values(), key=lambda each: -each.sequence)

    @cached_property
    def series_count(self) -> int:
        """Series of all groups together."""
        return sum(len(group.members) for group in self.view.groups.values())


@dataclass(slots=True)
class Context:
    """What an application answers from.

    Attributes
    ----------
    model : ReadModel
        What the engine publishes.
    telemetry, health : Telemetry, HealthState
        What /metrics, /healthz and /readyz show.
    hub : EventHub
        The live stream.
    mailbox : Mailbox
        Where feedback goes.
    token : str or None
        What requests that change anything must carry; None refuses them all.
    answers : Answers
        Bodies made from the current view.
    """

    model: ReadModel
    telemetry: Telemetry
    health: HealthState
    hub: EventHub
    mailbox: Mailbox = field(default_factory=Mailbox)
    token: str | None = None
    answers: Answers = field(default_factory=Answers)
    _picture: Picture | None = None

    def picture(self) -> Picture:
        """Return the current view with what has been derived from it so far."""
        view = self.model.view
        if self._picture is None or self._picture.view is not view:
            self._picture = Picture(view)
        return self._picture


def context_of(request: Request) -> Context:
    """Find the context of the application that a request came to."""
    context: Context = request.app.state.context
    return context


def absent(view: View, detail: str) -> HTTPException:
    """Say what is not in a view: that it is not there, or not yet while partitions are shared out.

    Parameters
    ----------
    view : View
        Where it was looked for.
    detail : str
        What is said where it is not there.

    Returns
    -------
    HTTPException
        404 or 503.
    """
    if view.settled:
        return NotThere(detail)
    return NotYet("it is not known here yet: partitions are being shared out or restored")


def group_name_key(group: GroupView) -> bytes:
    """Place of a group in the order of names."""
    return name_key(group.identity.name, group.identity.id)


def group_score_key(group: GroupView) -> bytes:
    """Place of a group in the falling order of scores."""
    return falling_key(group.score, group.identity.id.encode())
