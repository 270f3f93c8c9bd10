"""Learning rules of one unit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import naive
import naive_rules
from hebbstream.arrays import F32, F64
from hebbstream.kernels.rules import (
    activity_switch,
    bcm,
    hebb,
    hebb_decay,
    hebb_sparse,
    oja,
    oja_pastd,
    pace,
)

#: Frames whose samples are clipped, as every rule gets them.
FRAMES = st.integers(1, 9).flatmap(
    lambda n: st.lists(
        st.lists(st.floats(-20, 20, width=32), min_size=n, max_size=n), min_size=1, max_size=60
    )
)
BOUNDED = settings(max_examples=60)


def test_worked_example() -> None:
    """The design's example of Hebb with decay comes out as written."""
    weights = np.array([0.1, 0.0], np.float32)

    hebb_decay(weights, np.ones(2, np.float32), 1.0, 0.5, 0.1)

    assert_allclose(weights, [0.59, 0.5], rtol=1e-6)


def test_hebb_decay_equals_naive_twin(rng: np.random.Generator) -> None:
    """Every weight agrees with the formula."""
    weights, frame = rng.normal(size=(2, 17)).astype(np.float32)
    expected = naive.hebb_decay(weights.astype(float), frame.astype(float), 0.7, 0.05, 0.2)

    hebb_decay(weights, frame, 0.7, 0.05, 0.2)

    assert_allclose(weights, expected, rtol=1e-5, atol=1e-6)


def test_hebb_decay_with_zero_rate_changes_nothing(rng: np.random.Generator) -> None:
    """Without rate and decay the weights stay bit for bit."""
    weights, frame = rng.normal(size=(2, 9)).astype(np.float32)
    before = weights.copy()

    hebb_decay(weights, frame, 1.3, 0.0, 0.0)

    assert_array_equal(weights, before)


@pytest.mark.parametrize("gate", [1.0, 0.2])
def test_oja_pastd_equals_naive_twin(rng: np.random.Generator, gate: float) -> None:
    """Weights and what is left agree with the formula, with series missing."""
    weights, lesson = rng.normal(size=(2, 33)).astype(np.float32)
    weights /= np.linalg.norm(weights)
    present = (rng.random(33) > 0.2).astype(np.float32)
    lesson *= present
    s = float(weights @ lesson)
    learnt, left = naive.oja_pastd(
        weights.astype(float), lesson.astype(float), present.astype(float), s, 12.0, gate
    )

    oja_pastd(weights, lesson, present, s, 12.0, gate)

    assert_allclose(weights, learnt, atol=2e-6)
    assert_allclose(lesson, left, atol=5e-6)


def test_oja_pastd_keeps_unit_length(rng: np.random.Generator) -> None:
    """The row stays of length 1 through 500 lessons."""
    weights = np.full(20, 20**-0.5, np.float32)
    present = np.ones(20, np.float32)
    gain = 20.0

    for _ in range(500):
        lesson = rng.normal(size=20).astype(np.float32)
        s = float(weights @ lesson)
        gain += s * s - 0.001 * gain
        oja_pastd(weights, lesson, present, s, gain, 1.0)

    assert abs(float(np.linalg.norm(weights)) - 1) < 1e-5


def test_oja_pastd_flushes_subnormal_weights() -> None:
    """Weights that have decayed away become zero, not subnormal."""
    weights = np.array([1.0, 1e-30], np.float32)

    oja_pastd(weights, np.array([0.5, 0.0], np.float32), np.ones(2, np.float32), 0.5, 10.0, 1.0)

    assert weights[1] == 0.0


@pytest.mark.parametrize(("mean", "now"), [(4.0, 1.0), (1.0, 4.0), (0.0, 0.0)])
def test_pace_equals_naive_twin(mean: float, now: float) -> None:
    """The rate is divided by the larger power; nothing is learnt from nothing."""
    assert pace(0.1, mean, now) == naive_rules.pace(0.1, mean, now)


