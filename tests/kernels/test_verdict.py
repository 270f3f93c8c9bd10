"""From statistics to a score."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import naive_evidence as naive
from hebbstream import Detector, Kind
from hebbstream.kernels import layout as at
from hebbstream.kernels.verdict import temper, write_verdict


@pytest.mark.parametrize(
    ("alert", "relation", "series", "new", "moves", "shift"),
    [
        (5.0, 1.0, 1.0, 2.0, 0.0, 1.0),
        (5.0, 1.0, 1.0, -1.0, 1.0, 0.0),
        (5.0, 1.0, 1.0, 12.0, 0.5, 2.0),
        (1.0, 5.0, 1.0, 0.5, 2.0, 2.0),
        (1.0, 1.0, 5.0, 0.0, 2.0, 3.0),
        (0.1, 0.1, 0.1, 9.0, 0.2, 0.3),
        (2.0, 2.3, 0.0, 1.0, 2.4, 0.0),
        (9.0, 9.5, 0.0, 1.0, 0.0, 0.0),
        (1.0, 1.0, 1.0, 1.0, 6.0, 1.0),
        (1.0, 1.0, 1.0, 1.0, 2.0, 6.0),
    ],
)
def test_verdict_equals_naive_twin(
    alert: float, relation: float, series: float, new: float, moves: float, shift: float
) -> None:
    """Score and p-value come from the louder of level and relation, each by its shares."""
    verdicts = np.zeros((at.VERDICT_ROWS, 1))
    exponents = np.array([alert, 9.0, relation, series, new, moves, shift])

    write_verdict(verdicts, exponents, 0, 7.0, 4.0)

    exponent, channel = naive.verdict(alert, relation, series, new, moves, shift)
    assert verdicts[at.SCORE, 0] == pytest.approx(exponent / 4.0)
    assert verdicts[at.P_VALUE, 0] == pytest.approx(10**-exponent)
    assert verdicts[at.CHANNEL, 0] == channel
    assert verdicts[at.STATISTIC, 0] == 7.0


@pytest.mark.parametrize(("burst", "slope"), [(2.25, 0.28), (2.5, 0.5), (5.0, 0.5)])
def test_temper_equals_naive_twin(burst: float, slope: float) -> None:
    """The exponent of an incident agrees with the formula, and rises with the tick's."""
    exponents = np.linspace(0, 12, 400)

    actual = np.array([temper(e, burst, slope) for e in exponents])

    assert_allclose(actual, [naive.temper(e, burst, slope) for e in exponents])
    assert (np.diff(actual) > 0).all()


def test_one_series_off_its_habit_is_seen_among_many_noisy_ones() -> None:
    """Where bursts of others raise the group's statistic higher, a quiet series' shift alarms."""
    rng = np.random.default_rng(2)
    frames = rng.normal(size=(4000, 60))
    for start in rng.integers(0, 3800, 60):
        frames[start : start + 10, rng.choice(30, 12, replace=False)] += 7
    frames[3900:, 50] += 18

    result = Detector([f"s{j}" for j in range(60)]).run(frames)

    fault = slice(3900, 3920)
    assert result.statistic[fault].max() < 0.6 * result.statistic[200:3900].max()
    assert result.score[fault].max() >= 1.0
    assert (result.evidence[fault].mean(axis=0)).argmax() == 50
    assert result.channel[3900 + int(result.score[fault].argmax())] == Kind.LEVEL
