"""Leads and lags: what edges learn of how their ends move some ticks apart."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import naive_lags as naive
from hebbstream.arrays import F32, U32
from hebbstream.kernels import lags
from hebbstream.kernels import layout as at
from hebbstream.kernels.slots import turn_block

N, M, RATE = 8, 12, 0.002


def edges_case(rng: np.random.Generator) -> tuple[U32, F32]:
    """Make edges that have learnt from a few blocks, and one from none."""
    ends = np.array(np.triu_indices(N, 1))[:, rng.permutation(28)[:M]].astype(np.uint32)
    values = rng.random((at.EDGE_ROWS, M)).astype(np.float32)
    values[at.LAG_BLOCKS] = rng.integers(0, 12, M)
    values[at.LAG_BLOCKS, 0] = 0
    return ends, values


def block_case(rng: np.random.Generator, ticks: int, rows: int) -> F32:
    """Make a block with a sample missing in two series, rates that differ a little by tick."""
    block = np.zeros((2, ticks, N), np.float32)
    block[:, rows:] = 99.0
    block[0, :rows] = rng.normal(size=(rows, N))
    block[1, :rows] = rng.choice([0.5, 1.0], rows)[:, None] * np.float32(RATE)
    block[1, rows // 2, :2] = 0.0
    return block


def scratch(ticks: int) -> tuple[F32, F32, F32]:
    """Make what a block is turned into."""
    turned = np.full((2, N, ticks), 7, np.float32)
    return turned, np.zeros((at.CELL_ROWS, N), np.float32), np.zeros(at.BLOCK_TICKS, np.float32)


@pytest.mark.parametrize(("ticks", "rows"), [(16, 16), (64, 64), (64, 40), (64, 9)])
@pytest.mark.parametrize("gate", [1.0, 0.3])
def test_learn_lags_equals_naive_twin(
    rng: np.random.Generator, ticks: int, rows: int, gate: float
) -> None:
    """Each lag either way, over the rows in use; edges with a sample missing stay as they were."""
    ends, values = edges_case(rng)
    block, status = block_case(rng, ticks, rows), np.array([rows, 0.0, 0.0])
    turned, cells, pace = scratch(ticks)
    turn_block(block, status, RATE, turned, cells, pace)
    samples, there = turned[:, :, :rows].astype(float)
    expected = naive.learn_lags(ends, values.astype(float), samples, there, RATE, gate)

    lags.learn_lags(ends, values, turned, cells, pace, RATE, gate)

    assert_allclose(values, expected, rtol=2e-5, atol=1e-6)
    left = (ends < 2).any(axis=0)
    assert left.any()
    assert (expected[at.LAG_BLOCKS, ~left] > 0).all()


@pytest.mark.parametrize(("waited", "rows"), [(0, 16), (2, 16), (3, 16), (3, 8), (3, 7), (9, 0)])
def test_time_pairs_equals_naive_twin(rng: np.random.Generator, waited: int, rows: int) -> None:
    """One block in four, if it has rows enough; the rows still wait for the traces."""
    ends, values = edges_case(rng)
    block, status = block_case(rng, 16, rows) if rows else np.zeros((2, 16, N), np.float32), None
    status = np.array([rows, 5.0, waited])
    before = values.astype(float)
    expected, waits = naive.time_pairs(ends, before, block.astype(float), rows, waited, RATE)

    lags.time_pairs(ends, values, block, status, *scratch(16), RATE)

    assert_allclose(values, expected, rtol=2e-5, atol=1e-6)
    assert_array_equal(status, [rows, 5.0, waits])


def test_no_edges_and_no_learning_change_nothing(rng: np.random.Generator) -> None:
    """A graph without edges waits; a block learnt at no rate is passed over."""
    ends, values = edges_case(rng)
    none = np.zeros((2, 0), np.uint32), np.zeros((at.EDGE_ROWS, 0), np.float32)
    block, status = block_case(rng, 16, 16), np.array([16.0, 0.0, 3.0])

    lags.time_pairs(*none, block, status, *scratch(16), RATE)
    assert status[at.LAG_WAIT] == 4
    block[1] = 0.0
    before = values.copy()
    lags.time_pairs(ends, values, block, status, *scratch(16), RATE)

    assert status[at.LAG_WAIT] == 0
    assert_array_equal(values, before)