def test_hebb_equals_naive_twin(rng: np.random.Generator) -> None:
    """Every weight agrees with the formula."""
    weights, frame = rng.normal(size=(2, 17)).astype(np.float32)
    expected = naive_rules.hebb(weights.astype(float), frame.astype(float), 0.7, 0.05)

    hebb(weights, frame, 0.7, 0.05)

    assert_allclose(weights, expected, rtol=1e-5, atol=1e-6)


def test_hebb_sparse_equals_naive_twin(rng: np.random.Generator) -> None:
    """Every weight agrees with the formula, and the small ones are 0."""
    weights, frame = rng.normal(size=(2, 17)).astype(np.float32)
    expected = naive_rules.hebb_sparse(
        weights.astype(float), frame.astype(float), 0.7, 0.05, 0.1, 0.3
    )

    hebb_sparse(weights, frame, 0.7, 0.05, 0.1, 0.3)

    assert_allclose(weights, expected, atol=1e-6)
    assert (weights == 0).any()


def test_hebb_sparse_forgets_what_is_idle() -> None:
    """The weight of an input that has fallen silent reaches exactly 0."""
    weights, frame = np.array([0.5, 0.5], np.float32), np.array([1.0, 0.0], np.float32)

    for _ in range(100):
        hebb_sparse(weights, frame, 1.0, 0.05, 0.01, 0.006)

    assert weights[0] > 0.5
    assert weights[1] == 0.0


def test_oja_equals_naive_twin(rng: np.random.Generator) -> None:
    """Every weight agrees with the formula, with series missing."""
    weights, frame = rng.normal(size=(2, 17)).astype(np.float32)
    present = (rng.random(17) > 0.2).astype(np.float32)
    frame *= present
    s = float(weights @ frame)
    expected = naive_rules.oja(
        weights.astype(float), frame.astype(float), present.astype(float), s, 0.02
    )

    oja(weights, frame, present, s, 0.02)

    assert_allclose(weights, expected, atol=1e-5)
    assert_array_equal(weights[present == 0], expected[present == 0].astype(np.float32))


def test_bcm_equals_naive_twin(rng: np.random.Generator) -> None:
    """Weights and threshold agree with the formula."""
    weights, frame = rng.normal(size=(2, 17)).astype(np.float32)
    y = float(weights @ frame)
    expected, moved = naive_rules.bcm(weights.astype(float), frame.astype(float), y, 1.5, 0.01, 0.1)

    threshold = bcm(weights, frame, y, 1.5, 0.01, 0.1)

    assert_allclose(weights, expected, rtol=1e-4, atol=1e-5)
    assert threshold == pytest.approx(moved)


@pytest.mark.parametrize("activation", [0.5, 3.0, -3.0])
def test_activity_switch_equals_naive_twin(rng: np.random.Generator, activation: float) -> None:
    """Weights and mean agree with the formula on both sides of the switch."""
    weights, frame = rng.normal(size=(2, 17)).astype(np.float32)
    knobs = np.array([0.05, 0.1, 0.2, 2.0])
    expected, mean = naive_rules.activity_switch(
        weights.astype(float), frame.astype(float), activation, 1.0, knobs
    )

    usual = activity_switch(weights, frame, activation, 1.0, knobs)

    assert_allclose(weights, expected, atol=1e-6)
    assert usual == pytest.approx(mean)


def test_an_overactive_unit_unlearns() -> None:
    """Weights grow on a frame while the unit is as active as usual, and shrink when it is more."""
    knobs = np.array([0.1, 0.0, 0.01, 2.0])
    calm, wild = np.ones(3, np.float32), np.ones(3, np.float32)

    activity_switch(calm, np.ones(3, np.float32), 1.0, 1.0, knobs)
    activity_switch(wild, np.ones(3, np.float32), 3.0, 1.0, knobs)

    assert (calm > 1).all()
    assert (wild < 1).all()


def ellipse(rng: np.random.Generator, ticks: int, n: int, angle: float = 0.0) -> tuple[F32, F64]:
    """Gaussian frames with one direction above the others, and their true covariance."""
    axes = np.linalg.qr(np.random.default_rng(7).normal(size=(n, n)))[0]
    turn = np.eye(n)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    spread = np.sqrt(np.array([6.0, 2.0] + [0.5] * (n - 2)))
    mixing = axes @ turn * spread
    return (rng.normal(size=(ticks, n)) @ mixing.T).astype(np.float32), mixing @ mixing.T


