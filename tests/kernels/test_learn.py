"""Learning one frame."""

from __future__ import annotations

import numpy as np

import generators
from hebbstream import Change, Detector, DetectorParams, Learning


def test_components_are_noted_when_they_grow_and_prune() -> None:
    """The journal's component entries add up to the number of components."""
    world = generators.coupled(2, 3000, 12, factors=4)
    detector = Detector(world.names)

    result = detector.run(world.frames)

    entries = [entry for entry in result.journal if entry.component >= 0]
    grown = sum(entry.change is Change.GROWN for entry in entries)
    assert grown >= 2
    assert 1 + grown - (len(entries) - grown) == result.components[-1]


def test_hot_ticks_slow_learning_and_end_in_adoption() -> None:
    """A lasting shift is quarantined for a while, then adopted."""
    world = generators.level_shift(1, 4000, 20, 3000, sigmas=8, count=5)
    detector = Detector(world.names)

    learning = detector.run(world.frames).learning

    assert (learning[3005:3040] == Learning.QUARANTINED).mean() > 0.9
    adopted = np.flatnonzero(learning == Learning.ADOPTED)
    assert 3055 <= adopted[0] <= 3060


def test_a_gate_that_does_not_slow_is_never_quarantined() -> None:
    """With a factor of 1 learning goes on at its rate: the location moves sooner."""
    world = generators.level_shift(1, 3040, 20, 3000, sigmas=8, count=5)
    slowed = Detector(world.names)
    free = Detector(world.names, DetectorParams.model_validate({"gate": {"slow_factor": 1.0}}))

    slowed.run(world.frames)
    free.run(world.frames)

    moved = np.abs(free.expected() - slowed.expected())[:5]
    assert (moved > 0).all()
