"""Which services an incident points at: those of its series, ranked by their best one. Pure.

A service ranks by its best series, not by the sum of them: one that reports much is no more
suspect than one that reports little.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from daemon.events import EventService, Role, rounded
from daemon.evidence import NOTHING, Standing
from daemon.records import F64, Series


def service_of(series: Series, labels: Sequence[str]) -> str | None:
    """Return the service a series belongs to.

    Parameters
    ----------
    series : Series
        With its labels.
    labels : sequence of str
        Names of the labels that name a service; the first that it has counts.

    Returns
    -------
    str or None
        The label's value; None when it has none of them, or all are empty.
    """
    own = dict(series.labels)
    return next((own[label] for label in labels if own.get(label)), None)


def describe_services(
    members: Sequence[Series],
    shares: F64,
    labels: Sequence[str],
    limit: int,
    standing: Standing = NOTHING,
) -> tuple[EventService, ...]:
    """Rank the services that series of an incident belong to.

    Parameters
    ----------
    members : sequence of Series, length n
        Series in column order.
    shares : float64[n]
        Their shares in the incident so far.
    labels : sequence of str
        As for `service_of`.
    limit : int
        How many at most.
    standing : Standing, optional
        What else is known of the series.

    Returns
    -------
    tuple of EventService
        Those that contribute anything, the most first; ties in order of name. Series that belong
        to none are left out.
    """
    by_name: dict[str, list[int]] = {}
    for i, series in enumerate(members):
        name = service_of(series, labels) if shares[i] > 0 else None
        if name is not None:
            by_name.setdefault(name, []).append(i)
    best = {
        name: min(own, key=lambda i: (-shares[i], members[i].key)) for name, own in by_name.items()
    }
    ranked = sorted(best, key=lambda name: (-shares[best[name]], name))
    return tuple(
        EventService(
            name=name,
            contribution=rounded(shares[best[name]]),
            series=members[best[name]].key,
            role=_role(standing.roles.get(members[i].key) for i in by_name[name]),
            since=standing.earliest(members[i].key for i in by_name[name]),
        )
        for name in ranked[:limit]
    )


def _role(roles: Iterable[Role | None]) -> Role | None:
    """Choose a service's role from those of its series: a culprit makes it one."""
    found = set(roles)
    return next((role for role in (Role.CULPRIT, Role.VICTIM) if role in found), None)
