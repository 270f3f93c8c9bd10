"""Incidents as their events tell of them: open and recent, within a bound."""

from __future__ import annotations

import msgspec

from daemon.events import Event, State
from daemon.readmodel.views import EventEntry, GroupIdentity, IncidentState, IncidentView

#: Lines kept of one incident's history; one that flaps for ever must not grow for ever.
HISTORY_MAX = 64


class IncidentBook:
    """Keeps the last word on every incident; when full, those that ended first go first.

    Parameters
    ----------
    limit : int
        Incidents kept, open and ended together.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: dict[str, IncidentView] = {}
        self._ended: dict[str, IncidentView] = {}
        self._open_by_group: dict[str, set[str]] = {}
        self._sequence = 0

    def take(self, identity: GroupIdentity, event: Event) -> None:
        """Take in one event of a group."""
        key = event.incident_id
        known = self._remove_open(key) or self._ended.pop(key, None)
        state = IncidentState.RESOLVED if event.state is State.RESOLVE else IncidentState.OPEN
        if known is None:
            self._sequence += 1
            incident = IncidentView(
                sequence=self._sequence,
                identity=identity,
                state=state,
                opened=event.ts_event,
                latest=event,
                worst=event,
                history=(_entry(event),),
                event_count=1,
            )
        else:
            incident = msgspec.structs.replace(
                known,
                identity=identity,
                state=state,
                latest=event,
                worst=event if event.score > known.worst.score else known.worst,
                history=(*known.history, _entry(event))[-HISTORY_MAX:],
                event_count=known.event_count + 1,
            )
        if state is IncidentState.OPEN:
            self._open[key] = incident
            self._open_by_group.setdefault(identity.id, set()).add(key)
        else:
            self._ended[key] = incident
        self._forget_the_oldest()

    def restore(self, identity: GroupIdentity, event: Event, told: int) -> bool:
        """Take in an open incident of which this process has seen no event, or none lately.

        Parameters
        ----------
        identity : GroupIdentity
            Whose.
        event : Event
            How the incident stands.
        told : int
            Events there were of it.

        Returns
        -------
        bool
            Whether that is more than was known.
        """
        key = event.incident_id
        if key in self._open:  # its latest events are known, though maybe not all
            fewer = self._open[key].event_count < told
            if fewer:
                self._open[key] = msgspec.structs.replace(self._open[key], event_count=told)
            return fewer
        known = self._ended.get(key)
        self.take(identity, event)
        # When it opened nobody knows any more, if not from its events.
        opened = event.approx_start if known is None else known.opened
        history = () if known is None else known.history
        self._open[key] = msgspec.structs.replace(
            self._open[key], opened=opened, history=history, event_count=told
        )
        return True

    def open_in(self, group_id: str) -> bool:
        """Tell whether a group has an open incident."""
        return group_id in self._open_by_group

    def leave(self, group_id: str) -> bool:
        """Mark a group's open incidents as followed no more; tells whether there were any."""
        leaving = sorted(self._open_by_group.get(group_id, ()))
        for key in leaving:
            incident = self._remove_open(key)
            if incident is not None:
                self._ended[key] = msgspec.structs.replace(incident, state=IncidentState.LEFT)
        return bool(leaving)

    def all(self) -> dict[str, IncidentView]:
        """Return every incident by id, the ended ones first."""
        return self._ended | self._open

    def _forget_the_oldest(self) -> None:
        while len(self._open) + len(self._ended) > self._limit:
            if self._ended:
                del self._ended[next(iter(self._ended))]
            else:
                self._remove_open(next(iter(self._open)))

    def _remove_open(self, key: str) -> IncidentView | None:
        incident = self._open.pop(key, None)
        if incident is not None:
            ours = self._open_by_group[incident.identity.id]
            ours.discard(key)
            if not ours:
                del self._open_by_group[incident.identity.id]
        return incident


def _entry(event: Event) -> EventEntry:
    return EventEntry(
        event_id=event.event_id,
        state=event.state.value,
        ts_event=event.ts_event,
        score=event.score,
        peak_score=event.peak_score,
        severity=event.severity.value,
    )
