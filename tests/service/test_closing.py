"""Stretches and blocks of one closing."""

from __future__ import annotations

import doctest

import numpy as np

from daemon import closing as module
from daemon.closing import BLOCK_TICKS, Closing
from daemon.config import GroupingSection, InputSection, SeriesSection
from daemon.counters import ValueHistory
from daemon.membership import Membership
from daemon.records import FrameBlock
from daemon.series import SeriesTable
from daemon.winners import Winners


def winners_of(*samples: tuple[int, int, float]) -> Winners:
    """Choose among samples of (series, time, value); steps of 10, all series in group 0."""
    series, time, value = zip(*samples, strict=True)
    return Winners.choose(
        np.array(series, dtype=np.int32),
        np.array(time, dtype=np.int64),
        np.array(value, dtype=np.float64),
        np.zeros(9, dtype=np.int32),
        10,
    )


def close(winners: Winners, end: int, gap: int) -> list[FrameBlock]:
    """Close ticks up to `end` of one group of series a and b."""
    table = SeriesTable(SeriesSection(), (), GroupingSection(), InputSection())
    for name in "ab":
        table.resolve(name, {})
    membership, history = Membership(table, 1, 2, 10_000), ValueHistory(())
    membership.resize(2)
    history.resize(2)
    closing = Closing(winners, membership, table, gap)
    closing.plan(0, end)
    level = np.array([end * 10], dtype=np.int64)
    return closing.assemble(history, table.rule_of(), 10, level, np.array([77]))[0]


def test_examples_in_the_docstrings_hold() -> None:
    """The examples a reader sees are true."""
    assert doctest.testmod(module).failed == 0


def test_a_long_silence_is_cheap_and_cut() -> None:
    """Blocks are bounded, and one without any value takes no memory."""
    blocks = close(winners_of((0, 0, 1.0), (1, 9990, 2.0)), end=1000, gap=2000)

    assert sum(len(block.ticks) for block in blocks) == 1000
    assert max(len(block.ticks) for block in blocks) == BLOCK_TICKS
    empty = [block.frames.strides == (0, 0) for block in blocks]
    assert empty == [False, True, True, True, False]
    assert np.isnan(np.concatenate([block.frames[:, 0] for block in blocks[1:]])).all()
    assert blocks[-1].frames[-1].tolist()[1] == 2.0


def test_silence_beyond_the_gap_is_left_out() -> None:
    """Frames stop after the gap and go on with the next sample, in a block of their own."""
    blocks = close(winners_of((0, 0, 1.0), (0, 200, 2.0), (0, 230, 3.0)), end=25, gap=2)

    assert [block.ticks.tolist() for block in blocks] == [[0, 1, 2], [20, 21, 22, 23, 24]]
    assert [len(block.joined) for block in blocks] == [1, 0]
    assert [block.starts for block in blocks] == [True, False]
    assert {int(offset) for block in blocks for offset in block.offsets} == {77}
