"""What must always hold, whatever comes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import generators
from hebbstream import Detector, DetectorParams


def state_is_sound(detector: Detector) -> bool:
    """Tell whether no array of the state holds NaN or infinity."""
    *arrays, shadow, parked = detector._model
    return all(np.isfinite(np.asarray(array)).all() for array in (*arrays, *shadow, *parked))


@pytest.mark.parametrize("seed", range(6))
def test_no_nan_gets_into_the_state(seed: int) -> None:
    """Gaps, infinities, spikes, constants and steps leave finite state and bounded scores."""
    frames = generators.wild(seed, 3000, 9)
    detector = Detector([str(j) for j in range(9)])

    result = detector.run(frames)

    assert state_is_sound(detector)
    for name in ("statistic", "score", "p_value", "evidence", "contribution", "scale"):
        assert np.isfinite(getattr(result, name)).all(), name
    assert result.score.max() < 100
    assert ((result.p_value > 0) & (result.p_value <= 1)).all()


@given(
    values=st.lists(
        st.lists(st.floats(allow_nan=True, allow_infinity=True, width=64), min_size=3, max_size=3),
        min_size=1,
        max_size=60,
    ),
    quiet=st.integers(0, 150),
)
@settings(max_examples=60)
def test_any_floats_leave_the_state_sound(values: list[list[float]], quiet: int) -> None:
    """Whatever three floats a frame holds, after any warm-up, nothing breaks."""
    detector = Detector("abc")
    detector.run(np.random.default_rng(0).normal(size=(quiet, 3)))

    result = detector.run(values)

    assert state_is_sound(detector)
    assert np.isfinite(result.score).all()
    assert np.isfinite(result.evidence).all()


def test_order_of_series_hardly_matters() -> None:
    """Another column order changes the statistic by less than 1e-3 relative after 1500 ticks."""
    world = generators.coupled(2, 1500, 12)
    order = np.random.default_rng(0).permutation(12)
    params = DetectorParams.model_validate({"subspace": {"components_max": 1}})

    one = Detector(world.names, params).run(world.frames)
    other = Detector([world.names[j] for j in order], params).run(world.frames[:, order])

    np.testing.assert_allclose(one.statistic, other.statistic, rtol=1e-3)
    np.testing.assert_allclose(one.evidence[:, order], other.evidence, rtol=5e-3, atol=1e-3)


def test_scale_and_offset_hardly_matter() -> None:
    """Other units give the same statistic."""
    world = generators.coupled(3, 1500, 6)
    units = np.array([1.0, 1e6, 1e-6, 3.0, 1e3, 1e-3])

    one = Detector(world.names).run(world.frames)
    other = Detector(world.names).run(world.frames * units)

    np.testing.assert_allclose(one.statistic, other.statistic, rtol=1e-3)


@pytest.mark.parametrize(("most", "each"), [(0, 32), (5, 32), (100, 2)])
def test_limits_of_edges_hold(most: int, each: int) -> None:
    """However many relations there are, growth never exceeds edges_max nor a series' share."""
    world = generators.coupled(4, 4000, 20, coupling=0.95)
    params = DetectorParams.model_validate(
        {"associations": {"edges_max": most, "edges_per_series_max": each}}
    )
    detector = Detector(world.names, params)

    result = detector.run(world.frames)

    assert result.edges.max() <= most
    edges = detector.edges()
    ends = np.concatenate([edges["source"], edges["target"]])
    assert np.bincount(ends, minlength=20).max() <= each
    assert len(edges) == (0 if most == 0 else min(most, len(edges)))


def test_journal_adds_up_to_the_graph() -> None:
    """Edges grown less edges pruned are the edges there are, tick by tick."""
    world = generators.relation_break(5, 5000, 15, 2500)
    detector = Detector(world.names)

    result = detector.run(world.frames)

    change = np.zeros(len(world.frames), np.int64)
    for entry in result.journal:
        if entry.component < 0:
            change[entry.row] += {"grown": 1, "pruned": -1, "flipped": 0}[entry.change]
    assert np.array_equal(np.cumsum(change), result.edges)


def test_a_repeat_gives_equal_bits() -> None:
    """The same frames give the same state and results."""
    frames = generators.wild(7, 1500, 5)

    runs = [Detector("abcde") for _ in range(2)]
    scores = [detector.run(frames).score for detector in runs]

    assert runs[0].dump() == runs[1].dump()
    assert np.array_equal(scores[0], scores[1])


def test_arrays_stay_contiguous_through_membership() -> None:
    """After joins, leaves and new edges the kernels still get rows in one piece."""
    world = generators.coupled(6, 2000, 9)
    detector = Detector(world.names[:6])
    detector.run(world.frames[:700, :6])
    detector.add_many(world.names[6:])
    detector.run(world.frames[700:1400])
    detector.remove_series("s1")
    detector.run(np.delete(world.frames[1400:], 1, axis=1))

    *arrays, shadow, parked = detector._model
    for array in (*arrays, *shadow, *parked):
        assert isinstance(array, np.ndarray)
        assert array.flags.c_contiguous
        assert array.flags.writeable
