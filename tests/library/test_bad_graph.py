"""The search for relations under bad input: sound state, and edges that are true."""

from __future__ import annotations

import numpy as np
import pytest

import generators
from hebbstream import Detector, DetectorParams, snapshot

LARGE = DetectorParams.model_validate({"associations": {"exhaustive_max": 0}})


def assert_sound(detector: Detector) -> None:
    """Every number is finite, and the state is one that can be read again to the bit."""
    data = detector.dump()
    arrays = snapshot.decode(data)[1]
    assert all(np.isfinite(array).all() for array in arrays.values())
    assert Detector.load(data).dump() == data


def test_two_series_have_their_one_relation() -> None:
    """Sixteen slots, one pair: it is found and the others stay free."""
    world = generators.coupled(1, 1500, 2, factors=1)
    detector = Detector(world.names, LARGE)

    detector.run(world.frames)

    assert len(detector.edges()) == 1
    assert_sound(detector)


def test_series_that_are_one_do_not_pass_the_bound() -> None:
    """Duplicates, opposed ones and multiples correlate by 0.9999 at most; limits hold."""
    rng = np.random.default_rng(2)
    one = generators.autoregressive(rng, 1500, 1, 0.5)
    frames = one * np.concatenate([np.ones(10), -np.ones(10), 10.0 ** np.arange(-5, 5)])
    detector = Detector([f"s{j}" for j in range(30)], LARGE)

    result = detector.run(frames)

    edges = detector.edges()
    assert len(edges) >= 30
    assert (np.abs(edges["weight"]) <= 0.9999).all()
    assert np.bincount(np.r_[edges["source"], edges["target"]]).max() <= 32
    assert np.isfinite(result.score).all()
    assert_sound(detector)


def test_members_that_change_every_tick_keep_slots_and_edges_sound() -> None:
    """One series joins and one leaves at each tick; those that stay find each other."""
    healthy = generators.coupled(3, 900, 8, factors=1).frames
    rng = np.random.default_rng(3)
    guests = [f"g{t}" for t in range(4)]
    detector = Detector([*(f"s{j}" for j in range(8)), *guests], LARGE)

    for t, frame in enumerate(healthy):
        guests.append(f"g{t + 4}")
        detector.add_series(guests[-1])
        detector.remove_series(guests.pop(0))
        detector.step(np.concatenate([frame, rng.normal(size=4)]))

    edges = detector.edges()
    assert len(edges) >= 8
    assert (edges["target"] < 8).all()
    assert_sound(detector)


def test_a_group_about_the_limit_keeps_its_edges() -> None:
    """Every tick the group passes exhaustive_max and comes back; no relation is lost by it."""
    params = DetectorParams.model_validate({"associations": {"exhaustive_max": 8}})
    world = generators.coupled(4, 1300, 8, factors=1)
    detector = Detector(world.names, params)
    detector.run(world.frames[:1000])
    before = len(detector.edges())

    for frame in world.frames[1000:]:
        detector.add_series("guest")
        detector.step(np.append(frame, 1.0))
        detector.remove_series("guest")

    assert before > 0
    assert len(detector.edges()) >= before
    assert_sound(detector)


@pytest.mark.parametrize("rule", ["hebb", "oja", "delta"])
def test_wild_frames_leave_no_nonsense(rule: str) -> None:
    """Gaps, spikes, steps and constants: by every rule the graph stays finite and bounded."""
    params = DetectorParams.model_validate(
        {"associations": {"exhaustive_max": 0, "rule": rule, "l1": 0.05}}
    )
    detector = Detector([f"s{j}" for j in range(12)], params)

    detector.run(generators.wild(5, 1500, 12))

    assert (np.abs(detector.edges()["weight"]) <= 1).all()
    assert_sound(detector)
