"""The life of an incident, tick by tick and block by block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.announcer import TrackerIdentity
from daemon.config import Direction, IncidentsSection, MaintenanceWindow, MetricRule
from daemon.events import Event, encode_event, rfc3339
from daemon.incidents import IncidentTracker
from daemon.records import InputPartition, Series
from hebbstream.results import Kind, RunResult
from verdicts import MINUTE, block_of, broken_edges, members_of, result_of

IDENTITY = TrackerIdentity(
    application_id="app",
    partition=InputPartition("metrics", 3),
    group="shop",
    labels={"service": "shop"},
    config_hash="c0ffee",
    version="0.1.0",
)
MEMBERS = members_of("cpu", "mem")


def tracker_of(
    metrics: Sequence[MetricRule] = (),
    identity: TrackerIdentity = IDENTITY,
    **section: Any,  # noqa: ANN401 - any field of the section
) -> IncidentTracker:
    """Make a tracker with short windows unless a test sets others."""
    windows = {"recover_after": 2, "merge_gap": 3}
    return IncidentTracker(IncidentsSection(**(windows | section)), metrics, identity, MINUTE)


def watch(tracker: IncidentTracker, scores: Sequence[float], first_tick: int = 100) -> list[Event]:
    """Show a tracker one block of scores."""
    frames = [[9.0, 5.0]] * len(scores)
    return tracker.observe(block_of(frames, first_tick), result_of(scores), MEMBERS)


def states(events: Sequence[Event]) -> list[tuple[str, str]]:
    """Shorten events to state and time."""
    return [(event.state.value, event.ts_event) for event in events]


def at(tick: int) -> str:
    """Write a tick's grid time."""
    return rfc3339((tick + 1) * MINUTE)


def test_opens_and_resolves_with_hysteresis() -> None:
    """It opens at the trigger, bears with a short dip, and resolves after calm ticks in a row."""
    events = watch(tracker_of(), [0.1, 1.2, 0.8, 0.5, 0.8, 0.5, 0.5, 0.5])

    assert states(events) == [("open", at(101)), ("resolve", at(106))]
    assert events[0].incident_id == events[1].incident_id
    assert events[0].event_id != events[1].event_id


def test_start_is_the_first_tick_of_the_elevated_run() -> None:
    """The run that led to the opening began when the score rose to recovery, blocks earlier."""
    tracker = tracker_of()

    watch(tracker, [0.1, 0.8, 0.9])
    watch(tracker, [0.95, 0.76], first_tick=103)
    events = watch(tracker, [1.5, 1.5, 0.1, 0.1], first_tick=105)

    assert [event.approx_start for event in events] == [at(101), at(101)]
    assert [event.duration_s for event in events] == [300.0, 360.0]


def test_open_after_counts_ticks_in_a_row() -> None:
    """One tick below the trigger starts the count anew, also across blocks."""
    tracker = tracker_of(open_after=3)

    early = watch(tracker, [1.1, 1.1, 0.9, 1.1])
    late = watch(tracker, [1.1, 1.1, 1.1], first_tick=104)

    assert early == []
    assert states(late) == [("open", at(105))]


def test_soon_after_its_resolve_an_incident_goes_on() -> None:
    """Within the merge gap the same incident is published again as an update."""
    events = watch(tracker_of(max_updates=0), [1.5, 0, 0, 0, 0, 1.2, 0, 0])

    assert states(events) == [
        ("open", at(100)),
        ("resolve", at(102)),
        ("update", at(105)),
        ("resolve", at(107)),
    ]
    assert len({event.incident_id for event in events}) == 1
    assert len({event.event_id for event in events}) == 4
    assert events[-1].approx_start == at(100)
    assert events[-1].duration_s == 360.0


def test_later_it_is_another_incident() -> None:
    """Past the merge gap a new incident opens, with another id."""
    events = watch(tracker_of(), [1.5, 0, 0, 0, 0, 0, 1.2])

    assert [event.state.value for event in events] == ["open", "resolve", "open"]
    assert events[0].incident_id != events[2].incident_id


def test_cooldown_holds_new_incidents_back() -> None:
    """In the cooldown nothing opens; a score that stays high opens when it ends."""
    events = watch(tracker_of(merge_gap=0, cooldown=4), [1.5, 0, 0, 0, 1.5, 1.5, 1.5, 1.5])

    assert states(events) == [("open", at(100)), ("resolve", at(102)), ("open", at(107))]


