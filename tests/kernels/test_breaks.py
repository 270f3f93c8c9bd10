"""Breaks of edges at a tick, and their usual spread; in chunks, and with samples missing."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import naive_breaks
from hebbstream.arrays import F32, F64, U32
from hebbstream.kernels import layout as at
from hebbstream.kernels.breaks import (
    break_evidence,
    cut_frame,
    face_ends,
    judge_edges,
    learn_spread,
    measure_apart,
    sum_breaks,
)

N, M = 8, 12


def case(rng: np.random.Generator, missing: float = 0.2) -> tuple[F32, F32, U32, F32, F64]:
    """Frame, presence, ends, edge values and activities."""
    pairs = np.array(np.triu_indices(N, 1))[:, rng.permutation(28)[:M]]
    values = rng.random((at.EDGE_ROWS, M)).astype(np.float32)
    values[at.WEIGHT] = rng.uniform(-1, 1, M)
    values[at.SPREAD_COUNT] = rng.integers(1, 2000, M)
    values[at.MUTED] = rng.random(M) > 0.7
    z = (8 * rng.normal(size=N)).astype(np.float32)
    present = (rng.random(N) > missing).astype(np.float32)
    z *= present
    activity = rng.random((at.ACTIVITY_ROWS, N)) * 5
    activity[at.DEGREE] = np.bincount(pairs.ravel(), minlength=N)
    return z, present, pairs.astype(np.uint32), values, activity


def scratch(chunk: int = 5) -> F32:
    """Rows for a chunk of edges that does not divide their number."""
    return np.full((at.PAIR_ROWS, chunk), np.nan, np.float32)


def rows() -> tuple[F32, F32]:
    """Scratch of the series and of the edges."""
    return np.zeros(N, np.float32), np.zeros(M, np.float32)


@pytest.mark.parametrize("missing", [0.0, 0.4])
def test_face_ends_equals_naive_twin(rng: np.random.Generator, missing: float) -> None:
    """Values and presence of both ends, of the edges asked for."""
    z, present, ends, _, _ = case(rng, missing)
    pairs = scratch(M)
    expected = naive_breaks.face_ends(z.astype(float), present.astype(float), ends, 2, 9)

    face_ends(z, present, N - present.sum(), ends, 2, 9, pairs)

    assert_allclose(pairs[:, :7], expected)
    assert np.isnan(pairs[:, 7:]).all()


def test_cut_frame_equals_naive_twin(rng: np.random.Generator) -> None:
    """Values within the limit, and how many are missing."""
    z, present, _, _, _ = case(rng)
    cut = np.full(N, np.nan, np.float32)

    missing = cut_frame(3 * z, present, cut)

    expected, absent = naive_breaks.cut_frame(3 * z.astype(float), present.astype(float))
    assert_allclose(cut, expected)
    assert missing == absent


def test_judge_edges_equals_naive_twin(rng: np.random.Generator) -> None:
    """Breaks, what is smoothed of them, and how many are judged; other edges stay as they are."""
    z, present, ends, values, _ = case(rng)
    pairs, (cut, apart) = scratch(M), rows()
    cut_frame(z, present, cut)
    face_ends(cut, present, 1.0, ends, 2, 9, pairs)
    expected, breaks, judged = naive_breaks.judge_edges(
        values.astype(float), 2, 9, 1 / 60, pairs[:, :7].astype(float)
    )

    squares = naive_breaks.measure_apart(
        z.astype(float), present.astype(float), ends, values.astype(float)
    )
    apart[:] = np.nan

    found = judge_edges(values, 2, 9, 1 / 60, pairs, apart)

    assert found == judged
    assert_allclose(values, expected, rtol=1e-4, atol=1e-6)
    assert_allclose(pairs[:, :7], breaks, rtol=1e-4)
    assert_allclose(apart[2:9], squares[2:9], rtol=1e-4, atol=1e-5)
    assert np.isnan(apart[[0, 1, 9, 10, 11]]).all()


def test_sum_breaks_equals_naive_twin(rng: np.random.Generator) -> None:
    """Sums and counts of the ends, with and without edges that are not judged."""
    z, present, ends, values, activity = case(rng)
    pairs = scratch(M)
    face_ends(z, present, 1.0, ends, 0, M, pairs)
    judged = judge_edges(values, 0, M, 1 / 60, pairs, np.zeros(M, np.float32))
    node, count = rng.random(N), activity[at.DEGREE].copy()
    expected = naive_breaks.sum_breaks(ends, 0, M, pairs.astype(float), node, count)

    sum_breaks(ends, 0, M, pairs, judged, node, count)

    assert_allclose(node, expected[0])
    assert_array_equal(count, expected[1])


def test_break_evidence_equals_naive_twin(rng: np.random.Generator) -> None:
    """Breaks of nodes and edges and the worst node agree with the formula."""
    z, present, ends, values, activity = case(rng)
    node, count = np.zeros(N), np.zeros(N)
    expected = naive_breaks.break_evidence(
        z.astype(float), present.astype(float), ends, values.astype(float), activity, 1 / 60
    )

    worst = break_evidence(
        z, present, ends, values, activity, node, count, scratch(), *rows(), 1 / 60
    )

    assert_allclose(node, expected[0], rtol=1e-4)
    assert_allclose(values, expected[1], rtol=1e-4, atol=1e-6)
    assert_allclose(activity, expected[2], rtol=1e-5)
    assert_allclose(worst, expected[3], rtol=1e-5)


def test_no_edge_no_verdict() -> None:
    """Without edges there is no worst node."""
    zeros = np.zeros(3, np.float32)
    none = np.zeros((2, 0), np.uint32), np.zeros((at.EDGE_ROWS, 0), np.float32)

    worst = break_evidence(
        zeros,
        zeros,
        *none,
        np.zeros((at.ACTIVITY_ROWS, 3)),
        np.zeros(3),
        np.zeros(3),
        scratch(),
        zeros.copy(),
        np.zeros(0, np.float32),
        0.1,
    )

    assert worst == -1.0


def test_measure_apart_equals_naive_twin(rng: np.random.Generator) -> None:
    """How far ends are apart, in chunks, is what judging them says too."""
    z, present, ends, values, activity = case(rng)
    expected = naive_breaks.measure_apart(
        z.astype(float), present.astype(float), ends, values.astype(float)
    )
    (cut, apart), judged = rows(), np.zeros(M, np.float32)

    measure_apart(z, present, ends, values, scratch(), cut, apart)
    break_evidence(
        z, present, ends, values, activity, np.zeros(N), np.zeros(N), scratch(), cut, judged, 0.1
    )

    assert_allclose(apart, expected, rtol=1e-4, atol=1e-5)
    assert_array_equal(judged, apart)


def test_learn_spread_equals_naive_twin(rng: np.random.Generator) -> None:
    """Usual differences agree with the formula; those of edges without a sample stay."""
    z, present, ends, values, _ = case(rng)
    cut, apart = rows()
    measure_apart(z, present, ends, values, scratch(), cut, apart)
    expected = naive_breaks.learn_spread(apart.astype(float), values.astype(float), 0.01, 0.5)

    learn_spread(apart, values, 0.01, 0.5)

    assert_allclose(values, expected, rtol=1e-5)
