"""Slots: blocks, sums, judgement."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import naive_graph as naive
from hebbstream.arrays import F32, F64, U32
from hebbstream.kernels import layout as at
from hebbstream.kernels import slots

N, M, RATE = 10, 14, 0.01
JUDGED = np.array([0.02, 0.6, 3.0, 256.0])


def block_case(rng: np.random.Generator, rows: int = 40) -> tuple[F32, F64]:
    """Make a block of which some rows are used, some samples missing; its status."""
    block = np.zeros((2, at.BLOCK_TICKS, N), np.float32)
    block[:, rows:] = 99.0
    block[0, :rows] = rng.normal(size=(rows, N))
    gate = rng.choice([0.2, 1.0], rows)
    block[1, :rows] = gate[:, None] * (rng.random((rows, N)) > 0.2 * (np.arange(N) < 5))
    return block, np.array([rows, 0.0])


def turned_case(rng: np.random.Generator) -> tuple[F32, F32, float, F64]:
    """Turn a block; give it, its cells, what is kept, and the block itself."""
    block, status = block_case(rng)
    turned = np.full((2, N, at.BLOCK_TICKS), 7, np.float32)
    cells, pace = np.zeros((at.CELL_ROWS, N), np.float32), np.zeros(at.BLOCK_TICKS, np.float32)
    keep = slots.turn_block(block, status, RATE, turned, cells, pace)
    assert status[at.PENDING] == 0
    return turned, cells, keep, block.astype(float)


def pairs(rng: np.random.Generator, count: int = M) -> U32:
    """Make different pairs in order."""
    return np.array(np.triu_indices(N, 1))[:, rng.permutation(45)[:count]].astype(np.uint32)


def sums_of(rng: np.random.Generator, count: int = M) -> F32:
    """Make sums that samples could have."""
    x, y = rng.normal(size=(2, count, 30)) + rng.normal(size=(1, count, 1)) * 2
    w = rng.random((count, 30)) * 40
    sums = np.array([(w * x * y).sum(1), (w * x * x).sum(1), (w * y * y).sum(1), w.sum(1) / 9])
    return np.vstack([sums, rng.integers(0, 30, count) * 64]).astype(np.float32)


def test_turn_block_equals_naive_twin(rng: np.random.Generator) -> None:
    """Samples and weights stand series by series; what is not used is 0."""
    turned, cells, keep, block = turned_case(rng)
    samples, there, kept = naive.turn_block(block[0, :40], block[1, :40], RATE)

    assert_allclose(turned[0, :, :40], samples, rtol=1e-5, atol=1e-7)
    assert_allclose(turned[1, :, :40], there, rtol=1e-5, atol=1e-7)
    assert (turned[:, :, 40:] == 0).all()
    assert keep == pytest.approx(kept, rel=1e-6)
    assert_allclose(cells[at.CELL_POWER], (samples**2).sum(1), rtol=1e-5)
    assert_allclose(cells[at.CELL_WEIGHT], (there**2).sum(1), rtol=1e-5)
    assert_array_equal(cells[at.CELL_WHOLE], (block[1, :40] > 0).all(axis=0))


def test_fold_pairs_equals_naive_twin(rng: np.random.Generator) -> None:
    """Sums decay and take the block in, over ticks where both are; free slots are left alone."""
    turned, cells, keep, _ = turned_case(rng)
    ends, sums = pairs(rng), sums_of(rng)
    ends[:, 3] = 0
    expected = naive.fold_pairs(
        ends, sums.astype(float), turned[0].astype(float), turned[1].astype(float), keep
    )

    slots.fold_pairs(ends, sums, turned, cells, keep)

    assert_allclose(sums, expected, rtol=1e-4, atol=1e-4)


def test_sums_give_the_decayed_correlation(rng: np.random.Generator) -> None:
    """Block by block the sums are those of the whole stream, tick by tick."""
    x = rng.normal(size=(230, N)).astype(np.float32)
    ends, sums = pairs(rng), np.zeros((at.SLOT_ROWS, M), np.float32)
    turned, cells = np.zeros((2, N, 64), np.float32), np.zeros((3, N), np.float32)
    for start in range(0, 230, 50):
        rows = x[start : start + 50]
        block = np.zeros((2, 64, N), np.float32)
        block[0, : len(rows)], block[1, : len(rows)] = rows, 1
        status, pace = np.array([len(rows), 0.0]), np.zeros(64, np.float32)
        keep = slots.turn_block(block, status, RATE, turned, cells, pace)
        slots.fold_pairs(ends, sums, turned, cells, keep)

    weight = (1 - RATE) ** np.arange(229, -1, -1)
    product = (weight[:, None] * x[:, ends[0]] * x[:, ends[1]]).sum(axis=0)
    power = [(weight[:, None] * x[:, e].astype(float) ** 2).sum(axis=0) for e in ends]
    own = [slots.own_correlation(sums, e) for e in range(M)]
    assert_allclose(own, product / np.sqrt(power[0] * power[1]), rtol=1e-4, atol=1e-5)
    count = weight.sum() ** 2 / (weight**2).sum()
    assert slots.own_count(float(sums[at.SUM_WEIGHT, 0]), RATE) == pytest.approx(count, rel=1e-4)


def test_own_correlation_and_own_count_equal_naive_twins(rng: np.random.Generator) -> None:
    """Correlation and effective samples are those of the formulas, and bounded."""
    sums = sums_of(rng)
    sums[1, 0] = 0.0
    sums[:, 1] = [30.0, 1.0, 1.0, 5.0, 0.0]

    for e in range(M):
        expected = naive.own_correlation(sums[:, e].astype(float))
        assert slots.own_correlation(sums, e) == pytest.approx(expected, rel=1e-6)
        weight = float(sums[at.SUM_WEIGHT, e])
        assert slots.own_count(weight, RATE) == pytest.approx(naive.own_count(weight, RATE))
    assert slots.own_correlation(sums, 1) == 0.9999


def activities(rng: np.random.Generator) -> F64:
    """Make activities of which one is still."""
    activity = rng.random((at.ACTIVITY_ROWS, N)) + 0.5
    activity[at.ECHO] *= 0.5
    activity[at.ACTIVITY, 2] = 0.001
    return activity


def test_lists_equal_naive_twins(rng: np.random.Generator) -> None:
    """The strongest edges, and the pairs that may grow among them, are those of the formula."""
    activity, own, tried = activities(rng), sums_of(rng), sums_of(rng, 20)
    every = pairs(rng, M + 20)
    ends, slot_ends = every[:, :M].copy(), every[:, M:].copy()
    slot_ends[:, 4] = 0
    index, weight = np.zeros((N, 3), np.int32), np.zeros((N, 3), np.float32)
    args = ends, own.astype(float)
    edges = naive.list_edges(*args, N, 3)
    all_of = naive.list_ripe(*args, slot_ends, tried.astype(float), activity, 3, JUDGED, RATE)

    slots.list_edges(ends, own, index, weight)
    only_edges = [sorted(row[row > 0].tolist(), reverse=True) for row in weight]
    ripe = slots.list_ripe(slot_ends, tried, activity, index, weight, JUDGED, RATE)

    for listed, expected in zip(only_edges, edges, strict=True):
        assert_allclose(listed, expected, rtol=1e-5)
    for j, row in enumerate(weight):
        assert_allclose(row[row > 0], all_of[j], rtol=1e-5)
    assert ripe == bool((index >= 0).any())
    for j, numbers in enumerate(index):
        assert all(j in slot_ends[:, s] for s in numbers[numbers >= 0])
    expected_free = naive.end_trials(
        slot_ends, tried.astype(float), activity, weight[:, -1].astype(float), JUDGED, RATE, 64
    )

    free = slots.end_trials(slot_ends, tried, activity, weight, JUDGED, RATE, 64)

    assert_array_equal(slot_ends[0] >= slot_ends[1], expected_free)
    assert free == sum(expected_free)


def test_slot_sigmas_equals_naive_twin(rng: np.random.Generator) -> None:
    """Significance rests on each pair's own samples."""
    activity, sums, ends, sigmas = activities(rng), sums_of(rng)[:4].copy(), pairs(rng), np.zeros(M)

    slots.slot_sigmas(activity, ends, sums, RATE, sigmas)

    assert_allclose(sigmas, naive.slot_sigmas(activity, ends, sums.astype(float), RATE), rtol=1e-5)
