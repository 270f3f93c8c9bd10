"""Pairs of series."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from hebbstream.association_params import AssociationsParams
from hebbstream.kernels.slots import own_correlation
from hebbstream.kernels.traces import pair_index
from hebbstream.pairs import own_correlations, pair_count, pair_places, slot_count


def test_pair_count_ends_at_exhaustive_max() -> None:
    """Pairs are traced from two series to exhaustive_max."""
    params = AssociationsParams(exhaustive_max=10)

    assert [pair_count(n, params) for n in (0, 1, 2, 10, 11)] == [0, 0, 1, 45, 0]


def test_pair_places_equal_the_kernel() -> None:
    """Both formulas for a pair's place agree."""
    first, second = np.triu_indices(7, 1)

    places = [pair_index(i, j, 7) for i, j in zip(first.tolist(), second.tolist(), strict=True)]

    assert places == list(range(21))
    assert_array_equal(pair_places(first, second, 7), places)


def test_slots_begin_where_pairs_end() -> None:
    """A group either traces all pairs or tries some in slots."""
    params = AssociationsParams(exhaustive_max=10, slots_per_series=3)

    assert [slot_count(n, params) for n in (0, 1, 2, 10, 11, 1000)] == [0, 0, 0, 0, 33, 3000]
    assert slot_count(1, AssociationsParams(exhaustive_max=0)) == 0


def test_own_correlations_equal_the_kernel() -> None:
    """Both forms agree, where nothing moves and where rounding passes 1 too."""
    sums = np.random.default_rng(0).random((4, 9)).astype(np.float32)
    sums[:, 0], sums[:, 1] = [1, 0, 1, 1], [-9, 1, 1, 1]

    assert_allclose(own_correlations(sums), [own_correlation(sums, e) for e in range(9)], rtol=1e-6)
