"""Homeostasis: the pace at which what is normal is learnt."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import generators
import naive_homeostasis
from hebbstream import Detector, DetectorParams, Learning
from hebbstream.arrays import F64
from hebbstream.kernels import layout as at
from hebbstream.kernels.homeostasis import follow_pace, measure_fit
from hebbstream.plasticity import Plasticity

N = 11
ONSET, END = 1500, 3000
NAMES = [f"s{j}" for j in range(8)]


def knobs(**pace: float) -> DetectorParams:
    """Remember for six hours, and look for drift over two."""
    section = {"over": "2h", "over_ticks_min": 120, **pace}
    return DetectorParams.model_validate({"memory": "6h", "homeostasis": section})


def drifting(seed: int, ticks: int = 6000) -> F64:
    """Eight series that rise, or fall, by a sigma in five hours from ONSET to END."""
    frames = generators.coupled(seed, ticks, len(NAMES), memory=0.5).frames
    rise = np.clip(np.arange(ticks) - ONSET, 0, END - ONSET) / 300
    sign = np.where(np.arange(len(NAMES)) % 2, 1.0, -1.0)
    return np.asarray(frames + rise[:, None] * sign * frames[:ONSET].std(axis=0))


def paces(detector: Detector, frames: F64) -> F64:
    """Give the pace after each hour."""
    seen = []
    for start in range(0, len(frames), 60):
        detector.run(frames[start : start + 60])
        seen.append(detector.pace)
    return np.array(seen)


def test_measure_fit_equals_naive_twin(rng: np.random.Generator) -> None:
    """Leans and mean squares agree with the formula, over the series that are old enough."""
    z, rest = (3 * rng.normal(size=(2, N))).astype(np.float32)
    present = (rng.random(N) > 0.3).astype(np.float32)
    seen, lean = rng.integers(0, 200, N).astype(float), rng.normal(size=N)
    judged = present.astype(float) * (seen >= 100)
    expected, squares = naive_homeostasis.measure_fit(
        z.astype(float), rest.astype(float), judged, lean, 0.05
    )

    found = measure_fit(z, rest, present, seen, lean, 100.0, 0.05)

    assert_allclose(lean, expected, rtol=1e-12)
    assert_allclose(found, squares, rtol=1e-12)


def test_nothing_is_measured_where_nobody_is_old_enough() -> None:
    """A frame of newcomers says nothing of the long run."""
    z, seen, lean = np.ones(3, np.float32), np.array([9.0, 5.0, 0.0]), np.zeros(3)

    found = measure_fit(z, z, z, seen, lean, 10.0, 0.5)

    assert found == (-1.0, -1.0, -1.0)
    assert not lean.any()


@pytest.mark.parametrize("age", [50.0, 500.0])
def test_follow_pace_equals_naive_twin(rng: np.random.Generator, age: float) -> None:
    """Long-run figures and the pace agree with the formula."""
    gate = Plasticity.empty(1).gate
    gate[at.SCATTER :] = rng.uniform(0.1, 1.5, at.GATE_ROWS - at.SCATTER)
    leans, scatter, left = rng.uniform(0, 0.5), rng.uniform(0, 3), rng.uniform(0, 2)
    expected = naive_homeostasis.follow_pace(gate, leans, scatter, left, age, 0.5, 4.0, 0.01)

    follow_pace(gate, leans, scatter, left, age, np.array([0.5, 4.0, 0.01]))

    assert_allclose(gate, expected, rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_pace_rises_with_a_drift_and_returns(seed: int) -> None:
    """It is 1 in a calm group, above while the group drifts, and 1 again when that has ended."""
    seen = paces(Detector(NAMES, knobs()), drifting(seed))

    assert seen[: ONSET // 60].max() < 1.5
    assert seen[ONSET // 60 : END // 60].max() > 2
    assert seen.max() <= 6
    assert seen[-10:].max() < 1.5


def test_a_drift_is_followed_more_closely() -> None:
    """With the pace free, locations trail behind by less than without."""
    frames = drifting(4)[: END - 100]
    free, fixed = Detector(NAMES, knobs()), Detector(NAMES, knobs(pace_max=1))
    scale = frames[:ONSET].std(axis=0)
    now = frames[-400:].mean(axis=0)

    for detector in (free, fixed):
        detector.run(frames)

    off = [np.abs(detector.expected() - now) / scale for detector in (free, fixed)]
    assert off[0].mean() < 0.7 * off[1].mean()


def test_the_bounds_hold() -> None:
    """No drift takes the pace beyond its upper bound, no calm below its lower one."""
    seen = paces(Detector(NAMES, knobs(pace_min=0.5, pace_max=2)), drifting(5))

    assert seen.min() == 0.5
    assert seen.max() == 2


def test_bounds_of_one_change_nothing() -> None:
    """Off learns to the bit what a pace that never leaves 1 does, and follows nothing.

    Scores may differ, for shifts of related series are told without the lean where it is known.
    """
    frames = drifting(6)
    watching, off = Detector(NAMES, knobs(over=365 * 86_400.0)), Detector(NAMES, knobs(pace_max=1))

    one, other = watching.run(frames), off.run(frames)

    assert watching.pace == off.pace == 1
    for name in ("statistic", "expected", "recalled", "scale", "learning"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
    assert watching._state.plasticity.lean.any()
    assert not off._state.plasticity.lean.any()


def test_a_fault_is_no_drift() -> None:
    """While a group is quarantined, or held, nothing of the pace moves."""
    frames = drifting(7)[: ONSET + 600]
    detector = Detector(NAMES, knobs())
    detector.run(frames)
    scale = frames[:ONSET].std(axis=0)

    for hold in (False, True):
        if hold:
            detector.hold()
        learning = detector.run(frames[-5:] + 30 * scale).learning
        before = detector._state.plasticity.lean.copy(), detector.pace
        later = detector.run(frames[-30:] + 30 * scale).learning

        assert learning[-1] == (Learning.HELD if hold else Learning.QUARANTINED)
        assert (later == learning[-1]).all()
        assert detector._state.plasticity.lean.tolist() == before[0].tolist()
        assert detector.pace == before[1]


def test_an_adopted_regime_has_no_lean() -> None:
    """Series that restart where they stand lean to neither side."""
    frames = drifting(8)[: ONSET + 600]
    detector = Detector(NAMES, knobs())
    detector.run(frames)
    assert detector._state.plasticity.lean.any()

    detector.adopt()

    assert not detector._state.plasticity.lean.any()


def test_a_snapshot_keeps_the_pace() -> None:
    """Dumped amid a drift, and run in steps, a detector ends in the bits of one that was not."""
    frames = drifting(9)[: END + 300]
    whole, split = Detector(NAMES, knobs()), Detector(NAMES, knobs())
    block = whole.run(frames)

    split.run(frames[:2500])
    assert split.pace > 1.2
    loaded = Detector.load(split.copy().dump())
    assert loaded.pace == split.pace
    ticks = [loaded.step(frame) for frame in frames[2500:]]

    assert loaded.dump() == whole.dump()
    assert [tick.statistic for tick in ticks] == block.statistic[2500:].tolist()


def test_a_lone_series_keeps_its_rates() -> None:
    """Drift is what many do: with one series the bits are those without."""
    values = np.random.default_rng(3).normal(size=(4000, 1)).cumsum(axis=0)
    off = DetectorParams.model_validate({"homeostasis": {"pace_min": 1, "pace_max": 1}})
    paced, plain = Detector(["a"]), Detector(["a"], off)

    scores = [detector.run(values).score.tobytes() for detector in (paced, plain)]

    assert scores[0] == scores[1]
    assert paced.pace == 1.0


@pytest.mark.parametrize("memory", ["1m", "2m", "3m"])
def test_a_short_memory_keeps_its_figures_finite(memory: str) -> None:
    """A group that drifts under a memory of few ticks is not learnt past its own frames."""
    rng = np.random.default_rng(1)
    frames = rng.normal(size=(600, 1)) * np.arange(1, 9) + rng.normal(size=(600, 8))
    frames[400:, 0] = 7.0
    section = {"over": "1h", "over_ticks_min": 100}
    params = DetectorParams.model_validate({"memory": memory, "homeostasis": section})

    result = Detector(NAMES, params).run(frames)

    assert np.isfinite(result.evidence).all()
    assert np.isfinite(result.scale).all()
