"""What feedback needs to know of the incident it is about, of those a group still holds. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from daemon.incidents import Incident
from daemon.learnt import GroupState
from daemon.silences import Silence

#: Series of an incident that make its pattern, as many as an event names by default.
PATTERN_MAX = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """An incident, as far as feedback needs it.

    Attributes
    ----------
    pattern : mapping of str to float
        Share of each series that is named, by key.
    peak : float
        Its highest score.
    start, end : int
        Where its first step ends, and one step after its last; Unix nanoseconds.
    ticks_ago : int or None
        How many ticks before the group's last frame it began; None when nobody knows.
    silent : bool
        It is of series that stopped, and not of scores.
    """

    pattern: Mapping[str, float]
    peak: float
    start: int
    end: int
    ticks_ago: int | None
    silent: bool = False


def find(group: GroupState, incident_id: str, newest: int, interval: int) -> Finding | None:
    """Look for an incident among those a group holds: open, or the last ones resolved.

    Parameters
    ----------
    group : GroupState
        Where to look.
    incident_id : str
        Its id.
    newest : int
        The last tick whose frame is closed.
    interval : int
        Grid step, nanoseconds.

    Returns
    -------
    Finding or None
        None when the group holds no such incident.
    """
    held = [
        group.tracker.current,
        group.tracker.last,
        *group.silence.current,
        *group.silence.recent,
    ]
    for incident in held:
        if incident is not None and incident.incident_id == incident_id:
            return Finding(
                pattern=_pattern(incident, {series.key for series in group.members}),
                peak=incident.peak,
                start=(incident.first_tick + 1) * interval,
                end=(incident.last_tick + 2) * interval,
                ticks_ago=newest - incident.first_tick,
                silent=isinstance(incident, Silence),
            )
    return None


def _pattern(incident: Incident | Silence, present: set[str]) -> dict[str, float]:
    """Share of the series that contribute most, of those that are still there."""
    if isinstance(incident, Silence):
        shares = incident.shares()
    else:
        evidence = incident.evidence
        shares = dict(zip(evidence.keys, evidence.shares().tolist(), strict=True))
    named = {key: share for key, share in shares.items() if share > 0 and key in present}
    return dict(sorted(named.items(), key=lambda pair: (-pair[1], pair[0]))[:PATTERN_MAX])
