"""Where the alert line lies."""

from __future__ import annotations

import pytest

from hebbstream import Detector, DetectorParams
from hebbstream.calibration import Calibration, alert_exponent
from hebbstream.kernels import layout as at


def test_the_line_follows_from_the_budget() -> None:
    """One alert in ten days of minutes is a chance of 1 in 14 400 a tick."""
    assert 10 ** alert_exponent(0.1, 60.0) == pytest.approx(14_400)


def test_a_budget_of_every_tick_is_refused() -> None:
    """The budget must be below the ticks of a day, and the message names it."""
    params = DetectorParams(alert_budget_per_day=24)

    with pytest.raises(ValueError, match="alert_budget_per_day"):
        Detector(["a"], params, interval_seconds=3600)


def test_models_begin_empty() -> None:
    """One model a channel and the gate's, no weight, increments of 1."""
    calibration = Calibration.empty()

    assert not calibration.histograms.any()
    assert calibration.tails[:, at.INCREMENT].tolist() == [1.0] * at.TAIL_COUNT
