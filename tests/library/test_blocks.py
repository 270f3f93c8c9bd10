"""Blocks of several detectors through one call."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Sequence
from dataclasses import fields

import numpy as np
import pytest

import generators
from hebbstream import Detector, FrameError, Results, RunResult, run_all
from hebbstream.arrays import F64
from hebbstream.blocks import Verdict, first_stop, stops_of
from hebbstream.kernels.step import advance_all

SIZES = (9, 1, 4, 2, 9)
TICKS = 1200


def worlds() -> list[F64]:
    """Make frames for groups of several sizes; a relation of the first breaks, one has gaps."""
    made = [generators.relation_break(n, TICKS, n, 900).frames for n in SIZES if n > 2]
    lone = np.random.default_rng(0).normal(size=(TICKS, 1)).cumsum(axis=0)
    pair = np.random.default_rng(1).normal(size=(TICKS, 2))
    pair[::7, 1] = np.nan
    pair[700:, 0] += 30.0
    return [made[0], lone, made[1], pair, made[2]]


def detectors() -> list[Detector]:
    """Make a detector for each of the worlds."""
    return [Detector([f"s{j}" for j in range(n)]) for n in SIZES]


def assert_same(one: RunResult, other: RunResult) -> None:
    """Compare two results to the last bit."""
    for each in fields(RunResult):
        mine, theirs = getattr(one, each.name), getattr(other, each.name)
        if isinstance(mine, np.ndarray):
            assert (mine.dtype, mine.shape) == (theirs.dtype, theirs.shape)
            assert mine.tobytes() == theirs.tobytes(), each.name
        elif isinstance(mine, dict):
            assert list(mine) == list(theirs), each.name
            assert all(mine[row].tobytes() == theirs[row].tobytes() for row in mine), each.name
        else:
            assert mine == theirs, each.name


@pytest.mark.parametrize("length", [1, 7, 300])
def test_one_call_for_all_is_a_call_for_each(length: int) -> None:
    """Results and states have equal bits, with alarms, journals, feedback and edges asked for."""
    frames, alone, together = worlds(), detectors(), detectors()
    for each in (alone, together):
        each[3].not_anomaly({"s0": 1.0}, 1.2)
    told = 0
    for start in range(0, TICKS, length):
        blocks = [world[start : start + length] for world in frames]
        times = 60.0 * np.arange(start, start + len(blocks[0]))
        asked: list[Sequence[int]] = [(), (), (0, 5) if start % 2 else (), (), ()]

        results = run_all(together, blocks, times, edges_at=asked)

        for g, verdicts in enumerate(results.verdicts()):
            expected = alone[g].run(blocks[g], times, edges_at=asked[g])
            assert_same(results[g], expected)
            told += len(expected.broken) + len(expected.journal) + len(expected.related)
            assert results.score[g].tobytes() == verdicts.score.tobytes()
            assert verdicts.journal == expected.journal
            assert verdicts.first_tick == expected.first_tick
            for name, row in zip(Verdict._fields, verdicts.rows, strict=True):
                np.testing.assert_array_equal(row, getattr(expected, name))
            assert verdicts.at(-1).score == expected.score[-1]
            assert np.array(results.rows()[g]).T.tobytes() == verdicts.rows.tobytes()
            assert results.counts()[g] == [expected.components[-1], expected.edges[-1]]
            assert len(verdicts) == len(expected)
    assert told > 100
    assert [each.dump() for each in together] == [each.dump() for each in alone]


@pytest.mark.parametrize(
    "again",
    [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))],  # noqa: S301 - ours
)
def test_results_go_to_another_process(again: Callable[[Results], Results]) -> None:
    """A copy or a pickle of the results of several has the same bits."""
    results = run_all(detectors(), worlds(), 60.0 * np.arange(TICKS))

    others = again(results)

    assert others.score.tobytes() == results.score.tobytes()
    assert others.counts() == results.counts()
    for mine, theirs in zip(results, others, strict=True):
        assert_same(mine, theirs)


def test_what_does_not_fit_changes_nothing() -> None:
    """Another shape, other times, too few blocks, a detector twice, none at all: all refused."""
    several = [Detector("ab"), Detector("abc")]
    before = [each.dump() for each in several]
    two, three = np.zeros((4, 2)), np.zeros((4, 3))

    with pytest.raises(FrameError, match=r"shape \(4, 3\)"):
        run_all(several, [two, two], np.arange(4.0))
    with pytest.raises(FrameError, match=r"shape \(5, 2\)"):
        run_all(several, [two, three], np.arange(5.0))
    with pytest.raises(FrameError, match="finite times"):
        run_all(several, [two, three], [0.0, 1.0, 2.0, np.inf])
    with pytest.raises(FrameError, match="finite times"):
        run_all(several, [two, three], 4.0)
    with pytest.raises(FrameError, match="twice"):
        run_all([several[0], several[0]], [two, two], np.arange(4.0))
    with pytest.raises(FrameError, match="not 1 and 2"):
        run_all(several, [two], np.arange(4.0))
    with pytest.raises(FrameError, match="not 2 and 1"):
        run_all(several, [two, three], np.arange(4.0), edges_at=[[0]])
    with pytest.raises(FrameError, match="at least one"):
        run_all([], [], np.arange(4.0))
    with pytest.raises(FrameError, match="real numbers"):
        run_all(several, [two, np.full((4, 3), "x")], np.arange(4.0))

    assert [each.dump() for each in several] == before


def test_blocks_may_be_of_any_numbers() -> None:
    """Lists and integers are as good as float64, and the caller's arrays are left alone."""
    one, other = Detector("ab"), Detector("ab")
    whole = np.array([[1, 2], [3, 4]])
    real = np.array([[1.0, np.inf], [3.0, 4.0]])

    run_all([one, other], [whole.tolist(), real], [0, 60])

    assert one.tick == other.tick == 2
    assert real[0, 1] == np.inf


def test_a_whole_number_compiles_nothing_anew() -> None:
    """Nor do rows that are asked for by an array, which has no truth of its own."""
    detector = Detector("ab")
    detector.run(np.zeros((3, 2)))
    compiled = len(getattr(advance_all, "signatures", ()))

    result = detector.run(np.zeros((3, 2)), detail_from=1, edges_at=np.array([0, 2]))

    assert sorted(result.related) == [0, 2]
    assert len(getattr(advance_all, "signatures", ())) == compiled


def test_rows_after_which_edges_are_listed() -> None:
    """The first one is the last of the list; rows outside the block are none."""
    assert stops_of([3, 1, 9, -1, 3], 5) == [3, 1]
    assert first_stop([3, 1], 5) == 2
    assert first_stop([7], 5) == first_stop((), 5) == 5
