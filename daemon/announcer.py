"""What the events of one group have in common: who speaks, about when, under which ids.

Pure; an incident's own figures come from whoever tracks it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import numpy as np

from daemon.config import IncidentsSection
from daemon.events import (
    SCHEMA_VERSION,
    Event,
    EventEdge,
    EventSeries,
    EventService,
    Quality,
    Severity,
    Source,
    State,
    learning_name,
    rfc3339,
    rounded,
)
from daemon.moments import Moment
from daemon.records import NANOSECONDS, InputPartition
from daemon.relabel import compile_patterns
from hebbstream.results import Learning

#: Namespace of incident and event ids (RFC 9562 version 5); part of the contract.
NAMESPACE = uuid.UUID("6f1d3b52-6a0c-5f0e-9a43-2f8c1f3f7c11")


@dataclass(frozen=True, slots=True)
class TrackerIdentity:
    """What a group's events say about where they come from."""

    application_id: str
    partition: InputPartition
    group: str
    labels: Mapping[str, str]
    config_hash: str
    version: str


class Told(Protocol):
    """What every incident keeps, whatever it is about."""

    incident_id: str
    first_tick: int
    last_tick: int
    peak: float
    edges: tuple[EventEdge, ...]
    sequence: int


class Announcer:
    """Writes a group's events.

    Parameters
    ----------
    section : IncidentsSection
        Line of what is critical, and maintenance windows.
    identity : TrackerIdentity
        Where the events come from.
    interval_ns : int
        Grid step, nanoseconds.
    """

    def __init__(
        self, section: IncidentsSection, identity: TrackerIdentity, interval_ns: int
    ) -> None:
        self.interval_ns = interval_ns
        self._critical_score = section.critical_score
        self._identity = identity
        self._windows = _windows(section, identity.group)

    def in_maintenance(self, tick: int) -> bool:
        """Tell whether nothing may open at a tick."""
        time = self.stamp(tick)
        return any(start <= time < end for start, end in self._windows)

    def incident_id(self, tick: int, kind: str) -> str:
        """Return the id of an incident of this kind that opens at this tick."""
        who = self._identity
        parts = (
            who.application_id,
            who.partition.topic,
            str(who.partition.partition),
            who.group,
            str(self.stamp(tick)),
            kind,
        )
        return str(uuid.uuid5(NAMESPACE, "\n".join(parts)))

    def event(
        self,
        moment: Moment,
        incident: Told,
        state: State,
        *,
        kind: str,
        score: float,
        p_value: float,
        series: tuple[EventSeries, ...],
        services: tuple[EventService, ...],
    ) -> Event:
        """Write the next event of an incident.

        Parameters
        ----------
        moment : Moment
            The tick it is about.
        incident : Told
            The incident; its `sequence` has been moved on to this event.
        state : State
            What happened.
        kind : str
            Of the incident.
        score, p_value : float
            At this tick.
        series : tuple of EventSeries
            Those it names.
        services : tuple of EventService
            Those it points at.

        Returns
        -------
        Event
            To be published.
        """
        who, row, result = self._identity, moment.row, moment.result
        frame, block = moment.block.frames[row], moment.block
        ticks = incident.last_tick - incident.first_tick + 1
        critical = incident.peak >= self._critical_score
        event_id = uuid.uuid5(NAMESPACE, f"{incident.incident_id}\n{incident.sequence}")
        return Event(
            schema_version=SCHEMA_VERSION,
            event_id=str(event_id),
            incident_id=incident.incident_id,
            state=state,
            kind=kind,
            group=who.group,
            labels=dict(who.labels),
            ts_event=rfc3339(self.stamp(moment.tick)),
            ts_detected=rfc3339(int(block.watermarks[row])),
            approx_start=rfc3339(self.stamp(incident.first_tick)),
            duration_s=ticks * self.interval_ns / NANOSECONDS,
            score=score,
            peak_score=incident.peak,
            p_value=p_value,
            severity=Severity.CRITICAL if critical else Severity.WARNING,
            series=series,
            services=services,
            edges=incident.edges,
            quality=Quality(
                imputed_ratio=rounded(float(np.isnan(frame).mean())) if len(frame) else 0.0,
                warmup=int(result.learning[row]) == Learning.WARMUP,
                effective_samples=result.first_tick + row + 1,
            ),
            learning=learning_name(int(result.learning[row])),
            source=Source(who.partition.topic, who.partition.partition, int(block.offsets[row])),
            config_hash=who.config_hash,
            version=who.version,
        )

    def stamp(self, tick: int) -> int:
        """Return the grid time of a tick, the end of its step, Unix nanoseconds."""
        return (tick + 1) * self.interval_ns


def _windows(section: IncidentsSection, group: str) -> list[tuple[int, int]]:
    """Find the maintenance windows of a group, as Unix nanoseconds."""
    windows = []
    for window in section.maintenance:
        pattern = compile_patterns(window.groups)
        if pattern is not None and pattern.fullmatch(group):
            windows.append((_to_ns(window.start), _to_ns(window.end)))
    return windows


def _to_ns(text: str) -> int:
    """Read a time the configuration has checked."""
    since = datetime.fromisoformat(text) - datetime.fromtimestamp(0, UTC)
    return since // timedelta(microseconds=1) * 1000