def test_updates_when_it_worsens_by_a_step() -> None:
    """An update is published when the peak grew by the step since the last event, up to a limit."""
    tracker = tracker_of(worsen_step=0.5, max_updates=2, critical_score=2.0)

    events = watch(tracker, [1.0, 1.4, 1.5, 2.0, 2.25, 5.0, 9.0])

    assert states(events) == [("open", at(100)), ("update", at(102)), ("update", at(104))]
    assert [event.severity.value for event in events] == ["warning", "warning", "critical"]
    assert [event.peak_score for event in events] == [1.0, 1.5, 2.25]


def test_the_smallest_step_is_still_one() -> None:
    """A peak that has not grown is no news, however little it has to grow by."""
    tracker = tracker_of(worsen_step=5e-324)

    events = watch(tracker, [1.0, 0.9, 1.0, 1.25, 0.8])

    assert states(events) == [("open", at(100)), ("update", at(103))]


def test_the_peak_is_the_highest_score_under_a_recovery_that_was_raised_since() -> None:
    """No event tells a score above the highest so far."""
    before, after = tracker_of(trigger=0.2, recovery=0.1), tracker_of(trigger=2.0, recovery=1.0)
    watch(before, [0.3])
    after.restore(before.dump(), "shop", MEMBERS)

    (resolved,) = watch(after, [0.9, 0.6], first_tick=101)

    assert (resolved.state.value, resolved.score, resolved.peak_score) == ("resolve", 0.6, 0.9)


def test_nothing_opens_in_maintenance() -> None:
    """A window of the group holds openings back by event time; another group's does not."""
    mine = MaintenanceWindow(start=at(99), end=at(103), groups=["sh*"])
    other = MaintenanceWindow(start=at(0), end=at(999), groups=["db"])

    events = watch(tracker_of(maintenance=[mine, other]), [1.5] * 6)

    assert states(events) == [("open", at(103))]


@pytest.mark.parametrize(
    ("rule", "opens"),
    [
        ({}, True),
        ({"direction": Direction.ABOVE}, True),
        ({"direction": Direction.BELOW}, False),
        ({"deviation_min": 4.0}, True),
        ({"deviation_min": 4.5}, False),
        ({"deviation_ratio_min": 0.8}, True),
        ({"deviation_ratio_min": 0.9}, False),
    ],
)
def test_policy_of_the_leading_metric(rule: dict[str, Any], opens: bool) -> None:  # noqa: FBT001
    """A level tick counts when a leading series deviates as its rule asks (9 against 5)."""
    tracker = tracker_of([MetricRule(match="*", **rule)])
    result = result_of([1.5], evidence=[[3.0, 0.0]])

    events = tracker.observe(block_of([[9.0, 5.0]]), result, members_of("cpu", "mem", rule=0))

    assert bool(events) == opens


def test_policy_looks_at_the_leading_series_only() -> None:
    """A deviation of a series that hardly contributes does not open an incident."""
    tracker = tracker_of([MetricRule(match="*", deviation_min=3)], top_series=1)
    result = result_of([1.5], evidence=[[0.1, 3.0]])

    events = tracker.observe(block_of([[9.0, 5.5]]), result, members_of("cpu", "mem", rule=0))

    assert events == []


def test_policy_does_not_judge_relations() -> None:
    """A relation may break with every value in range."""
    tracker = tracker_of([MetricRule(match="*", deviation_min=100)])
    result = result_of([1.5], channel=np.array([Kind.RELATION], dtype=np.int8))

    events = tracker.observe(block_of([[5.0, 5.0]]), result, members_of("cpu", "mem", rule=0))

    assert [event.kind for event in events] == ["relation"]


