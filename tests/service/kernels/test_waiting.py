"""Samples come in behind those that wait, and go out when their time has come."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_framing as naive
from daemon.kernels.waiting import append_kept, take_ripe
from framing_arrays import SAMPLES, columns, room, rows
from hebbstream.arrays import BOOL


def mask(flags: list[bool]) -> BOOL:
    """Make an array of flags."""
    return np.array(flags, dtype=np.bool_)


@settings(deadline=None)
@given(waiting=SAMPLES, samples=SAMPLES, data=st.data())
def test_appending_equals_the_twins(
    waiting: list[naive.Sample], samples: list[naive.Sample], data: st.DataObject
) -> None:
    """Any of them may be kept."""
    kept = data.draw(st.lists(st.booleans(), min_size=len(samples), max_size=len(samples)))
    held = room(waiting, len(waiting) + len(samples))

    count = append_kept(*columns(samples), mask(kept), *held, len(waiting))

    assert rows(*held, count) == naive.append_kept(waiting, samples, kept)


@settings(deadline=None)
@given(waiting=SAMPLES, end=st.integers(-1, 110))
def test_taking_equals_the_twins(waiting: list[naive.Sample], end: int) -> None:
    """Order of arrival is kept on both sides."""
    held, ripe = room(waiting, len(waiting) + 3), room([], len(waiting))

    taken = take_ripe(*held, *ripe, len(waiting), end)

    left = rows(*held, len(waiting) - taken)
    assert (rows(*ripe, taken), left) == naive.take_ripe(waiting, end)
