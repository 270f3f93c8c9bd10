"""The plan of what goes wrong: every kind, spaced, repeatable."""

from __future__ import annotations

from itertools import islice, pairwise

import pytest

from daemon.demo.plan import (
    EVERY_TICKS,
    FIRST,
    HISTORY_TICKS,
    JITTER_TICKS,
    LENGTHS,
    PLACES,
    faults,
)
from daemon.demo.tally import SLACK_TICKS
from daemon.shop import METRICS, SERVICES, FaultKind


@pytest.mark.parametrize("seed", range(5))
def test_every_kind_comes_once_before_any_comes_again(seed: int) -> None:
    """Each round of seven faults has all seven kinds, in an order of its own."""
    kinds = [fault.kind for fault in islice(faults(seed), 21)]

    assert [set(kinds[at : at + 7]) for at in (0, 7, 14)] == [set(FaultKind)] * 3
    assert kinds[0] is FIRST


@pytest.mark.parametrize("seed", range(5))
def test_faults_leave_room_between_them(seed: int) -> None:
    """None begins in the healthy history, nor before the time of the one before is over."""
    planned = list(islice(faults(seed), 50))

    assert planned[0].start > HISTORY_TICKS
    assert all(a.end + SLACK_TICKS < b.start for a, b in pairwise(planned))


def test_faults_are_rare() -> None:
    """Were they not, they would be what is normal."""
    assert sum(LENGTHS.values()) / (EVERY_TICKS * len(LENGTHS)) < 0.07
    assert EVERY_TICKS - max(LENGTHS.values()) - SLACK_TICKS > JITTER_TICKS


def test_the_same_seed_gives_the_same_plan() -> None:
    """A run can be repeated; another seed is another run."""
    first, again, other = (list(islice(faults(seed), 20)) for seed in (4, 4, 5))

    assert first == again != other


def test_every_place_exists() -> None:
    """Faults strike services and metrics that the shop has."""
    for service, metric in (place for places in PLACES.values() for place in places):
        assert service in SERVICES
        assert metric in ("*", *METRICS)
