"""Waiting samples: in order of arrival, as many as there are."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.records import SampleBatch
from daemon.waiting import ROOM, Waiting


def batch(times: list[int]) -> SampleBatch:
    """Make samples of series 0, 1, 2 and so on, whose value is half their time."""
    count = len(times)
    return SampleBatch(
        series=np.arange(count, dtype=np.int32),
        time=np.array(times, dtype=np.int64),
        value=np.array(times) / 2,
        record=np.arange(count, dtype=np.int32),
    )


def test_room_grows_and_nothing_is_lost() -> None:
    """More than there was room for come in, one batch after the other."""
    waiting = Waiting()
    every = np.ones(700, dtype=np.bool_)

    for first in (0, 700, 1400, 2100):
        waiting.add(batch(list(range(first, first + 700))), every)

    assert len(waiting) == 2800 > ROOM
    assert waiting.time.tolist() == list(range(2800))
    assert waiting.value.tolist() == [time / 2 for time in range(2800)]
    assert waiting.series.tolist() == [*range(700)] * 4


def test_taken_samples_are_gone() -> None:
    """Those before the end go, those that are not kept never came."""
    waiting = Waiting()
    waiting.add(batch([5, 30, 4, 31, 6]), np.array([True, True, False, True, True]))

    series, time, value = waiting.take(30)
    again = waiting.take(30)

    assert (series.tolist(), time.tolist(), value.tolist()) == ([0, 4], [5, 6], [2.5, 3.0])
    assert waiting.time.tolist() == [30, 31]
    assert len(again[0]) == 0


def test_restored_samples_are_copies() -> None:
    """What they were read from is not written to; columns that do not fit are refused."""
    waiting, held = Waiting(), batch(list(range(3000)))
    waiting.restore(held.series, held.time, held.value)
    waiting.series[:] = 9

    assert held.series.tolist() == list(range(3000))
    assert waiting.time.tolist() == list(range(3000))
    with pytest.raises(ValueError, match="shape"):
        waiting.restore(held.series, held.time[:2], held.value)