def test_event_tells_what_and_how_sure() -> None:
    """Every field of an opening follows from the frame, the verdict and the settings."""
    tracker = tracker_of()
    broken = {0: broken_edges((0, 1, 0.9, 0.125))}
    result = result_of([2.5], evidence=[[1.0, 3.0]], broken=broken)

    event = tracker.observe(block_of([[np.nan, 1.5]]), result, MEMBERS)[0]

    assert event.ts_detected == rfc3339(101 * MINUTE + 30 * 10**9)
    assert (event.score, event.peak_score, event.p_value) == (2.5, 2.5, 1e-6)
    assert (event.kind, event.learning, event.severity.value) == ("level", "normal", "critical")
    assert (event.group, event.labels) == ("shop", {"service": "shop"})
    assert [s.name for s in event.series] == ["mem", "cpu"]
    first, second = event.series
    assert (first.actual, first.expected, first.lower, first.upper) == (1.5, 5.0, 2.0, 8.0)
    assert (first.contribution, first.direction, first.role) == (0.75, "below", None)
    assert (second.actual, second.direction) == (None, None)
    edge = event.edges[0]
    assert (edge.source, edge.target, edge.lag_s, edge.age_s) == ("cpu", "mem", 120.0, 540.0)
    assert (edge.weight_before, edge.weight_now, edge.residual_sigma) == (0.9, 0.125, 4.5)
    assert event.quality.imputed_ratio == 0.5
    assert (event.quality.warmup, event.quality.effective_samples) == (False, 51)
    assert (event.source.topic, event.source.partition, event.source.offset) == ("metrics", 3, 1100)
    assert (event.config_hash, event.version) == ("c0ffee", "0.1.0")


def test_relation_compares_with_what_peers_recall() -> None:
    """A relation incident's expected values are the peers', for its whole life."""
    tracker = tracker_of()
    channel = np.array([Kind.RELATION, Kind.LEVEL], dtype=np.int8)
    result = result_of([1.5, 9.0], channel=channel)

    events = tracker.observe(block_of([[9.0, 5.0]] * 2), result, MEMBERS)

    assert [event.kind for event in events] == ["relation", "relation"]
    assert [event.series[0].expected for event in events] == [7.0, 7.0]


def test_series_are_ranked_over_the_whole_incident() -> None:
    """What led at the opening may be overtaken; shares are of all series before the cut."""
    tracker = tracker_of(top_series=1)
    evidence = [[3.0, 1.0], [0.0, 8.0], [0.5, 0.5], [0.5, 0.5]]

    events = tracker.observe(
        block_of([[9.0, 5.0]] * 4), result_of([1.0, 1.2, 0.1, 0.1], evidence), MEMBERS
    )

    assert [(s.name, s.contribution) for s in events[0].series] == [("cpu", 0.75)]
    assert [(s.name, s.contribution) for s in events[1].series] == [("mem", 0.75)]


def test_edges_are_those_of_the_worst_tick() -> None:
    """A resolve, at which nothing is broken any more, still names what broke at the peak."""
    broken = {0: broken_edges((0, 1, 0.9, 0.5)), 1: broken_edges((1, 0, 0.8, -0.5))}
    result = result_of([1.1, 1.3, 0.1, 0.1], broken=broken)

    events = tracker_of().observe(block_of([[9.0, 5.0]] * 4), result, MEMBERS)

    assert events[0].edges[0].weight_now == 0.5
    assert events[1].edges[0].weight_now == -0.5


def test_evidence_follows_members_that_come_and_go() -> None:
    """When columns move, evidence stays with its series."""
    tracker = tracker_of()
    opened = tracker.observe(
        block_of([[9.0, 5.0]]), result_of([1.5], [[3.0, 1.0]]), members_of("cpu", "mem")
    )

    moved = tracker.observe(
        block_of([[5.0, 5.0]], 101), result_of([9.0], [[0.0, 4.0]]), members_of("mem", "new")
    )

    assert [s.name for s in opened[0].series] == ["cpu", "mem"]
    assert [(s.name, s.contribution) for s in moved[0].series] == [("new", 0.8), ("mem", 0.2)]


def test_a_group_that_is_gone_resolves_what_is_open() -> None:
    """The last frame's time stands for the end; when nothing is open there is nothing to say."""
    tracker = tracker_of()
    watch(tracker, [1.5, 1.5])

    ended, again = tracker.end(), tracker.end()

    assert ended is not None
    assert states([ended]) == [("resolve", at(101))]
    assert again is None


