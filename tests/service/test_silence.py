"""The life of a silence: who is named, what is one incident, and when it is over."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from daemon.announcer import TrackerIdentity
from daemon.config import IncidentsSection
from daemon.events import Event, rfc3339
from daemon.records import F64, FrameBlock, InputPartition, Series
from daemon.silence import SilenceTracker
from hebbstream.results import EDGE_DTYPE
from verdicts import MINUTE, block_of, members_of, result_of

IDENTITY = TrackerIdentity("app", InputPartition("metrics", 3), "shop", {}, "c0ffee", "0.1.0")
MEMBERS = members_of("a", "b", "c", "d")
EDGES = np.array([(0, 1, 0, 0.9, 0.5, 40, 0), (0, 2, 0, -0.8, 0.5, 40, 0)], dtype=EDGE_DTYPE)
GONE = np.nan
START = 600


def tracker_of(**section: Any) -> SilenceTracker:  # noqa: ANN401 - any field of the section
    """Make a tracker that knows its series after ten ticks."""
    values = {"merge_gap": 20, "silence": {"warmup": 600}} | section
    return SilenceTracker(IncidentsSection.model_validate(values), (), IDENTITY, MINUTE)


def show(
    tracker: SilenceTracker,
    frames: F64,
    first: int = 0,
    members: tuple[Series, ...] = MEMBERS,
    left: tuple[str, ...] = (),
) -> list[Event]:
    """Show a tracker one block of frames."""
    plain = block_of(frames.tolist(), first)
    joined = members if not tracker.presence.keys else ()
    block = FrameBlock(
        "shop", joined, left, plain.ticks, plain.frames, plain.watermarks, plain.offsets
    )
    shifts = tracker.scan(block, members)
    related = {shift.row: EDGES for shift in shifts if len(shift.stopped)}
    result = result_of([0.1] * len(frames), np.zeros(frames.shape), related=related)
    return tracker.observe(block, result, members, shifts)


def story(*pauses: tuple[int, int, int], ticks: int = 900, series: int = 4) -> F64:
    """Make frames with pauses of (column, first tick, tick after the last)."""
    frames = np.full((ticks, series), 5.0)
    for column, start, end in pauses:
        frames[start:end, column] = GONE
    return frames


def lives(events: list[Event]) -> list[tuple[str, str, list[str]]]:
    """Shorten events to state, kind and the names of their series."""
    return [(e.state.value, e.kind, [s.name for s in e.series]) for e in events]


def test_a_series_that_stops_is_named_with_what_its_peers_expect() -> None:
    """Opening and resolve say who, since when, what was expected, and which relations it had."""
    opened, resolved = show(tracker_of(), story((0, START, START + 40)))

    assert (opened.state, opened.kind, opened.approx_start) == (
        "open", "silence", rfc3339((START + 1) * MINUTE),
    )  # fmt: skip
    (series,) = opened.series
    assert (series.name, series.actual, series.expected) == ("a", None, 7.0)
    assert (series.contribution, series.direction) == (1.0, None)
    assert [(e.source, e.target, e.weight_before) for e in opened.edges] == [
        ("a", "b", 0.9), ("a", "c", -0.8),
    ]  # fmt: skip
    assert (opened.score >= 1.0, 0 < opened.p_value < 1e-6) == (True, True)
    assert (resolved.state, resolved.incident_id) == ("resolve", opened.incident_id)
    assert resolved.ts_event == rfc3339((START + 41) * MINUTE)
    assert (resolved.duration_s, resolved.score) == (2400.0, 0.0)
    assert resolved.peak_score > opened.peak_score
    assert resolved.series[0].actual == 5.0


def test_a_series_that_is_stuck_is_named_with_the_value_it_repeats() -> None:
    """An incident of silence whose actual value is there; it is over when the value moves."""
    frames = np.random.default_rng(1).normal(50.0, 2.0, (900, 4))
    frames[START : START + 60, 1] = 44.0

    opened, resolved = show(tracker_of(silence={"warmup": 6000}), frames)

    assert lives([opened, resolved]) == [("open", "silence", ["b"]), ("resolve", "silence", ["b"])]
    assert opened.series[0].actual == 44.0
    assert opened.approx_start == rfc3339((START + 2) * MINUTE)
    assert resolved.ts_event == rfc3339((START + 61) * MINUTE)
    assert resolved.duration_s == 59 * 60.0


def test_a_service_that_stops_is_one_incident() -> None:
    """Series that stop at once are one incident, which lasts until the last one is back."""
    frames = story((0, START, START + 40), (1, START, START + 40), (2, START, START + 60))

    events = show(tracker_of(), frames)

    assert lives(events) == [
        ("open", "silence", ["a", "b", "c"]), ("resolve", "silence", ["a", "b", "c"]),
    ]  # fmt: skip
    assert events[1].ts_event == rfc3339((START + 61) * MINUTE)
    assert sum(series.contribution for series in events[0].series) == pytest.approx(1.0, abs=1e-5)


def test_a_group_that_stops_is_one_outage() -> None:
    """When nobody goes on the kind is group, and values are compared with their own past."""
    frames = story(*((column, START, START + 40) for column in range(4)))

    events = show(tracker_of(), frames)

    assert lives(events) == [
        ("open", "group", ["a", "b", "c", "d"]), ("resolve", "group", ["a", "b", "c", "d"]),
    ]  # fmt: skip
    assert events[0].series[0].expected == 5.0
    assert events[0].edges == ()


def test_another_series_soon_after_joins_and_later_is_its_own() -> None:
    """Within the merge gap it is an update of the same incident, past it another incident."""
    soon = show(tracker_of(), story((0, START, 700), (1, START + 10, 700)))
    late = show(tracker_of(), story((0, START, 700), (1, START + 50, 700)))

    assert [e.state.value for e in soon] == ["open", "update", "resolve"]
    assert len({e.incident_id for e in soon}) == 1
    assert [e.state.value for e in late] == ["open", "open", "resolve", "resolve"]
    assert len({e.incident_id for e in late}) == 2


def test_one_that_stops_again_soon_goes_on() -> None:
    """Within the merge gap of its resolve the same incident is published again."""
    events = show(tracker_of(), story((0, START, START + 40), (0, START + 45, START + 80)))

    assert [e.state.value for e in events] == ["open", "resolve", "update", "resolve"]
    assert len({e.incident_id for e in events}) == 1
    assert len({e.event_id for e in events}) == 4


def test_what_is_open_can_be_told_without_an_event() -> None:
    """Under the id of the last event, as overdue as it has been found to be."""
    tracker = tracker_of()
    (opened,) = show(tracker, story((1, START, 900)))
    before = repr(tracker.dump())

    (event,) = tracker.standing()

    assert (event.event_id, event.incident_id) == (opened.event_id, opened.incident_id)
    assert (event.kind, [series.name for series in event.series]) == ("silence", ["b"])
    assert (event.score, event.p_value) == (opened.score, opened.p_value)
    assert repr(tracker.dump()) == before
    assert tracker_of().standing() == []


def test_one_that_leaves_the_group_is_over() -> None:
    """After its retention the incident resolves; of what left nothing is expected any more."""
    tracker = tracker_of()
    opened = show(tracker, story((0, START, 700), ticks=700))

    resolved = show(tracker, story(ticks=5, series=3), 700, MEMBERS[1:], ("a",))

    assert lives(opened + resolved) == [("open", "silence", ["a"]), ("resolve", "silence", ["a"])]
    assert (resolved[0].series[0].actual, resolved[0].series[0].expected) == (None, None)
    assert tracker.incidents_open == {}


def test_a_group_that_is_gone_resolves_what_is_open() -> None:
    """The last frame's time stands for the end."""
    tracker = tracker_of()
    show(tracker, story((0, START, 700), ticks=700))

    ended = tracker.end()

    assert [(e.state.value, e.ts_event) for e in ended] == [("resolve", rfc3339(700 * MINUTE))]
    assert tracker.end() == []


