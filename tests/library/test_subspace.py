"""State of the components."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import generators
from hebbstream import Detector, DetectorParams
from hebbstream.kernels import layout as at
from hebbstream.subspace import Subspace

RULES = ["pastd", "sanger", "oja", "lateral"]


@pytest.mark.parametrize(
    ("n", "least", "count"), [(0, 1, 0), (1, 1, 0), (2, 1, 1), (9, 4, 4), (3, 4, 2)]
)
def test_it_begins_orthonormal(n: int, least: int, count: int) -> None:
    """It begins with the rows asked for, fewer than series, orthonormal."""
    subspace = Subspace.empty(n, 8, least)

    assert subspace.count == count
    assert_allclose(subspace.rows @ subspace.rows.T, np.eye(count), atol=1e-6)


def test_drop_keeps_rows_orthonormal_and_their_energies() -> None:
    """Without one series the rows are orthonormal again and keep their order."""
    rng = np.random.default_rng(0)
    subspace = Subspace.empty(6, 8, 3)
    subspace.weights[:3] = np.linalg.qr(rng.normal(size=(6, 3)))[0].T
    subspace.components[at.ENERGY, :3] = 3, 2, 1

    subspace.drop(2)

    assert_allclose(subspace.rows @ subspace.rows.T, np.eye(3), atol=1e-6)
    assert_allclose(subspace.components[at.ENERGY, :3], [3, 2, 1])
    assert subspace.weights.shape == (8, 5)


def test_a_component_of_the_dropped_series_alone_goes_too() -> None:
    """A row that held nothing else is dropped, and those after it move up."""
    subspace = Subspace.empty(4, 8, 2)
    subspace.weights[:2] = np.array([[0, 1, 0, 0], [0, 0, 0.6, 0.8]])
    subspace.components[at.ENERGY, :2] = 5, 4

    subspace.drop(1)

    assert subspace.count == 1
    assert_allclose(subspace.rows, [[0, 0.6, 0.8]])
    assert subspace.components[at.ENERGY, 0] == 4


def test_grow_begins_where_there_was_nothing() -> None:
    """A group that had one series gets its first component with the second."""
    subspace = Subspace.empty(1, 8, 1)

    subspace.grow(1, 1)

    assert subspace.count == 1


def test_energy_shares_need_energy() -> None:
    """Before anything is learnt the shares are 0."""
    assert Subspace.empty(5, 8, 2).energy_shares.tolist() == [0.0, 0.0]


def detector(rule: str, n: int) -> Detector:
    """Make a detector of n series whose components learn by a rule."""
    params = DetectorParams.model_validate({"subspace": {"rule": rule}})
    return Detector([f"s{i}" for i in range(n)], params)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_holds_what_the_best_components_could(rule: str) -> None:
    """After 4000 frames the components hold at least 95 % of what as many could."""
    frames = generators.coupled(1, 4000, 12, coupling=0.8, memory=0.0).frames
    group = detector(rule, 12)

    group.run(frames)

    z = np.clip((frames - frames.mean(axis=0)) / frames.std(axis=0), -2, 2)
    basis = np.linalg.qr(group.components().T.astype(float))[0]
    best = float((np.linalg.svd(z, compute_uv=False)[: basis.shape[1]] ** 2).sum())
    assert float(((z @ basis) ** 2).sum()) > 0.95 * best


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_goes_on_from_a_snapshot(rule: str) -> None:
    """Series join and leave; a snapshot then continues to equal bits."""
    frames = generators.coupled(2, 1200, 7).frames
    straight = detector(rule, 6)
    straight.run(frames[:500, :6])
    straight.add_series("new")
    straight.run(frames[500:800])
    straight.remove_series("s1")
    rest = np.delete(frames[800:], 1, axis=1)
    restored = Detector.load(straight.dump())

    straight.run(rest)
    restored.run(rest)

    assert straight.dump() == restored.dump()
    assert_allclose(np.linalg.norm(straight.components(), axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_bears_what_is_bad(rule: str) -> None:
    """Gaps, constants, jumps of 1e12 and silence leave unit rows and finite scores."""
    rng = np.random.default_rng(3)
    frames = rng.normal(size=(900, 5))
    frames[rng.random(frames.shape) < 0.3] = np.nan
    frames[:, 4] = 7.0
    frames[300, 0] = 1e12
    frames[500:600] = np.nan
    group = detector(rule, 5)

    result = group.run(frames)

    assert np.isfinite(result.score).all()
    assert_allclose(np.linalg.norm(group.components(), axis=1), 1, atol=1e-5)