def test_ids_repeat_and_tell_input_partitions_apart() -> None:
    """The same input partition gives the same ids; another topic or number gives others."""
    topic = TrackerIdentity("app", InputPartition("other", 3), "shop", {}, "c0ffee", "0.1.0")
    number = TrackerIdentity("app", InputPartition("metrics", 4), "shop", {}, "c0ffee", "0.1.0")

    ids = [
        watch(tracker_of(identity=who), [1.5])[0].incident_id
        for who in (IDENTITY, IDENTITY, topic, number)
    ]

    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


SCORES = st.lists(st.sampled_from([0.0, 0.5, 0.8, 1.0, 1.6, 3.0, float("nan")]), max_size=60)


def cut(result: RunResult, low: int, high: int) -> RunResult:
    """Take some rows of a result."""
    return result_of(result.score[low:high].tolist(), first_tick=result.first_tick + low)


@given(SCORES, st.data())
def test_any_split_into_blocks_gives_the_same_bytes(
    scores: list[float], data: st.DataObject
) -> None:
    """Events do not depend on how frames were gathered into blocks."""
    after, cooldown = data.draw(st.integers(1, 2)), data.draw(st.integers(0, 5))
    whole, parts = (tracker_of(open_after=after, cooldown=cooldown) for _ in range(2))
    result = result_of(scores, np.ones((len(scores), 2)))
    block = block_of([[9.0, 5.0]] * len(scores))

    expected = whole.observe(block, result, MEMBERS) if scores else []
    actual: list[Event] = []
    low = 0
    while low < len(scores):
        high = low + data.draw(st.integers(1, len(scores) - low))
        part = block_of([[9.0, 5.0]] * (high - low), 100 + low)
        actual += parts.observe(part, cut(result, low, high), MEMBERS)
        low = high

    assert [encode_event(e) for e in actual] == [encode_event(e) for e in expected]


@given(SCORES)
def test_every_incident_is_a_proper_life(scores: list[float]) -> None:
    """Opens once, resolves after being open, and never has two events with one id."""
    events = watch(tracker_of(), scores) if scores else []

    is_open: dict[str, bool] = {}
    for event in events:
        if event.state.value == "open":
            assert event.incident_id not in is_open
        elif event.state.value == "resolve":
            assert is_open[event.incident_id]
        is_open[event.incident_id] = event.state.value != "resolve"
        assert sum(is_open.values()) <= 1
    assert len({event.event_id for event in events}) == len(events)


def test_events_tell_since_when_each_series_stands_out() -> None:
    """The first of the ticks in a row counts, and stays when the series calms down in between."""
    runs = {1: [0, 3], 2: [1, 4], 4: [1, 0]}
    elevated = {row: np.array(counts) for row, counts in runs.items()}
    result = result_of([0.1, 1.2, 2.5, 0.9, 9.0], elevated=elevated)

    events = tracker_of().observe(block_of([[9.0, 5.0]] * 5, 100), result, MEMBERS)

    since = [{each.name: each.since for each in event.series} for event in events]
    assert since[0] == {"cpu": None, "mem": at(99)}
    assert since[1] == {"cpu": at(102), "mem": at(99)}
    assert since[-1] == since[1]


def test_an_open_incident_of_an_earlier_version_goes_on() -> None:
    """Its state does not say since when series stand out; nothing else is lost."""
    tracker, older = tracker_of(), tracker_of()
    watch(tracker, [0.1, 1.2])
    plain = tracker.dump()
    del plain["current"]["since"]

    older.restore(plain, "shop", MEMBERS)

    assert watch(older, [0.1, 0.1], 102) == watch(tracker, [0.1, 0.1], 102)


def test_services_are_named_by_the_labels_of_the_configuration() -> None:
    """Every event ranks them; without the labels there are none."""
    members = [Series(name, (("team", name),), name, "shop", -1) for name in ("cpu", "mem")]
    result = result_of([0.1, 1.2], [[1.0, 1.0], [1.0, 3.0]])

    (event,) = tracker_of(service_labels=["team"]).observe(
        block_of([[9.0, 5.0]] * 2), result, members
    )
    (silent,) = tracker_of().observe(block_of([[9.0, 5.0]] * 2), result, members)

    assert [(each.name, each.contribution) for each in event.services] == [
        ("mem", 0.75),
        ("cpu", 0.25),
    ]
    assert silent.services == ()
