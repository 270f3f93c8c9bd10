"""Verdicts on samples, against the twin that works out the watermark anew each time."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_framing as naive
from daemon.kernels.event_clock import AHEAD, CLOCK_SIZE, CLOSINGS, LATE, NEWEST_OFFSET, judge

SAMPLES = st.lists(
    st.tuples(
        st.integers(0, 150) | st.just(7 * 10**18),
        st.sampled_from([-1, -1, 0, 50, 100, 2**63 - 1]),
        st.integers(0, 3),
    ),
    max_size=30,
)


@settings(deadline=None, max_examples=300)
@given(
    samples=SAMPLES,
    newest=st.sampled_from([-1, 0, 60]),
    interval=st.integers(1, 20),
    lateness=st.sampled_from([0, 3, 40, 2**61]),
    max_ahead=st.sampled_from([0, 10, 2**61]),
    idle_until=st.sampled_from([0, 41, 120]),
)
def test_verdicts_equal_the_twins(
    samples: list[tuple[int, int, int]],
    newest: int,
    interval: int,
    lateness: int,
    max_ahead: int,
    idle_until: int,
) -> None:
    """Times in any order, several samples a record, records with and without a time."""
    rows = sorted({(stamp, part) for _, stamp, part in samples})
    stamps = np.array([stamp for stamp, _ in rows], dtype=np.int64)
    offsets = np.arange(100, 100 + len(rows))
    record = np.array([rows.index((stamp, part)) for _, stamp, part in samples], dtype=np.int32)
    time = np.array([each[0] for each in samples], dtype=np.int64)
    kept = np.empty(len(samples), dtype=np.bool_)
    levels, closers = np.empty((2, len(samples)), dtype=np.int64)
    clock = np.zeros(CLOCK_SIZE, dtype=np.int64)
    clock[:2] = newest, 5

    knobs = (interval, lateness, max_ahead, idle_until)
    judge(time, record, stamps, offsets, clock, kept, levels, closers, *knobs)

    told = [
        (now, stamp, 100 + int(row)) for (now, stamp, _), row in zip(samples, record, strict=True)
    ]
    verdicts, closings, last, offset = naive.judge(told, newest, knobs)
    found = clock[CLOSINGS]
    assert kept.tolist() == verdicts
    assert list(zip(levels[:found].tolist(), closers[:found].tolist(), strict=True)) == closings
    assert clock[:2].tolist() == [last, 5 if offset is None else offset]
    assert clock[LATE] + clock[AHEAD] == verdicts.count(False)
    ahead = [stamp >= 0 and now - stamp > max_ahead for now, stamp, _ in samples]
    assert clock[AHEAD] == sum(ahead)
    assert NEWEST_OFFSET == 1
