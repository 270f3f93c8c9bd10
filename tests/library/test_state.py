"""All states as one."""

from __future__ import annotations

import numpy as np
import pytest

from hebbstream.kernels import layout as at
from hebbstream.kernels.model import Model
from hebbstream.kernels.traces import pair_index
from hebbstream.params import DetectorParams
from hebbstream.state import ARRAYS, State


def test_names_are_those_of_the_model() -> None:
    """Every array of the model has an owner, in the same order."""
    assert (*(name for _, name in ARRAYS), "shadow", "parked") == Model._fields


def test_restore_takes_over_what_fits() -> None:
    """Arrays of another state of the same kind are taken, with any number of edges."""
    params = DetectorParams()
    arrays = State.empty(4, params, 60.0).arrays()
    pairs = [(0, 1), (0, 2), (1, 3)]
    arrays["ends"] = np.array(pairs, np.uint32).T
    arrays["linked"][[pair_index(*pair, 4) for pair in pairs]] = 1
    arrays["activity"][at.DEGREE] = [2, 2, 1, 1]
    arrays["values"] = np.ones((len(arrays["values"]), 3), np.float32)
    arrays["ticks"] = np.zeros((len(arrays["ticks"]), 3), np.int64)

    state = State.empty(4, params, 60.0)
    state.restore(arrays)

    assert state.graph.edge_count == 3


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("moments", None),
        ("moments", np.zeros((5, 3))),
        ("moments", np.zeros((6, 3))),
        ("moments", np.zeros(())),
        ("weights", np.zeros((16, 4))),
        ("ends", np.zeros((2, 3), np.uint32)),
    ],
)
def test_restore_refuses_what_does_not_fit(name: str, array: object) -> None:
    """A missing array, another shape, type or number of edges is named."""
    state = State.empty(4, DetectorParams(), 60.0)
    arrays = state.arrays()
    arrays.pop(name)
    if isinstance(array, np.ndarray):
        arrays[name] = array

    with pytest.raises(ValueError, match="does not fit"):
        state.restore(arrays)
