"""The read model: `daemon.readmodel.model`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import FrozenInstanceError

import pytest

from daemon.app import sections_of
from daemon.events import Event
from daemon.pipeline import PartitionPipeline
from daemon.readmodel import Limits, ReadModel
from daemon.readmodel.views import GroupIdentity, IncidentState
from daemon.records import InputPartition
from shown import METRICS, World, broken_world


def limited(limits: Limits, services: tuple[str, ...] = ("a", "b")) -> World:
    """Make a world whose model keeps little."""
    world = World(services)
    world.model = ReadModel(world.model.about, world.clock, limits)
    return world


def test_a_group_is_shown_as_it_stands() -> None:
    """Counts, times and verdict are those of its detector after the last frame."""
    world = World(("a", "b")).drive(300)
    detector = world.pipeline.groups["a"].detector

    group = next(g for g in world.model.view.groups.values() if g.identity.name == "a")

    assert group.identity.labels == {"service": "a"}
    assert [series.name for series in group.members] == sorted(METRICS)
    assert group.frames == detector.tick
    assert group.components == len(detector.components())
    assert group.edges == len(detector.edges())
    assert group.missing_ratio == 0.0
    assert group.learning == "normal"
    assert group.history.ticks[-1] * 1_000_000_000 < group.frame_time <= group.watermark


def test_a_view_never_changes() -> None:
    """Who holds one may go on reading it while the engine goes on writing."""
    world = World(("a",)).drive(100)
    before = world.model.view
    (group,) = before.groups.values()
    frames, scores = group.frames, group.history.score.copy()

    world.drive(300)

    assert before is not world.model.view
    assert next(iter(before.groups.values())).frames == frames
    assert (group.history.score == scores).all()
    with pytest.raises(FrozenInstanceError):
        before.version = 5  # type: ignore[misc]


def test_an_incident_is_published_before_it_is_told() -> None:
    """Who hears of an event and asks at once finds the incident."""
    world = World(("a",)).drive(640)
    heard: list[tuple[str, bool]] = []

    def listener(told: Sequence[tuple[GroupIdentity, Event]]) -> None:
        known = world.model.view.incidents
        heard.extend((event.incident_id, event.incident_id in known) for _, event in told)

    world.model.listen(listener)
    world.drive(100, broken=True)

    assert heard
    assert all(there for _, there in heard)


def test_graphs_are_published_with_their_age() -> None:
    """As of the refresh in which they were copied."""
    world = World(("a", "b")).drive(200)

    view = world.model.view
    assert set(view.graphs) == set(view.groups)
    assert {graph.as_of for graph in view.graphs.values()} == {view.as_of}


def test_a_quiet_second_changes_nothing_but_the_time() -> None:
    """Readers that poll need not be sent anything."""
    world = World(("a",)).drive(200)
    before = world.model.view

    world.clock.advance(1.0)
    world.model.refresh([world.pipeline], world.clock.now())

    after = world.model.view
    assert after.version == before.version
    assert after.as_of > before.as_of
    assert after.groups is before.groups


def test_scores_are_bounded_by_group_and_in_total() -> None:
    """Many groups keep fewer each."""
    one = limited(Limits(history_max=50), ("a",)).drive(200)
    four = limited(Limits(history_max=50, history_total_max=80), ("a", "b", "c", "d")).drive(200)

    assert [len(g.history.ticks) for g in one.model.view.groups.values()] == [50]
    assert [len(g.history.ticks) for g in four.model.view.groups.values()] == [20] * 4


def test_the_journal_keeps_the_newest() -> None:
    """Numbers go on counting, so that a reader sees what it missed."""
    world = limited(Limits(journal_max=3)).drive(300)

    journal = world.model.view.journal
    numbers = [item.sequence for item in journal]
    assert len(numbers) == 3
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    assert numbers[0] > 1


def test_a_partition_that_moves_takes_its_groups_along() -> None:
    """Its open incident is followed no more, and says so."""
    world = broken_world()

    world.model.refresh([], world.clock.now())

    view = world.model.view
    assert (view.groups, view.graphs, view.partitions) == ({}, {}, ())
    assert {each.state for each in view.incidents.values()} == {IncidentState.LEFT}


def test_a_group_that_begins_anew_is_a_new_one() -> None:
    """A partition that comes back brings an empty model; nothing old is mixed in."""
    world = broken_world(("a",))
    again = World(("a",))
    again.model, again.clock = world.model, world.clock

    again.drive(50)

    (group,) = world.model.view.groups.values()
    assert len(group.history.ticks) == group.frames < 60
    assert {each.state for each in world.model.view.incidents.values()} == {IncidentState.LEFT}


def test_groups_of_one_name_on_two_partitions_are_two() -> None:
    """They are learnt apart, so they are shown apart."""
    world = World(("a",)).drive(100)
    other = World(("a",), partition=InputPartition("metrics", 1), seed=1)
    other.model, other.owned = world.model, [world.pipeline, other.pipeline]

    other.drive(100)

    view = world.model.view
    assert [g.identity.name for g in view.groups.values()] == ["a", "a"]
    assert {g.identity.partition.partition for g in view.groups.values()} == {0, 1}
    assert len(view.partitions) == 2


def test_what_was_open_in_restored_state_is_shown() -> None:
    """As it stands, before any event or frame of it; its next event goes on from there."""
    before, after = broken_world(("a",)), World(("a",))
    (known,) = before.model.view.incidents.values()
    restored = PartitionPipeline.restored(before.pipeline.capture(), sections_of(before.config))

    after.model.refresh([restored], after.clock.now())

    view, latest = after.model.view, known.latest
    (shown,) = view.incidents.values()
    assert shown.state is IncidentState.OPEN
    assert shown.identity == known.identity
    assert shown.event_count == known.event_count
    assert shown.latest.incident_id == latest.incident_id
    assert shown.latest.peak_score >= latest.peak_score
    assert shown.latest.series[0].name == latest.series[0].name
    assert shown.latest.edges
    assert set(view.identities) == {known.identity.id}
    again = after.model.view.version
    after.model.refresh([restored], after.clock.now())
    assert after.model.view.version == again


def test_a_partition_that_comes_back_brings_its_open_incident() -> None:
    """A rebalance took it and gave it back before anybody else had it."""
    world = broken_world()
    (before,) = world.model.view.incidents.values()
    world.model.refresh([], world.clock.now())

    world.model.refresh(world.owned, world.clock.now())

    (after,) = world.model.view.incidents.values()
    assert after.state is IncidentState.OPEN
    assert (after.sequence, after.history) == (before.sequence, before.history)
    assert (after.opened, after.event_count) == (before.opened, before.event_count)


def test_a_partition_that_was_restored_again_is_followed_anew() -> None:
    """What only the state before it knew is followed no more."""
    world = broken_world(("a",))
    anew = World(("a",)).drive(50)

    world.model.refresh([anew.pipeline], world.clock.now())

    assert {each.state for each in world.model.view.incidents.values()} == {IncidentState.LEFT}
