"""State of the learning gate."""

from __future__ import annotations

import pytest

from hebbstream.kernels import layout as at
from hebbstream.plasticity import Plasticity


def test_hold_and_release() -> None:
    """Held until released."""
    plasticity = Plasticity.empty(2)
    assert not plasticity.held

    plasticity.hold()
    assert plasticity.held

    plasticity.release()
    assert not plasticity.held


def test_a_gate_that_never_was_hot_has_neither_shadow_nor_parked_regime() -> None:
    """Both come with counts above zero."""
    plasticity = Plasticity.empty(1)
    assert not plasticity.quarantined
    assert not plasticity.parked

    plasticity.gate[[at.SHADOW_TICKS, at.PARKED_LIFE]] = 1

    assert plasticity.quarantined
    assert plasticity.parked


def test_a_negative_count_is_refused() -> None:
    """No gate has been hot for less than no tick."""
    plasticity = Plasticity.empty(1)
    plasticity.check()

    plasticity.gate[at.PARKED_LIFE] = -1

    with pytest.raises(ValueError, match="negative"):
        plasticity.check()


def test_a_pace_that_stands_still_is_refused() -> None:
    """Rates are multiplied by it."""
    plasticity = Plasticity.empty(1)
    assert plasticity.pace == 1

    plasticity.gate[at.PACE] = 0

    with pytest.raises(ValueError, match="pace"):
        plasticity.check()


def test_columns_come_and_go() -> None:
    """Deviations and drifts stay with their series."""
    plasticity = Plasticity.empty(2)
    plasticity.deviation[:] = 1, 2
    plasticity.drift[:] = 3, 4
    plasticity.lean[:] = 5, 6

    plasticity.grow(1)
    plasticity.drop(0)

    assert plasticity.deviation.tolist() == [2, 0]
    assert plasticity.drift.tolist() == [4, 0]
    assert plasticity.lean.tolist() == [6, 0]
