"""Scores to incidents: open, update, resolve. Pure; ticks are frames, counted per group.

An incident opens after `open_after` ticks in a row at or above `trigger`, and resolves after
`recover_after` ticks in a row below `recovery`. One that would open within `merge_gap` ticks of the
last one's resolve is the last one again: it is published as an `update` with its old id, which
tells a consumer that the resolve was premature; such an update does not count for `max_updates`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self, get_type_hints

import msgspec
import numpy as np

from daemon.announcer import Announcer, TrackerIdentity
from daemon.config import IncidentsSection, MetricRule
from daemon.events import Event, EventEdge, Role, State, finite, kind_name
from daemon.evidence import (
    EvidenceSum,
    Policy,
    Standing,
    describe_edges,
    describe_series,
    roles_of,
)
from daemon.moments import Moment
from daemon.records import FrameBlock, Series
from daemon.suspects import describe_services
from hebbstream.results import Kind, RunResult


@dataclass(slots=True)
class Incident:
    """One incident, open or resolved.

    Attributes
    ----------
    incident_id : str
        Its id.
    kind : Kind
        Of the channel that spoke loudest when it opened.
    first_tick : int
        First tick of the elevated run it began in.
    last_tick : int
        Last elevated tick so far.
    peak, published_peak : float
        Highest score so far, and at the last event.
    edges : tuple of EventEdge
        Broken relations at the tick of the highest score that had any.
    edges_score : float
        That tick's score.
    roles : dict
        Culprits and victims at that tick, by key.
    since : dict
        When a series first stood out by itself, by key: grid time, Unix nanoseconds.
    sequence, updates : int
        Events published; updates among them that count for the limit.
    calm : int
        Ticks below recovery in a row.
    resolved_frame : int
        Frame count at its resolve, -1 while it is open.
    """

    incident_id: str
    kind: Kind
    first_tick: int
    last_tick: int
    peak: float = 0.0
    published_peak: float = 0.0
    evidence: EvidenceSum = field(default_factory=EvidenceSum)
    edges: tuple[EventEdge, ...] = ()
    edges_score: float = 0.0
    roles: dict[str, Role] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)
    sequence: int = 0
    updates: int = 0
    calm: int = 0
    resolved_frame: int = -1

    def dump(self) -> dict[str, Any]:
        """Return it as JSON values, for `load`."""
        plain = {each.name: msgspec.to_builtins(getattr(self, each.name)) for each in _PLAIN}
        return plain | {"evidence": [self.evidence.keys, self.evidence.total.tolist()]}

    @classmethod
    def load(cls, plain: Mapping[str, Any]) -> Self:
        """Make it from what `dump` returned; fails when it is something else."""
        plain, hints = _LATER | dict(plain), get_type_hints(cls)
        values = {each.name: msgspec.convert(plain[each.name], hints[each.name]) for each in _PLAIN}
        keys, total = plain["evidence"]
        evidence = EvidenceSum(tuple(keys), np.array(total, np.float64))
        if evidence.total.shape != (len(evidence.keys),):
            msg = f"the evidence of incident {plain['incident_id']} does not fit its series"
            raise ValueError(msg)
        return cls(**values, evidence=evidence)


#: What the states of earlier versions do not have.
_LATER: dict[str, Any] = {"since": {}}
_PLAIN = tuple(each for each in fields(Incident) if each.name != "evidence")


class IncidentTracker:
    """Follows one group's scores.

    Parameters
    ----------
    section : IncidentsSection
        Lines, windows and limits.
    metrics : sequence of MetricRule
        Policy per metric.
    identity : TrackerIdentity
        Where the events come from.
    interval_ns : int
        Grid step, nanoseconds.

    Attributes
    ----------
    current : Incident or None
        The open incident.
    last : Incident or None
        The last one that was resolved.
    """

    def __init__(
        self,
        section: IncidentsSection,
        metrics: Sequence[MetricRule],
        identity: TrackerIdentity,
        interval_ns: int,
    ) -> None:
        self.current: Incident | None = None
        self.last: Incident | None = None
        self._section = section
        self._policy = Policy(metrics, section.top_series)
        self._announcer = Announcer(section, identity, interval_ns)
        self._latest: Moment | None = None
        self._frames = 0
        self._run_start: int | None = None
        self._triggered = 0

    def observe(
        self, block: FrameBlock, result: RunResult, members: Sequence[Series]
    ) -> list[Event]:
        """Take in a block's verdicts.

        Parameters
        ----------
        block : FrameBlock
            The frames.
        result : RunResult
            What the detector said of them.
        members : sequence of Series, length n
            The group's series in column order.

        Returns
        -------
        list of Event
            What to publish, in order.
        """
        count = len(block.ticks)
        if count and self.is_calm(float(result.score.max())):
            self.pass_by(count)
            return []
        alarming = np.flatnonzero(result.score >= self._section.trigger)
        events: list[Event] = []
        row = 0
        while row < count:
            if self.current is None and not self._triggered:
                later = int(np.searchsorted(alarming, row))
                upto = int(alarming[later]) if later < len(alarming) else count
                self._pass_calm(block, result, row, upto)
                row = upto
                if row == count:
                    break
            event = self._observe_tick(Moment(block, result, members, row))
            if event is not None:
                events.append(event)
            row += 1
        if count:
            last = Moment(block, result, members, count - 1)
            self._latest = last.alone() if self.current else None
        return events

    def is_calm(self, peak: float) -> bool:
        """Tell whether nothing is open or about to be, and no tick of a block is elevated.

        Parameters
        ----------
        peak : float
            Highest score of the block.
        """
        if self.current is not None or self._triggered:
            return False
        return peak < self._section.trigger and peak < self._section.recovery

    def pass_by(self, length: int) -> None:
        """Count the frames of a block that `is_calm`."""
        self._frames, self._run_start, self._latest = self._frames + length, None, None

    def end(self) -> Event | None:
        """Resolve the open incident because its group is gone.

        A group whose samples stopped for good makes no more frames to resolve it.

        Returns
        -------
        Event or None
            The resolve, as of the last frame; None when nothing is open.
        """
        if self.current is None or self._latest is None:
            return None
        return self._resolve(self.current, self._latest)

    def standing(self) -> Event | None:
        """Describe the open incident as of the last frame, under the id of its last event."""
        if self.current is None or self._latest is None:
            return None
        return self._describe(self.current, self._latest, State.UPDATE)

    def dump(self) -> dict[str, Any]:
        """Return everything as JSON values, for `restore`."""
        return {
            "frames": self._frames,
            "run_start": self._run_start,
            "triggered": self._triggered,
            "current": None if self.current is None else self.current.dump(),
            "last": None if self.last is None else self.last.dump(),
            "latest": None if self._latest is None else self._latest.dump(),
        }

    def restore(self, plain: Mapping[str, Any], group: str, members: Sequence[Series]) -> None:
        """Go on where `dump` was called.

        Parameters
        ----------
        plain : mapping
            From `dump`.
        group : str
            Name of the group.
        members : sequence of Series
            The group's series in column order.
        """
        current, last, latest = plain["current"], plain["last"], plain["latest"]
        self._frames, self._triggered = int(plain["frames"]), int(plain["triggered"])
        self._run_start = plain["run_start"]
        self.current = None if current is None else Incident.load(current)
        self.last = None if last is None else Incident.load(last)
        self._latest = None if latest is None else Moment.load(latest, group, members)

    def _pass_calm(self, block: FrameBlock, result: RunResult, row: int, upto: int) -> None:
        """Pass ticks below the trigger while no incident is open."""
        if row == upto:
            return
        self._frames += upto - row
        below = np.flatnonzero(~(result.score[row:upto] >= self._section.recovery))
        if len(below):
            since = row + int(below[-1]) + 1
            self._run_start = int(block.ticks[since]) if since < upto else None
        elif self._run_start is None:
            self._run_start = int(block.ticks[row])

    def _observe_tick(self, tick: Moment) -> Event | None:
        """Take in one tick; returns the event it leads to."""
        self._frames += 1
        elevated = _score(tick) >= self._section.recovery
        if elevated and self._run_start is None:
            self._run_start = tick.tick
        elif not elevated:
            self._run_start = None
        if self.current is not None:
            return self._follow(self.current, tick, elevated=elevated)
        triggered = _score(tick) >= self._section.trigger and self._policy.accepts(
            tick.members, tick.block.frames[tick.row], tick.result, tick.row
        )
        self._triggered = self._triggered + 1 if triggered else 0
        if self._triggered < self._section.open_after or self._announcer.in_maintenance(tick.tick):
            return None
        return self._open(tick)

    def _follow(self, incident: Incident, tick: Moment, *, elevated: bool) -> Event | None:
        """Carry an open incident on: it worsens, resolves or goes on."""
        if elevated:
            incident.calm = 0
            self._gather(incident, tick)
            line = incident.published_peak * (1 + self._section.worsen_step)
            worse = incident.peak > incident.published_peak and incident.peak >= line
            if worse and incident.updates < self._section.max_updates:
                incident.updates += 1
                return self._event(incident, tick, State.UPDATE)
            return None
        # Below a recovery that was raised since it opened, a tick may be its highest.
        incident.peak = max(incident.peak, _score(tick))
        incident.calm += 1
        if incident.calm < self._section.recover_after:
            return None
        return self._resolve(incident, tick)

    def _resolve(self, incident: Incident, tick: Moment) -> Event:
        incident.resolved_frame = self._frames
        self.current, self.last = None, incident
        self._triggered = 0
        return self._event(incident, tick, State.RESOLVE)

    def _open(self, tick: Moment) -> Event | None:
        """Open an incident, or the last one again; None in the cooldown."""
        since = self._frames - self.last.resolved_frame if self.last else 0
        if self.last and since <= self._section.merge_gap:
            incident, state = self.last, State.UPDATE
            incident.resolved_frame, incident.calm = -1, 0
            self.last = None
        elif self.last and since <= self._section.cooldown:
            return None
        else:
            kind = Kind(int(tick.result.channel[tick.row]))
            start = tick.tick if self._run_start is None else self._run_start
            incident = Incident(
                self._announcer.incident_id(tick.tick, kind_name(kind)), kind, start, tick.tick
            )
            state = State.OPEN
        self.current = incident
        self._gather(incident, tick)
        return self._event(incident, tick, state)

    def _gather(self, incident: Incident, tick: Moment) -> None:
        """Add an elevated tick to what is known about an incident."""
        incident.last_tick = tick.tick
        incident.peak = max(incident.peak, _score(tick))
        incident.evidence.align(tuple(series.key for series in tick.members))
        incident.evidence.add(tick.result.evidence[tick.row])
        self._note_onsets(incident, tick)
        broken = tick.result.broken.get(tick.row)
        if broken is not None and len(broken) and _score(tick) >= incident.edges_score:
            limit = self._section.top_edges
            incident.edges = describe_edges(
                tick.members, broken, self._announcer.interval_ns, limit
            )
            incident.edges_score = _score(tick)
            degrees = tick.result.degrees.get(tick.row)
            incident.roles = {} if degrees is None else roles_of(tick.members, broken, degrees)

    def _note_onsets(self, incident: Incident, tick: Moment) -> None:
        """Remember of each series since when it first stood out."""
        elevated = tick.result.elevated.get(tick.row)
        if elevated is None:
            return
        for i in np.flatnonzero(elevated).tolist():
            start = self._announcer.stamp(tick.tick - int(elevated[i]) + 1)
            incident.since.setdefault(tick.members[i].key, start)

    def _event(self, incident: Incident, tick: Moment, state: State) -> Event:
        """Publish an incident as it is at this tick."""
        incident.sequence += 1
        incident.published_peak = incident.peak
        return self._describe(incident, tick, state)

    def _describe(self, incident: Incident, tick: Moment, state: State) -> Event:
        row, result = tick.row, tick.result
        incident.evidence.align(tuple(series.key for series in tick.members))
        shares, standing = incident.evidence.shares(), Standing(incident.roles, incident.since)
        limit = self._section.top_series
        return self._announcer.event(
            tick,
            incident,
            state,
            kind=kind_name(incident.kind),
            score=finite(_score(tick)) or 0.0,
            p_value=float(result.p_value[row]),
            series=describe_series(
                tick.members,
                tick.block.frames[row],
                result,
                row,
                incident.kind,
                shares,
                limit,
                standing,
            ),
            services=describe_services(
                tick.members, shares, self._section.service_labels, limit, standing
            ),
        )


def _score(tick: Moment) -> float:
    return float(tick.result.score[tick.row])
