"""Traces of all pairs."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import naive
from hebbstream.kernels import layout as at
from hebbstream.kernels.traces import (
    fold_block,
    fold_row,
    fold_row_evenly,
    gather,
    one_rate,
    pair_index,
    weigh_rows,
)

N, PAIRS = 9, 36


@pytest.mark.parametrize(("i", "j"), [(0, 1), (0, 8), (3, 4), (2, 7), (7, 8)])
def test_pair_index_equals_naive_twin(i: int, j: int) -> None:
    """Pairs stand row by row above the diagonal."""
    assert pair_index(i, j, N) == naive.pair_index(i, j, N)


@pytest.mark.parametrize("apart", [0, 1])
def test_gather_equals_naive_twin(rng: np.random.Generator, apart: int) -> None:
    """Clipped frames, rates (or the gate) and activities agree with the formula."""
    z = (3 * rng.normal(size=N)).astype(np.float32)
    present = (rng.random(N) > 0.3).astype(np.float32)
    activity = rng.random((at.ACTIVITY_ROWS, N)) * 50
    block, status = np.zeros((2, at.PAIR_BLOCK_TICKS, N), np.float32), np.array([5.0, 0.0])
    values, rates, moved = naive.gather(
        z.astype(float), present.astype(float), activity, 0.001, 0.2, 3.0
    )

    gather(z, present, activity, block, status, 0.001, 0.2, 3.0, apart)

    assert_allclose(block[0, 5], values, rtol=1e-6)
    assert_allclose(block[1, 5], 0.2 * present if apart else rates, rtol=1e-6)
    assert_allclose(activity, moved, rtol=1e-6)
    assert status[at.PENDING] == 6


def test_one_rate_equals_naive_twin() -> None:
    """One row with two rates is found."""
    rates = np.repeat(np.array([[0.1], [0.2]], np.float32), N, axis=1)
    assert one_rate(rates, 2) == naive.one_rate(rates)

    rates[1, 4] = 0.0

    assert one_rate(rates, 2) == naive.one_rate(rates)


def test_fold_row_equals_naive_twin(rng: np.random.Generator) -> None:
    """A row of traces with gaps and young series agrees with the formula."""
    values = rng.normal(size=(64, N)).astype(np.float32)
    rates = rng.choice([0.0, 0.01, 0.3], size=(64, N)).astype(np.float32)
    trace = rng.normal(size=N - 1 - 3).astype(np.float32)
    expected = naive.fold_row(
        trace.astype(float), values[:50].astype(float), rates[:50].astype(float), 3
    )

    fold_row(trace, values, rates, 3, 50)

    assert_allclose(trace, expected, atol=1e-5)


def test_weigh_rows_equals_naive_twin(rng: np.random.Generator) -> None:
    """What each tick of a block counts at its end, and what is kept of what was there before."""
    rates = np.repeat(rng.random((16, 1)), N, axis=1).astype(np.float32) * np.float32(0.1)
    weights, kept = naive.weigh_rows(rates[:13].astype(float))

    keep = weigh_rows(rates, 13)

    assert_allclose(rates[:13, 0], weights, rtol=1e-5)
    assert keep == pytest.approx(kept, rel=1e-5)


def test_fold_row_evenly_equals_naive_twin(rng: np.random.Generator) -> None:
    """A row of traces with one rate a tick agrees with the formula, whatever the block's length."""
    values = rng.normal(size=(64, N)).astype(np.float32)
    rates = np.repeat(rng.random((64, 1)), N, axis=1).astype(np.float32) * np.float32(0.1)
    trace = rng.normal(size=N - 1 - 2).astype(np.float32)
    expected = naive.fold_row_evenly(
        trace.astype(float), values[:63].astype(float), rates[:63].astype(float), 2
    )

    fold_row_evenly(trace, values, rates, 2, 63, weigh_rows(rates, 63))

    assert_allclose(trace, expected, atol=1e-5)


@pytest.mark.parametrize("even", [True, False])
def test_fold_block_equals_naive_twin(rng: np.random.Generator, even: bool) -> None:  # noqa: FBT001
    """All traces agree with the formula, by the fast way and by the general one."""
    block = np.zeros((2, at.PAIR_BLOCK_TICKS, N), np.float32)
    block[0], block[1] = rng.normal(size=(at.PAIR_BLOCK_TICKS, N)), 0.02
    if not even:
        block[1][rng.random((at.PAIR_BLOCK_TICKS, N)) < 0.2] = 0.0
    traces, status = rng.normal(size=PAIRS).astype(np.float32), np.array([13.0, 0.0])
    expected = naive.fold_block(
        traces.astype(float), block[0, :13].astype(float), block[1, :13].astype(float)
    )

    fold_block(traces, block, status)

    assert_allclose(traces, expected, atol=1e-5)
    assert status[at.PENDING] == 0


def test_fold_block_flushes_subnormals() -> None:
    """Traces of still series become zero, not subnormal."""
    block = np.zeros((2, at.PAIR_BLOCK_TICKS, N), np.float32)
    block[1] = 0.5
    traces = np.full(PAIRS, 1e-25, np.float32)

    fold_block(traces, block, np.array([16.0, 0.0]))

    assert not traces.any()
