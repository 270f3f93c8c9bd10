"""Incidents and what they cost, on scores made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.quality.alerts import (
    MERGE_GAP,
    RECOVER_AFTER,
    Incident,
    economy,
    incidents,
    kept_rate,
    score_at,
)
from daemon.announcer import TrackerIdentity
from daemon.config import IncidentsSection
from daemon.incidents import IncidentTracker
from daemon.records import InputPartition
from verdicts import MINUTE, block_of, members_of, result_of

IDENTITY = TrackerIdentity("app", InputPartition("metrics", 0), "shop", {}, "", "")


def test_an_incident_ends_when_it_has_been_calm() -> None:
    """It opens at the line, and closes at the tenth tick in a row below recovery."""
    score = np.zeros(40)
    score[[5, 9]] = 1.0, 0.8

    assert incidents(score) == [Incident(5, 9 + RECOVER_AFTER)]


def test_one_that_opens_again_soon_is_the_same() -> None:
    """Within the merge gap it is the last one again, a tick later another."""
    score = np.zeros(200)
    score[5] = 1.0
    closed = 5 + RECOVER_AFTER
    near, far = score.copy(), score.copy()
    near[closed + MERGE_GAP], far[closed + MERGE_GAP + 1] = 1.0, 1.0

    assert [i.opened for i in incidents(near)] == [5]
    assert [i.opened for i in incidents(far)] == [5, closed + MERGE_GAP + 1]


def test_one_that_never_calms_lasts_to_the_end() -> None:
    """The record ends, and so does the incident."""
    assert incidents(np.full(20, 2.0)) == [Incident(0, 19)]
    assert incidents(np.zeros(20)) == []


@pytest.mark.parametrize("seed", range(10))
def test_incidents_are_those_of_the_service(seed: int) -> None:
    """The service's tracker opens at the same ticks with its default settings."""
    rng = np.random.default_rng(seed)
    score = np.exp(np.convolve(rng.normal(size=3000), np.full(8, 0.4), mode="same")) * 0.2
    members = members_of("a", "b")
    tracker = IncidentTracker(IncidentsSection(), (), IDENTITY, MINUTE)

    events = tracker.observe(block_of(np.ones((3000, 2)).tolist(), 0), result_of(
        score.tolist(), np.ones((3000, 2))), members)  # fmt: skip

    assert len(incidents(score)) == sum(event.state == "open" for event in events) > 3


def test_the_line_follows_the_budget() -> None:
    """At one alert in a thousand ticks a p-value of 1e-3 is the line."""
    score = score_at(np.array([1e-3, 1e-6]), budget=1.44, interval=60.0)

    assert score.tolist() == pytest.approx([1.0, 2.0])


def test_the_economy_by_hand() -> None:
    """One fault caught a tick late, one caught early, one missed, two false incidents."""
    label = np.zeros(2880, bool)
    label[100:110] = label[500:510] = label[900:910] = True
    found = [Incident(101, 120), Incident(495, 505), Incident(600, 610), Incident(2000, 2009)]

    told = economy(label, found, interval=60.0)

    assert (told.caught, told.faults, told.false, told.delays) == (2, 3, 2, (1, 0))
    assert told.days == pytest.approx(2850 / 1440)
    # Ticks of 101-120 after the fault, of 495-499, and all of the false ones.
    assert told.open_share == pytest.approx((11 + 5 + 11 + 10) / 2850)


def test_a_kept_budget_is_one() -> None:
    """Ten incidents in a hundred days at a budget of a tenth a day; the interval holds it."""
    kept = kept_rate([0, 1, 2, 1, 1], [20.0] * 5, budget=0.05)

    assert kept.ratio == pytest.approx(1.0)
    assert kept.low < 1.0 < kept.high


def test_an_interval_needs_variety() -> None:
    """Series that all kept the budget alike leave no doubt."""
    kept = kept_rate([3, 3, 3], [10.0] * 3, budget=0.1)

    assert (kept.ratio, kept.low, kept.high) == pytest.approx((3.0, 3.0, 3.0))
    assert math.isfinite(kept.ratio)
