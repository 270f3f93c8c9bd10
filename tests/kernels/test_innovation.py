"""What is new at a tick: innovations of the residuals."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import naive_evidence as naive
from hebbstream.evidence import Evidence
from hebbstream.kernels import layout as at
from hebbstream.kernels.innovation import innovate, innovation, learn_innovations

N = 12


def some_state(rng: np.random.Generator) -> np.ndarray:
    """Memories of all kinds: none, negative, beyond one."""
    state = rng.normal(size=(at.INNOVATION_ROWS, N))
    state[at.POWER] = 2 * rng.random(N)
    state[at.INNOVATION_VARIANCE] = rng.random(N)
    state[at.INNOVATION_COUNT] = rng.integers(0, 5000, N)
    state[at.U_NOW] *= 5
    state[at.MOVES :] = 4 * rng.random((3, N)) + 0.1
    return np.asarray(state)


def test_innovate_equals_naive_twin(rng: np.random.Generator) -> None:
    """State and results agree with the formula; a missing sample is neither old nor new."""
    state, u = some_state(rng), 15 * rng.normal(size=N)
    present, seen = (rng.random(N) > 0.3).astype(np.float32), rng.integers(0, 60, N).astype(float)
    judged = present.astype(float) * (seen >= 30)
    expected, results = naive.innovate(np.where(present > 0, u, 0.0), judged, state, 20.0)

    actual = innovate(u, present, seen, state, 20.0, 30.0, np.zeros(N))

    assert_allclose(actual, results)
    assert_allclose(state, expected)


@pytest.mark.parametrize("n", [1, 3])
def test_where_nobody_has_peers_nothing_is_new(n: int) -> None:
    """A lone series, and a group that is not judged yet, have no innovations to speak of."""
    state = np.ones((at.INNOVATION_ROWS, n))
    seen = np.full(n, 99.0 if n == 1 else 3.0)

    found = innovate(np.ones(n), np.ones(n, np.float32), seen, state, 20.0, 30.0, np.zeros(n))

    assert found == (-1.0, -1.0)


def test_innovation_equals_naive_twin(rng: np.random.Generator) -> None:
    """Each series' innovation is its residual less its memory of the one before."""
    state = some_state(rng)

    actual = [innovation(state, j) for j in range(N)]

    assert_allclose(actual, [naive.innovation(state, j) for j in range(N)])


def test_learn_innovations_equals_naive_twin(rng: np.random.Generator) -> None:
    """Present series learn by the formula, the others keep what they know."""
    state, present = some_state(rng), (rng.random(N) > 0.3).astype(np.float32)
    expected = naive.learn_innovations(present.astype(float), state, 1e-3, 0.3)

    learn_innovations(present, state, 1e-3, 0.3)

    assert_allclose(state, expected, rtol=1e-6)


def test_memory_is_that_of_the_residual(rng: np.random.Generator) -> None:
    """An autoregression's coefficient and innovations are found, to a few percent."""
    ticks, memory = 20_000, 0.8
    noise = rng.normal(size=ticks)
    state = Evidence.empty(1).innovations
    one, u = np.ones(1, np.float32), 0.0
    for t in range(ticks):
        u = memory * u + 0.6 * noise[t]
        innovate(np.array([u]), one, one.astype(float), state, 20.0, 0.0, np.zeros(1))
        learn_innovations(one, state, 1e-3, 1.0)

    assert state[at.ECHOED, 0] / state[at.POWER, 0] == pytest.approx(memory, abs=0.05)
    assert state[at.INNOVATION_VARIANCE, 0] == pytest.approx(0.36, rel=0.15)


def test_a_slow_series_that_leaves_its_peers_is_seen_by_its_moves(rng: np.random.Generator) -> None:
    """Its residual is as slow as before, but moves by itself; when that is over, it is no news."""
    ticks, broken = 4000, slice(3000, 3060)
    state, one = Evidence.empty(2).innovations, np.ones(2, np.float32)
    u, heights = np.zeros(2), np.zeros(ticks)
    for t in range(ticks):
        sigma = 2.5 if broken.start <= t < broken.stop else 1.0
        u = 0.9 * u + 0.43 * np.array([sigma, 1.0]) * rng.normal(size=2)
        _, heights[t] = innovate(u, one, np.full(2, 1e3), state, 20.0, 0.0, np.zeros(2))
        learn_innovations(one, state, 1e-3, 1.0)

    usual = np.quantile(heights[1000 : broken.start], 0.999)
    assert heights[broken].max() > 1.5 * usual
    assert heights[broken.stop + 40 :].max() < 1.5 * usual
