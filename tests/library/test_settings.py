"""Knobs in the kernels' unit."""

from __future__ import annotations

import numpy as np
import pytest

from hebbstream.homeostasis_params import HomeostasisParams
from hebbstream.kernels import layout as at
from hebbstream.params import DetectorParams
from hebbstream.settings import SUBSPACE_RULES, learning_rate, paces, pack


def test_every_place_is_filled() -> None:
    """No setting is left unset."""
    packed = pack(DetectorParams(), 60.0)

    assert packed.shape == (at.SETTING_ROWS,)
    assert np.isfinite(packed).all()


def test_every_knob_has_an_effect() -> None:
    """Turning any number in the sections changes the packed settings, or the state's shape."""
    shaping = {
        "enabled", "harmonics_max", "lags", "exhaustive_max", "strongest_per_series",
        "edges_per_series_max", "edges_max", "slots_per_series", "false_discovery_rate",
        "memory_ticks_min", "adopt_after_ticks", "over_ticks_min",
    }  # fmt: skip
    chosen = {
        "calibration": {"memory": "30d"},
        "gate": {"adopt_after": "1h"},
        "homeostasis": {"over": "2d"},
    }
    base = DetectorParams.model_validate(chosen)
    plain = base.model_dump()
    idle = []
    for section, knobs in plain.items():
        for name, value in knobs.items() if isinstance(knobs, dict) else ():
            if name in shaping or isinstance(value, str):
                continue
            step = value + 1 if isinstance(value, int) else value * 0.999 or 0.01
            turned = {**plain, section: {**knobs, name: step}}
            packed = pack(DetectorParams.model_validate(turned), 60.0)
            if np.array_equal(packed, pack(base, 60.0)):
                idle.append(f"{section}.{name}")

    assert idle == []


@pytest.mark.parametrize(
    ("interval", "rate"), [(60.0, 60 / 259_200), (1.0, 1 / 50_000), (1e6, 1.0)]
)
def test_rate_is_interval_over_memory_within_bounds(interval: float, rate: float) -> None:
    """Short intervals are bounded by memory_ticks_max, long ones by 1."""
    assert learning_rate(DetectorParams(), interval) == pytest.approx(rate)


def test_tail_remembers_at_least_its_minimum() -> None:
    """At five minutes three days are fewer than ten thousand ticks."""
    assert pack(DetectorParams(), 300.0)[at.S_TAIL_GROWTH] == pytest.approx(1e-4)
    assert pack(DetectorParams(), 1.0)[at.S_TAIL_GROWTH] == pytest.approx(1 / 259_200)


def test_every_rule_has_a_number_of_its_own() -> None:
    """Each `subspace.rule` reaches the kernels as another number."""
    numbers = {
        pack(DetectorParams.model_validate({"subspace": {"rule": rule}}), 60.0)[at.S_SUBSPACE_RULE]
        for rule in SUBSPACE_RULES
    }

    assert len(numbers) == len(SUBSPACE_RULES) == 4


@pytest.mark.parametrize(("interval", "ticks"), [(60.0, 1440), (300.0, 1440), (1.0, 86_400)])
def test_drift_is_looked_for_over_a_day_or_enough_ticks(interval: float, ticks: int) -> None:
    """A day of few ticks is too noisy to tell a drift."""
    assert paces(HomeostasisParams(), interval, 0.001) == [1.0, 6.0, 1 / ticks]


@pytest.mark.parametrize(("rate", "fastest"), [(0.01, 6.0), (0.5, 2.0), (1.0, 1.0)])
def test_no_pace_goes_past_a_frame(rate: float, fastest: float) -> None:
    """With a memory of few ticks a group that drifts is learnt at a rate of 1 at most."""
    assert paces(HomeostasisParams(), 60.0, rate)[1] == fastest
