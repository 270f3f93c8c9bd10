"""The detector does not get worse than the committed baseline on faults with permanent ids.

When a change makes it better, or worse for a reason that is written down: `make quality-baseline`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from benchmarks.quality import regression, scenarios
from benchmarks.quality.regression import Outcome, worse

USUAL = Outcome(caught=6, delay=20.0, false=0, right_first=6, open_ticks=100.0)


def test_every_scenario_has_its_baseline() -> None:
    """An id without figures would not be watched; figures without an id are of no use."""
    assert set(regression.baseline()) == set(scenarios.SCENARIOS)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", scenarios.SCENARIOS)
def test_detection_is_no_worse_than_it_was(scenario: str) -> None:
    """Caught, delay, false incidents, the right series, and the time open hold their own."""
    assert worse(regression.outcome(scenario), regression.baseline()[scenario]) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"caught": 4}, "caught 4, was 6"),
        ({"delay": 30.0}, "delay 30, was 20"),
        ({"false": 2}, "false 2, was 0"),
        ({"right_first": 4}, "right series first 4, was 6"),
        ({"open_ticks": 160.0}, "open 160 ticks, was 100"),
    ],
)
def test_what_got_worse_is_said(change: dict[str, float], said: str) -> None:
    """Each figure has its tolerance, beyond which it is named."""
    assert worse(replace(USUAL, **change), USUAL) == [said]  # type: ignore[arg-type]


def test_what_rounding_explains_is_no_regression() -> None:
    """Another processor may lose a seed, and what is better is welcome."""
    rounded = Outcome(caught=5, delay=24.0, false=1, right_first=5, open_ticks=120.0)
    better = Outcome(caught=6, delay=2.0, false=0, right_first=6, open_ticks=10.0)

    assert worse(rounded, USUAL) == worse(better, USUAL) == []


def test_a_deaf_detector_is_found_out() -> None:
    """A story in which nothing is wrong stands for a detector that sees nothing."""
    told = scenarios.story("level-shift-3-of-20", 1)
    deaf = replace(told, frames=np.where(np.isfinite(told.frames), 1.0, 1.0))

    found = regression.judge(deaf)

    assert (found.delay, found.false, found.right_first) == (None, 0, False)


@pytest.mark.parametrize("scenario", scenarios.SCENARIOS)
def test_a_story_is_told_alike_each_time(scenario: str) -> None:
    """The same seed gives the same frames; the fault lies in them and names who is disturbed."""
    told, again = scenarios.story(scenario, 3), scenarios.story(scenario, 3)

    assert_array_equal(told.frames, again.frames)
    assert 0 < told.start <= told.end <= len(told.frames)
    assert (told.start < told.end) == bool(told.culprits)
