"""State of a regime that is not the published one."""

from __future__ import annotations

import numpy as np
import pytest

from hebbstream.kernels.model import Regime
from hebbstream.params import DetectorParams
from hebbstream.regime import ARRAYS, RegimeState, fitting


def test_names_are_those_of_the_kernels() -> None:
    """Every array has an owner, in the same order."""
    assert tuple(name for _, name in ARRAYS) == Regime._fields


def test_restore_takes_over_its_own_arrays() -> None:
    """Names carry the prefix; those of others are left alone."""
    source, target = (RegimeState.empty(4, DetectorParams(), 60.0) for _ in range(2))
    source.scaler.moments[:] = 1.0
    arrays = {"shadow_" + name: array for name, array in source.arrays()._asdict().items()}

    target.restore(arrays, "shadow_")

    assert (target.scaler.moments == 1.0).all()
    with pytest.raises(ValueError, match="parked_moments"):
        target.restore(arrays, "parked_")


def test_columns_come_and_go() -> None:
    """All arrays keep one column a series."""
    regime = RegimeState.empty(3, DetectorParams(), 60.0)
    regime.scaler.moments[0] = 1, 2, 3

    regime.grow(2, 1)
    regime.drop(0)

    assert regime.scaler.moments[0].tolist() == [2, 3, 0, 0]
    assert {regime.arrays().residual.shape[1], regime.arrays().clock.shape[1]} == {4}


@pytest.mark.parametrize("given", [None, np.zeros(2), np.zeros(3, np.float32), np.full(3, np.nan)])
def test_what_does_not_fit_is_refused(given: np.ndarray | None) -> None:
    """Missing, of another shape, of another type, or no numbers."""
    arrays = {} if given is None else {"a": given}

    with pytest.raises(ValueError, match="array 'a'"):
        fitting(arrays, "a", np.zeros(3))
