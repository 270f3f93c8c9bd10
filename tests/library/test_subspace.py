"""State of the components."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hebbstream.kernels import layout as at
from hebbstream.subspace import Subspace


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