@pytest.mark.slow
def test_oja_finds_the_first_eigenvector_and_follows_it(rng: np.random.Generator) -> None:
    """The unit points along numpy's first eigenvector, and again after that has turned."""
    weights = np.full(6, 6**-0.5, np.float32)
    present = np.ones(6, np.float32)
    cosines = []

    for angle in (0.0, 1.2):
        frames, covariance = ellipse(rng, 6000, 6, angle)
        for frame in frames:
            power = float(frame @ frame)
            oja(weights, frame, present, float(weights @ frame), pace(0.02, 10.0, power))
        cosines.append(abs(float(weights @ np.linalg.eigh(covariance)[1][:, -1])))

    assert min(cosines) > 0.99
    assert float(np.linalg.norm(weights)) == pytest.approx(1, abs=0.03)


@pytest.mark.slow
def test_bcm_becomes_selective(rng: np.random.Generator) -> None:
    """Of four overlapping patterns the unit ends up answering one, and is silent for the others."""
    patterns = (np.eye(4) + 0.3).astype(np.float32)
    weights = (0.3 + 0.02 * rng.random(4)).astype(np.float32)
    threshold = 1.0

    for which in rng.integers(0, 4, 20_000):
        frame = patterns[which]
        y = float(weights @ frame)
        threshold = bcm(weights, frame, y, threshold, pace(0.02, 2.3, 2.3), 0.05)

    answers = np.sort(patterns @ weights)
    assert answers[3] > 2.0
    assert np.abs(answers[:3]).max() < 0.35


def drive(weights: F32, frame: F32) -> tuple[float, float, float]:
    """Activation, clipped activation and paced step of a frame."""
    y = float(weights @ frame)
    return y, max(-20.0, min(20.0, y)), pace(0.1, 0.0, float(frame @ frame))


@pytest.mark.slow
@BOUNDED
@given(FRAMES)
def test_decayed_hebb_stays_bounded(rows: list[list[float]]) -> None:
    """With decay, soft threshold or switch no weight leaves rate |x| |y| / decay."""
    frames = np.array(rows, np.float32)
    start = np.ones(frames.shape[1], np.float32)
    knobs, bound = np.array([0.02, 0.05, 0.1, 1.5]), 0.02 * 400 / 0.05 + 1
    plain, sparse, switched = start.copy(), start.copy(), start.copy()
    usual = 1.0

    for frame in np.tile(frames, (10, 1)):
        hebb_decay(plain, frame, drive(plain, frame)[1], 0.02, 0.05)
        hebb_sparse(sparse, frame, drive(sparse, frame)[1], 0.02, 0.05, 0.01)
        usual = activity_switch(switched, frame, drive(switched, frame)[1], usual, knobs)

    assert max(np.abs(plain).max(), np.abs(sparse).max(), np.abs(switched).max()) <= bound


@pytest.mark.slow
@BOUNDED
@given(FRAMES)
def test_oja_stays_bounded(rows: list[list[float]]) -> None:
    """From length 1, Oja's unit never grows beyond 1.2."""
    frames = np.array(rows, np.float32)
    n = frames.shape[1]
    weights, present = np.full(n, n**-0.5, np.float32), np.ones(n, np.float32)

    for frame in np.tile(frames, (10, 1)):
        y, _, step = drive(weights, frame)
        oja(weights, frame, present, y, step)

    assert float(np.linalg.norm(weights)) < 1.2


@pytest.mark.slow
@BOUNDED
@given(FRAMES)
def test_bcm_stays_bounded(rows: list[list[float]]) -> None:
    """The sliding threshold holds the weights, whatever comes."""
    frames = np.array(rows, np.float32)
    weights, threshold = np.ones(frames.shape[1], np.float32), 1.0

    for frame in np.tile(frames, (10, 1)):
        y, _, step = drive(weights, frame)
        threshold = bcm(weights, frame, y, threshold, step, 0.2)

    assert np.isfinite(threshold)
    assert np.abs(weights).max() < 1e4
