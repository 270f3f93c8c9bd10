"""Copies of what was learnt: `daemon.readmodel.graphs`."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.readmodel.graphs import GraphGallery, Urgency
from fakes import FakeClock
from hebbstream import Detector


@pytest.fixture(scope="module")
def detector() -> Detector:
    """Return a detector that has seen a few frames."""
    detector = Detector(["a", "b", "c"], interval_seconds=1.0)
    detector.run(np.random.default_rng(0).normal(size=(50, 3)))
    return detector


class Slow:
    """Finds the detector, and lets time pass with every look."""

    def __init__(self, detector: Detector, clock: FakeClock, seconds: float) -> None:
        self.asked: list[str] = []
        self._detector, self._clock, self._seconds = detector, clock, seconds

    def __call__(self, group_id: str) -> Detector | None:
        """Look a detector up."""
        self.asked.append(group_id)
        self._clock.advance(self._seconds)
        return None if group_id == "gone" else self._detector


def test_every_group_gets_its_turn_within_the_budget(detector: Detector) -> None:
    """Those that changed first, at least one ordinary one a round, in the order they came."""
    clock = FakeClock()
    gallery = GraphGallery(clock, budget_seconds=0.025)
    slow = Slow(detector, clock, seconds=0.01)
    for name in "abcd":
        gallery.mark(name, Urgency.ORDINARY)
    for name in "wxyzb":
        gallery.mark(name, Urgency.CHANGED)

    rounds = [gallery.refresh(slow, now) for now in range(6)]

    assert "".join(slow.asked) == "wxyazbcd"
    assert rounds == [4, 3, 1, 0, 0, 0]


def test_ordinary_groups_rest_between_copies(detector: Detector) -> None:
    """One that moves every second is copied every two minutes; at once where its graph changed."""
    gallery = GraphGallery(FakeClock(), 1.0)
    copied = []
    for now in range(1, 300):
        gallery.mark("calm", Urgency.ORDINARY)
        if now in (3, 4):
            gallery.mark("calm", Urgency.CHANGED)
        gallery.refresh(lambda _: detector, now)
        copied.append(gallery.all()["calm"].as_of)

    assert sorted(set(copied)) == [1, 3, 4, 124, 244]


def test_a_copy_does_not_follow_its_detector() -> None:
    """What was copied stays as it was."""
    rng = np.random.default_rng(1)
    detector = Detector(["a", "b", "c"], interval_seconds=1.0)
    detector.run(np.repeat(rng.normal(size=(200, 1)), 3, axis=1))
    gallery = GraphGallery(FakeClock(), 1.0)
    gallery.mark("g", Urgency.ORDINARY)
    gallery.refresh(lambda _: detector, now=5.0)
    graph = gallery.all()["g"]
    before = (graph.edges.copy(), graph.components.copy(), graph.energies.copy())

    detector.run(rng.normal(size=(200, 3)))

    assert graph.as_of == 5.0
    assert graph.series == ("a", "b", "c")
    np.testing.assert_array_equal(graph.edges, before[0])
    np.testing.assert_array_equal(graph.components, before[1])
    np.testing.assert_array_equal(graph.energies, before[2])


def test_what_is_gone_is_neither_copied_nor_kept(detector: Detector) -> None:
    """A group may vanish while it waits."""
    clock = FakeClock()
    gallery = GraphGallery(clock, 1.0)
    for name in ("gone", "here", "forgotten"):
        gallery.mark(name, Urgency.CHANGED)
    gallery.forget("forgotten")

    assert gallery.refresh(Slow(detector, clock, 0.0), 0.0) == 1
    assert list(gallery.all()) == ["here"]
    gallery.forget("here")
    assert gallery.all() == {}
