"""What the routes share: `daemon.http.context`."""

from __future__ import annotations

from dataclasses import replace

from daemon.http.context import Context, absent
from daemon.http.stream import EventHub
from shown import World, broken_world


def test_what_is_derived_from_a_view_is_derived_once() -> None:
    """Until the engine publishes another one."""
    world = broken_world()
    context = Context(world.model, world.telemetry, world.health, EventHub(1, ""))

    first = context.picture()
    same = context.picture()
    world.drive(1, broken=True)
    other = context.picture()

    assert first is same is not other
    assert list(first.open_by_group) == [first.groups_by_score[0].identity.id]
    assert first.series_count == 8


def test_what_may_be_on_its_way_is_not_called_absent() -> None:
    """Only a view of settled partitions knows what is not there."""
    view = World(()).model.view

    answers = [absent(replace(view, settled=settled), "no") for settled in (False, True)]

    assert [each.status_code for each in answers] == [503, 404]
    assert answers[1].detail == "no"


def test_an_empty_world_can_be_asked() -> None:
    """Before the first frame there is simply nothing."""
    world = World(())
    picture = Context(world.model, world.telemetry, world.health, EventHub(1, "")).picture()

    assert (picture.series_count, list(picture.incidents), picture.open_by_group) == (0, [], {})
