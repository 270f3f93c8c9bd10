"""Late and ahead are judged sample by sample; the watermark never falls."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from daemon.event_clock import NEVER, EventClock
from daemon.records import DropReason, InputPartition, RecordBatch, SampleBatch
from daemon.spans import Spans


def batch_of(
    times: list[int], stamps: list[int] | None = None, first: int = 10
) -> tuple[SampleBatch, RecordBatch]:
    """Make one sample a record; offsets count from `first`."""
    count = len(times)
    samples = SampleBatch(
        series=np.zeros(count, dtype=np.int32),
        time=np.array(times, dtype=np.int64),
        value=np.zeros(count),
        record=np.arange(count, dtype=np.int32),
    )
    records = RecordBatch(
        partition=InputPartition("metrics", 0),
        offsets=np.arange(first, first + count, dtype=np.int64),
        timestamps=np.array(stamps or [-1] * count, dtype=np.int64),
        keys=Spans.of([None] * count),
        values=Spans.of([None] * count),
        next_offset=first + count,
    )
    return samples, records


def test_lateness_is_by_step() -> None:
    """A sample is late once its step is closed, not as soon as it is behind the watermark."""
    clock = EventClock(interval=10, lateness=5, max_ahead=1000)

    advance = clock.advance(*batch_of([30, 21, 20, 19, 36, 29, 30]))

    assert advance.kept.tolist() == [True, True, True, False, True, False, True]
    assert advance.levels.tolist() == [25, 31]
    assert advance.offsets.tolist() == [10, 14]
    assert advance.dropped == {DropReason.LATE: 2}
    assert (clock.newest, clock.newest_offset, clock.closed) == (36, 16, 3)


def test_samples_ahead_move_nothing() -> None:
    """Ahead is relative to the record's own timestamp; a record without one is believed."""
    clock = EventClock(interval=10, lateness=0, max_ahead=100)

    advance = clock.advance(*batch_of([50, 151, 50, 999], [50, 50, 2**63 - 1, -1]))

    assert advance.kept.tolist() == [True, False, True, True]
    assert advance.levels.tolist() == [50, 999]
    assert advance.dropped == {DropReason.AHEAD: 1}


def test_before_the_first_sample() -> None:
    """Nothing is late, nothing is closed, and there is nothing to close."""
    clock = EventClock(interval=10, lateness=5, max_ahead=100)

    assert (clock.newest, clock.watermark, clock.closed) == (NEVER, 0, 0)
    assert clock.close_newest() is None
    assert clock.advance(*batch_of([0])).kept.tolist() == [True]


def test_close_newest_once() -> None:
    """An idle input's last step is closed once, by the record that was last."""
    clock = EventClock(interval=10, lateness=50, max_ahead=100)
    clock.advance(*batch_of([30, 33, 31]))

    ends = clock.close_newest()

    assert ends is not None
    assert [array.tolist() for array in ends] == [[40], [12]]
    assert clock.close_newest() is None
    assert (clock.watermark, clock.closed, clock.newest) == (40, 4, 33)


def test_a_greater_lateness_opens_nothing_that_is_closed() -> None:
    """What was closed under the lateness before stays so until the new one is past it."""
    clock = EventClock(interval=10, lateness=0, max_ahead=1000)
    clock.advance(*batch_of([30, 58]))
    clock.lateness = 25

    advance = clock.advance(*batch_of([49, 50, 70, 95]))

    assert advance.kept.tolist() == [False, True, True, True]
    assert advance.levels.tolist() == [70]
    assert clock.watermark == 70


def test_a_smaller_lateness_closes_at_the_next_sample() -> None:
    """What need not be waited for any more is closed by the record that was the newest."""
    clock = EventClock(interval=10, lateness=50, max_ahead=1000)
    clock.advance(*batch_of([30, 85]))
    clock.lateness = 5
    waited = clock.closed

    advance = clock.advance(*batch_of([79, 84, 86, 99], first=12))

    assert (waited, clock.closed) == (3, 9)
    assert advance.kept.tolist() == [False, True, True, True]
    assert list(zip(advance.levels.tolist(), advance.offsets.tolist(), strict=True)) == [
        (80, 11),
        (94, 15),
    ]


@given(st.lists(st.integers(0, 200), min_size=1, max_size=30), st.data())
def test_any_split_gives_the_same_verdicts(times: list[int], data: st.DataObject) -> None:
    """Where batches are cut does not matter."""
    whole = EventClock(interval=7, lateness=11, max_ahead=100)
    parts = EventClock(interval=7, lateness=11, max_ahead=100)
    cut = data.draw(st.integers(0, len(times)))

    expected = whole.advance(*batch_of(times))
    cuts = [(times[:cut], 10), (times[cut:], 10 + cut)]
    pieces = [parts.advance(*batch_of(piece, first=at)) for piece, at in cuts if piece]

    for name in ("kept", "levels", "offsets"):
        found = np.concatenate([getattr(piece, name) for piece in pieces])
        assert found.tolist() == getattr(expected, name).tolist()
    assert parts == whole
