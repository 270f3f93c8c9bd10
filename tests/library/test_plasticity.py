"""State of the learning gate."""

from __future__ import annotations

from hebbstream.kernels import layout as at
from hebbstream.plasticity import NEVER, Plasticity


def test_hold_and_release() -> None:
    """Held until released."""
    plasticity = Plasticity.empty(2)
    assert not plasticity.held

    plasticity.hold()
    assert plasticity.held

    plasticity.release()
    assert not plasticity.held


def test_adoptions_are_remembered_in_order() -> None:
    """The last two adoptions are kept; an adoption cools the gate."""
    plasticity = Plasticity.empty(1)
    plasticity.gate[at.GATE_HOT] = 9

    plasticity.note_adoption(5)

    assert plasticity.gate.tolist() == [0.0, 5.0, NEVER, 0.0]


def test_columns_come_and_go() -> None:
    """Deviations stay with their series."""
    plasticity = Plasticity.empty(2)
    plasticity.deviation[:] = 1, 2

    plasticity.grow(1)
    plasticity.drop(0)

    assert plasticity.deviation.tolist() == [2, 0]
