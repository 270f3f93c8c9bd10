"""Series that stop reporting, as incidents: kind `silence`, or `group` when nobody goes on.

Series that are found to have stopped at one tick, or within `merge_gap` ticks of an incident's
opening, are one incident. It resolves when each of them has reported again or has left the group;
one that stops again within `merge_gap` ticks of that opens the same incident again. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from daemon.announcer import Announcer, TrackerIdentity
from daemon.config import IncidentsSection, MetricRule
from daemon.events import Event, EventSeries, State, rounded
from daemon.evidence import describe_lost_edges, describe_series
from daemon.moments import Moment
from daemon.presence import Presence, Shift
from daemon.records import F64, FrameBlock, Series
from daemon.silences import Silence, SilenceKind, Waiting
from daemon.suspects import describe_services
from hebbstream.results import Kind, RunResult


class SilenceTracker:
    """Follows who of one group reports.

    Parameters
    ----------
    section : IncidentsSection
        Windows and limits.
    metrics : sequence of MetricRule
        Policy per metric.
    identity : TrackerIdentity
        Where the events come from.
    interval_ns : int
        Grid step, nanoseconds.

    Attributes
    ----------
    presence : Presence
        The rhythm of each series.
    current : list of Silence
        Open incidents, in order of their opening.
    """

    def __init__(
        self,
        section: IncidentsSection,
        metrics: Sequence[MetricRule],
        identity: TrackerIdentity,
        interval_ns: int,
    ) -> None:
        self.presence = Presence(section.silence, metrics, interval_ns)
        self.current: list[Silence] = []
        self._recent: list[Silence] = []
        self._section = section
        self._announcer = Announcer(section, identity, interval_ns)
        self._waiting = Waiting()
        self._frames = 0
        self._resolved_frame: int | None = None
        self._latest: Moment | None = None

    @property
    def recent(self) -> list[Silence]:
        """Incidents resolved within the merge gap, the oldest first."""
        return self._recent

    @property
    def incidents_open(self) -> Counter[str]:
        """Open incidents by kind."""
        return Counter(incident.kind.value for incident in self.current)

    @property
    def is_busy(self) -> bool:
        """An incident is open, or waits to be."""
        return bool(self._waiting.named or self.current)

    def pass_by(self, length: int) -> None:
        """Count the frames of a block in which nobody stops or returns while it is not busy."""
        self._frames += length

    def may_be_calm(self, block: FrameBlock) -> bool:
        """Tell whether a block in which all samples are there and news needs nothing done."""
        return self._section.silence.enabled and self.presence.may_be_calm(block)

    def scan(self, block: FrameBlock, members: Sequence[Series]) -> list[Shift]:
        """Find who stops or returns, before the block is judged.

        Parameters
        ----------
        block : FrameBlock
            The frames.
        members : sequence of Series, length n
            The group's series in column order.

        Returns
        -------
        list of Shift
            For `observe`; the detector's edges are wanted at those rows where any series stopped.
        """
        if block.joined or block.left:
            self.presence.change(members)
        if not self._section.silence.enabled:
            return []
        shifts = self.presence.follow(block)
        self.presence.settle(int(block.ticks[-1]))
        return shifts

    def excuse(self, keys: Iterable[str], until: int) -> None:
        """Do not miss series before they have had a sample after tick `until`."""
        if self._section.silence.enabled:
            self.presence.excuse(keys, until)

    def observe(
        self,
        block: FrameBlock,
        result: RunResult,
        members: Sequence[Series],
        shifts: Sequence[Shift],
    ) -> list[Event]:
        """Make events of what `scan` has found.

        Parameters
        ----------
        block : FrameBlock
            The frames.
        result : RunResult
            What the detector said of them, with edges at the rows of the shifts.
        members : sequence of Series, length n
            The group's series in column order.
        shifts : sequence of Shift
            From `scan`.

        Returns
        -------
        list of Event
            What to publish, in order.
        """
        first, count = self._frames, len(block.ticks)
        self._frames += count
        if not count or not (shifts or self.is_busy):
            return []
        if not self._section.silence.enabled:  # it was when they stopped
            over = self._return(self._everyone(), Moment(block, result, members, 0), first + 1)
            self._latest = None
            return over
        found = {shift.row: shift for shift in shifts}
        events: list[Event] = []
        for row in range(count):
            shift = found.get(row)
            leaves = row == 0 and bool(block.left)
            if shift is None and not leaves and not self._waiting.named:
                continue
            moment, frame = Moment(block, result, members, row), first + row + 1
            if leaves:
                events += self._return(block.left, moment, frame)
            if shift is not None:
                self._note_peaks(shift, moment)
                returned = (members[column].key for column in shift.returned)
                events += self._return(returned, moment, frame)
                self._note_stopped(shift, moment)
            if self._waiting.named:
                events += self._announce(moment, frame)
        last = Moment(block, result, members, count - 1)
        self._latest = last.alone() if self.current else None
        return events

    def end(self) -> list[Event]:
        """Resolve what is open because the group is gone.

        Returns
        -------
        list of Event
            Resolves as of the last frame.
        """
        if self._latest is None:
            return []
        return self._return(self._everyone(), self._latest, self._frames)

    def standing(self) -> list[Event]:
        """Describe the open incidents as of the last frame, each under the id of its last event."""
        last, line = self._latest, self.presence.p_line
        if last is None:
            return []
        return [
            self._describe(each, last, State.UPDATE, each.peak, line**each.peak)
            for each in self.current
        ]

    def dump(self) -> dict[str, Any]:
        """Return all but the rhythms as JSON values; nothing when nothing has stopped yet.

        Returns
        -------
        dict
            For `restore`.
        """
        return {
            "frames": self._frames,
            "resolved_frame": self._resolved_frame,
            "current": [incident.dump() for incident in self.current],
            "recent": [incident.dump() for incident in self._recent],
            "waiting": self._waiting.dump(),
            "latest": None if self._latest is None else self._latest.dump(),
            "excused": sorted(self.presence.excused),
            "excused_until": self.presence.excused_until,
        }

    def restore(self, plain: Mapping[str, Any], group: str, members: Sequence[Series]) -> None:
        """Go on where `dump` was called; the rhythms are restored on their own.

        Parameters
        ----------
        plain : mapping
            From `dump`.
        group : str
            Name of the group.
        members : sequence of Series
            The group's series in column order.
        """
        latest = plain["latest"]
        self._frames, self._resolved_frame = int(plain["frames"]), plain["resolved_frame"]
        self.current = [Silence.load(each) for each in plain["current"]]
        self._recent = [Silence.load(each) for each in plain["recent"]]
        self._waiting = Waiting.load(plain["waiting"])
        self._latest = None if latest is None else Moment.load(latest, group, members)
        self.presence.excused = set(plain.get("excused", ()))  # older states have none
        self.presence.excused_until = int(plain.get("excused_until", -1))

    def _everyone(self) -> list[str]:
        """List the series that are in an open incident or wait for one."""
        silent = (key for incident in self.current for key in incident.silent)
        return [*self._waiting.named, *silent]

    def _note_peaks(self, shift: Shift, moment: Moment) -> None:
        """Remember how overdue the series that return have been."""
        for column, score in zip(shift.returned, shift.returned_score, strict=True):
            key = moment.members[column].key
            for incident in self.current:
                if key in incident.silent:
                    incident.peak = max(incident.peak, float(score))

    def _note_stopped(self, shift: Shift, moment: Moment) -> None:
        """Let series that stopped wait for their incident."""
        if not len(shift.stopped):
            return
        waiting = self._waiting
        waiting.kind = SilenceKind.SILENCE if shift.others_go_on else SilenceKind.GROUP
        waiting.since = min(waiting.since, shift.since) if waiting.named else shift.since
        waiting.p_line = shift.p_line
        for column, score in zip(shift.stopped, shift.stopped_score, strict=True):
            series = moment.members[column]
            waiting.named[series.key] = series
            waiting.weights[series.key] = float(score)
            waiting.starts[series.key] = shift.since
        lost = describe_lost_edges(
            moment.members,
            moment.result.related.get(moment.row),
            moment.block.frames[moment.row],
            frozenset(waiting.named),
            self._announcer.interval_ns,
            self._section.top_edges,
        )
        waiting.edges = (*waiting.edges, *lost)[: self._section.top_edges]

    def _return(self, keys: Iterable[str], moment: Moment, frame: int) -> list[Event]:
        """Take series out of their incidents; resolves those that are empty then."""
        for key in keys:
            self._waiting.drop(key)
            for incident in self.current:
                incident.silent.discard(key)
        if not self._waiting.named:
            self._waiting = Waiting()
        over = [incident for incident in self.current if not incident.silent]
        self.current = [incident for incident in self.current if incident.silent]
        events = []
        for incident in over:
            incident.resolved_frame = self._resolved_frame = frame
            incident.last_tick = max(incident.last_tick, moment.tick - 1)
            self._recent.append(incident)
            events.append(self._event(incident, moment, State.RESOLVE, 0.0, 1.0))
        return events

    def _announce(self, moment: Moment, frame: int) -> list[Event]:
        """Put those who wait into an incident, if one may be opened or taken up again."""
        section, waiting = self._section, self._waiting
        gap = section.merge_gap
        self._recent = [past for past in self._recent if frame - past.resolved_frame <= gap]
        young = [each for each in self.current if frame - each.opened_frame <= gap]
        again = [past for past in self._recent if past.named.keys() & waiting.named.keys()]
        if young:
            incident, state = young[-1], State.UPDATE
        elif self._announcer.in_maintenance(moment.tick):
            return []
        elif again:
            incident, state = again[-1], State.UPDATE
            self._recent.remove(incident)
            self.current.append(incident)
            incident.resolved_frame, incident.opened_frame = -1, frame
        elif self._is_cooling(frame):
            return []
        else:
            name = self._announcer.incident_id(moment.tick, waiting.kind.value)
            incident = Silence(name, waiting.kind, waiting.first_tick, moment.tick, frame)
            state = State.OPEN
            self.current.append(incident)
        score = self._join(incident, moment)
        if young and incident.updates >= section.max_updates:
            return []
        incident.updates += bool(young)
        p_value = waiting.p_line**score
        return [self._event(incident, moment, state, score, p_value)]

    def _is_cooling(self, frame: int) -> bool:
        last = self._resolved_frame
        return last is not None and frame - last <= self._section.cooldown

    def _join(self, incident: Silence, moment: Moment) -> float:
        """Move those who wait into an incident; returns how overdue the most overdue is."""
        waiting, self._waiting = self._waiting, Waiting()
        score = max(waiting.weights.values())
        incident.named |= waiting.named
        incident.weights |= waiting.weights
        incident.silent |= waiting.named.keys()
        incident.first_tick = min(incident.first_tick, waiting.first_tick)
        incident.last_tick = moment.tick
        incident.peak = max(incident.peak, score)
        known = set(incident.edges)
        edges = (*incident.edges, *(edge for edge in waiting.edges if edge not in known))
        incident.edges = edges[: self._section.top_edges]
        return score

    def _event(
        self, incident: Silence, moment: Moment, state: State, score: float, p_value: float
    ) -> Event:
        """Publish an incident as it is at this tick."""
        incident.sequence += 1
        return self._describe(incident, moment, state, score, p_value)

    def _describe(
        self, incident: Silence, moment: Moment, state: State, score: float, p_value: float
    ) -> Event:
        by_key = incident.shares()
        shares = np.array([by_key.get(series.key, 0.0) for series in moment.members])
        return self._announcer.event(
            moment,
            incident,
            state,
            kind=incident.kind.value,
            score=score,
            p_value=p_value,
            series=self._series(incident, moment, shares, by_key),
            services=describe_services(
                moment.members, shares, self._section.service_labels, self._section.top_series
            ),
        )

    def _series(
        self, incident: Silence, moment: Moment, shares: F64, by_key: Mapping[str, float]
    ) -> tuple[EventSeries, ...]:
        """Describe the series that stopped; those that have left the group come last."""
        limit = self._section.top_series
        recalled = incident.kind is SilenceKind.SILENCE
        described = describe_series(
            moment.members,
            moment.block.frames[moment.row],
            moment.result,
            moment.row,
            Kind.RELATION if recalled else Kind.LEVEL,
            shares,
            limit,
        )
        present = {series.key for series in moment.members}
        gone = [series for key, series in sorted(incident.named.items()) if key not in present]
        left = [
            EventSeries(
                name=series.name,
                labels=dict(series.labels),
                actual=None,
                expected=None,
                lower=None,
                upper=None,
                contribution=rounded(by_key[series.key]),
                role=None,
                direction=None,
                since=None,
            )
            for series in gone
        ]
        return (*described, *left)[:limit]