def test_maintenance_holds_back_and_what_is_still_silent_opens_then() -> None:
    """A series that is back before the window's end is never heard of."""
    window = {"start": rfc3339(START * MINUTE), "end": rfc3339((START + 30) * MINUTE)}

    events = show(tracker_of(maintenance=[window]), story((0, START, 620), (1, START, 660)))

    assert lives(events) == [("open", "silence", ["b"]), ("resolve", "silence", ["b"])]
    assert events[0].ts_event == rfc3339((START + 30) * MINUTE)


def test_what_came_back_in_maintenance_leaves_no_trace() -> None:
    """Neither its earlier beginning nor its relations are those of who is still silent."""
    window = {"start": rfc3339(START * MINUTE), "end": rfc3339((START + 30) * MINUTE)}
    frames = story((0, START, START + 20), (3, START + 10, START + 60))

    opened, _ = show(tracker_of(maintenance=[window]), frames)

    assert [series.name for series in opened.series] == ["d"]
    assert opened.approx_start == rfc3339((START + 11) * MINUTE)
    assert opened.edges == ()


def test_it_can_be_switched_off() -> None:
    """Without it silence is a gap, and costs nothing."""
    tracker = tracker_of(silence={"enabled": False})

    assert show(tracker, story((0, START, 700))) == []


def test_what_is_open_when_it_is_switched_off_is_over() -> None:
    """Nobody looks any more for who returns, so that nothing else could end it."""
    before, after = tracker_of(), tracker_of(silence={"enabled": False})
    (opened,) = show(before, story((0, START, 700), ticks=START + 20))
    after.restore(before.dump(), "shop", MEMBERS)

    events = show(after, story((0, 0, 10), ticks=50), first=START + 20)

    assert lives(events) == [("resolve", "silence", ["a"])]
    assert events[0].incident_id == opened.incident_id
    assert events[0].ts_event == rfc3339((START + 21) * MINUTE)
    assert not after.is_busy


@pytest.mark.parametrize("size", [1, 7, 64])
def test_any_split_into_blocks_gives_the_same_events(size: int) -> None:
    """Events do not depend on how frames were gathered into blocks."""
    frames = story((0, START, 640), (1, START + 10, 660), (2, 700, 760), (3, 790, 800))
    whole = show(tracker_of(), frames)
    tracker = tracker_of()

    parts = [
        event
        for low in range(0, len(frames), size)
        for event in show(tracker, frames[low : low + size], low)
    ]

    def without_frames(events: list[Event]) -> list[tuple[Any, ...]]:
        return [(e.event_id, e.state, e.score, e.series, e.edges, e.ts_event) for e in events]

    assert without_frames(parts) == without_frames(whole)
