"""Incidents found again in what a group holds, as feedback needs them."""

from __future__ import annotations

import pytest

from daemon.finding import PATTERN_MAX, Finding, find
from daemon.learnt import GroupState
from daemon.silences import Silence, SilenceKind
from daemon.times import parse_time
from shown import World, broken_world

SECOND = 10**9


@pytest.fixture(scope="module")
def world() -> World:
    """Return two groups of which the first has an incident."""
    return broken_world()


def held(world: World) -> GroupState:
    """Return the group that has one."""
    return world.pipeline.groups["a"]


def test_an_open_incident_is_what_its_events_say(world: World) -> None:
    """Times, peak and the leading series are those of the published events."""
    (view,) = world.model.view.incidents.values()
    event = view.latest
    newest = world.pipeline.watermark // SECOND - 1

    found = find(held(world), event.incident_id, newest, SECOND)

    assert found is not None
    assert found.start == parse_time(event.approx_start)
    assert found.peak >= event.peak_score
    assert found.end >= parse_time(event.ts_event)
    assert found.ticks_ago == newest + 1 - found.start // SECOND
    first, *_ = found.pattern
    assert first.startswith(event.series[0].name)
    assert sum(found.pattern.values()) == pytest.approx(1.0)
    assert len(found.pattern) <= PATTERN_MAX


def test_an_incident_of_another_group_is_not_found(world: World) -> None:
    """Nor one that never was."""
    (view,) = world.model.view.incidents.values()

    assert find(world.pipeline.groups["b"], view.latest.incident_id, 0, SECOND) is None
    assert find(held(world), "nonsense", 0, SECOND) is None


def test_series_that_have_left_are_not_in_the_pattern(world: World) -> None:
    """A detector knows them no more."""
    (view,) = world.model.view.incidents.values()
    group = held(world)
    left = GroupState(group.detector, group.tracker, group.silence, group.members[:-1])

    found = find(left, view.latest.incident_id, 0, SECOND)

    assert found is not None
    assert group.members[-1].key not in found.pattern
    assert len(found.pattern) == len(group.members) - 1


def test_a_resolved_incident_is_still_found() -> None:
    """The last one of a group is kept."""
    world = broken_world()
    (view,) = world.model.view.incidents.values()
    while world.pipeline.groups["a"].tracker.current is not None:
        world.drive(5)

    found = world.pipeline.find(view.latest.incident_id)

    assert found is not None
    assert found[0] == "a"
    assert world.pipeline.find("nonsense") is None


def test_a_silence_is_found_with_those_that_stopped() -> None:
    """How overdue each was makes the pattern."""
    group = held(broken_world())
    first, second, *_ = (series.key for series in group.members)
    weights = {first: 3.0, second: 1.0, "gone": 4.0}
    group.silence.current.append(
        Silence("s", SilenceKind.SILENCE, 5, 9, opened_frame=3, weights=weights, peak=1.5)
    )

    found = find(group, "s", 20, SECOND)

    assert found == Finding(
        {first: 0.375, second: 0.125}, 1.5, 6 * SECOND, 11 * SECOND, 15, silent=True
    )
