"""The search for pairs in a group too large to trace them all."""

from __future__ import annotations

import numpy as np
import pytest

import generators
from hebbstream import Change, Detector, DetectorParams

LARGE = DetectorParams.model_validate({"associations": {"exhaustive_max": 0}})


def pairs(detector: Detector) -> set[tuple[int, int]]:
    """List the edges as pairs."""
    edges = detector.edges()
    return set(zip(edges["source"].tolist(), edges["target"].tolist(), strict=True))


@pytest.mark.slow
def test_slots_find_what_all_pairs_find() -> None:
    """After some thousand ticks hardly an edge of all pairs is missing, and none is false."""
    world = generators.coupled(3, 4000, 60, factors=12, coupling=0.8)
    every, tried = Detector(world.names), Detector(world.names, LARGE)

    every.run(world.frames)
    tried.run(world.frames)

    found = pairs(tried)
    assert len(pairs(every) & found) >= 0.97 * len(pairs(every))
    assert all(i % 12 == j % 12 for i, j in found)


def test_snapshot_and_replay_continue_the_search_bit_for_bit() -> None:
    """The generator and the trials are part of the state, wherever the cut falls."""
    world = generators.coupled(4, 900, 30, factors=6)
    whole = Detector(world.names, LARGE)
    whole.run(world.frames)
    for cut in (1, 63, 64, 101, 640):
        parted = Detector(world.names, LARGE)
        parted.run(world.frames[:cut])
        parted = Detector.load(parted.dump())

        for frame in world.frames[cut : cut + 70]:
            parted.step(frame)
        parted.run(world.frames[cut + 70 :])

        assert parted.dump() == whole.dump()


def test_an_odd_check_and_gaps_lose_nothing() -> None:
    """Blocks that fill between two checks are folded in time; missing samples are skipped."""
    knobs = {"exhaustive_max": 0, "check_ticks": 100}
    world = generators.coupled(5, 2000, 12, factors=3)
    frames = world.frames.copy()
    frames[np.random.default_rng(0).random(frames.shape) < 0.2] = np.nan
    frames[500:520] = np.nan

    detector = Detector(world.names, DetectorParams.model_validate({"associations": knobs}))
    detector.run(frames)

    found = pairs(detector)
    assert len(found) >= 12
    assert all(i % 3 == j % 3 for i, j in found)


def test_a_relation_that_ends_is_pruned_and_one_that_begins_is_found() -> None:
    """With a short memory the graph follows; the journal tells both."""
    first = generators.coupled(6, 2000, 24, factors=8)
    rng = np.random.default_rng(1)
    order = rng.permutation(24)
    scaled = (first.frames - first.frames.mean(0)) / first.frames.std(0)
    then = generators.coupled(7, 4000, 24, factors=8).frames
    then = ((then - then.mean(0)) / then.std(0))[:, order]
    detector = Detector(first.names, LARGE.model_copy(update={"memory_ticks_max": 500}), 1000.0)

    before = detector.run(scaled)
    old = pairs(detector)
    after = detector.run(then)

    family = np.empty(24, int)
    family[:] = order % 8
    assert len(old) >= 20
    assert len(pairs(detector)) >= 20
    assert all(family[i] == family[j] for i, j in pairs(detector))
    assert any(entry.change is Change.GROWN for entry in before.journal)
    assert any(entry.change is Change.PRUNED and entry.source for entry in after.journal)


@pytest.mark.parametrize("rule", ["hebb", "oja", "delta"])
@pytest.mark.parametrize("exhaustive_max", [0, 100])
def test_every_rule_grows_a_graph(rule: str, exhaustive_max: int) -> None:
    """Edges learn by each rule in small and in large groups; weights stay within 1."""
    world = generators.coupled(8, 1500, 15, factors=3)
    knobs = {"rule": rule, "exhaustive_max": exhaustive_max, "l1": 0.01}
    detector = Detector(world.names, DetectorParams.model_validate({"associations": knobs}))

    detector.run(world.frames)

    weights = np.abs(detector.edges()["weight"])
    assert len(weights) >= 15
    assert ((weights >= 1e-4) & (weights <= 1)).all()
