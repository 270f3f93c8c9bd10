"""Which series may never come again because the rules of `series` have changed. Pure.

The rules say which series are read and under which name. They lead from names as read to names as
learnt, and not back: only where nothing is renamed or relabelled is a series known to come still.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from daemon.config import SeriesSection
from daemon.records import Series
from daemon.relabel import SeriesRules


def plain_rules(section: SeriesSection) -> dict[str, Any]:
    """Return the rules as JSON values, as a checkpoint tells which ones it was learnt with."""
    return section.model_dump(mode="json")


def may_stay_away(
    learnt: Mapping[str, Any] | None, section: SeriesSection, members: Iterable[Series]
) -> list[str]:
    """Find the series of which it is not known that the rules in force let them in.

    Parameters
    ----------
    learnt : mapping or None
        The rules they were learnt with, from `plain_rules`; None when that was not noted.
    section : SeriesSection
        The rules in force.
    members : iterable of Series
        Who was learnt.

    Returns
    -------
    list of str
        Keys; none when the rules are the same.

    Examples
    --------
    >>> up, load = (Series(name, (), name, "g", -1) for name in ("up", "load"))
    >>> all_in = plain_rules(SeriesSection())
    >>> may_stay_away(all_in, SeriesSection(exclude=["load"]), [up, load])
    ['load']
    >>> may_stay_away(all_in, SeriesSection(rename={"n": "up"}), [up, load])
    ['up', 'load']
    """
    force = plain_rules(section)
    if learnt is None or dict(learnt) == force:
        return []
    renames = any(rules.get(name) for rules in (learnt, force) for name in ("rename", "relabel"))
    rules = SeriesRules(section)
    return [
        each.key for each in members if renames or rules.apply(each.name, dict(each.labels)) is None
    ]
