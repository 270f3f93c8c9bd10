"""The learning gate."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

import naive
from hebbstream.kernels import layout as at
from hebbstream.kernels.gate import adopt_regime, follow_deviation, heat

N = 11


def test_follow_deviation_equals_naive_twin(rng: np.random.Generator) -> None:
    """Smoothed deviations agree with the formula."""
    z, deviation = (30 * rng.normal(size=N)).astype(np.float32), rng.normal(size=N)
    present = (rng.random(N) > 0.3).astype(np.float32)
    expected = naive.follow_deviation(z.astype(float), present.astype(float), deviation, 0.1)

    follow_deviation(z, present, deviation, 0.1)

    assert_allclose(deviation, expected, rtol=1e-6)


def test_heat_equals_naive_twin(rng: np.random.Generator) -> None:
    """Hot ticks and adoptions agree with the formula along a random course."""
    gate, hot = np.zeros(at.GATE_ROWS), 0.0

    for tick in range(400):
        exponent = float(rng.choice([1.0, 5.0], p=[0.1, 0.9]))
        hot, expected = naive.heat(hot, exponent, 3.0, 20.0)
        assert heat(gate, exponent, 3.0, 20.0, tick) == expected
        assert gate[at.GATE_HOT] == hot


def test_heat_remembers_the_last_two_adoptions() -> None:
    """The ticks of two adoptions in a row are kept, the older one as the one before."""
    gate = np.zeros(at.GATE_ROWS)

    for tick in range(10):
        heat(gate, 9.0, 3.0, 4.0, tick)

    assert (gate[at.ADOPTED_BEFORE], gate[at.ADOPTED_LAST]) == (4, 9)


def test_adopt_regime_equals_naive_twin(rng: np.random.Generator) -> None:
    """Deviating series restart as the formula says; subspace counts are cut."""
    moments, deviation = rng.random((at.MOMENT_ROWS, N)) * 200, 6 * rng.normal(size=N)
    components, residual = np.full((at.COMPONENT_ROWS, 3), 500.0), np.full((2, N), 500.0)
    totals = np.array([2.0, 1.0, 500.0])
    expected = naive.adopt_regime(moments, deviation, 3.0, 60.0)

    adopt_regime(moments, components, residual, totals, deviation, 3.0, 60.0)

    assert_allclose(moments, expected)
    assert_allclose(components[at.AGE], [60.0, 60.0, 500.0])
    assert_allclose(residual[at.RESIDUAL_COUNT], 60.0)
    assert totals[at.ENERGY_COUNT] == 60.0
