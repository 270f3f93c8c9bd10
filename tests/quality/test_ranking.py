"""Ranking metrics, on cases small enough to work out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from benchmarks.quality import ranking

LABEL = np.array([0, 1, 1, 0, 0, 1, 0, 0], bool)
SCORE = np.array([0.1, 0.9, 0.3, 0.8, 0.2, 0.7, 0.0, 0.05])


def test_segments_are_runs() -> None:
    """First and last tick of each run, also at the borders."""
    assert ranking.segments(LABEL) == [(1, 2), (5, 5)]
    assert ranking.segments(np.array([True, False, True])) == [(0, 0), (2, 2)]
    assert ranking.segments(np.zeros(3, bool)) == []


def test_average_precision_by_hand() -> None:
    """Hits at ranks 1, 3 and 4 of eight."""
    assert ranking.average_precision(LABEL, SCORE) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)


@pytest.mark.parametrize("seed", range(5))
def test_average_precision_is_that_of_scikit_learn(seed: int) -> None:
    """Ties are taken together, as there."""
    rng = np.random.default_rng(seed)
    label = rng.random(500) < 0.1
    score = np.round(rng.normal(size=500) + label, 1)

    found = ranking.average_precision(label, score)

    assert found == pytest.approx(average_precision_score(label, score), abs=1e-12)


def test_best_f1_by_hand() -> None:
    """Four alarms with three hits of three: 2 * 3 / (4 + 3)."""
    assert ranking.best_f1(LABEL, SCORE) == pytest.approx(6 / 7)


def test_what_has_no_anomaly_has_no_figure() -> None:
    """Without labels there is nothing to rank."""
    none = np.zeros(8, bool)

    assert math.isnan(ranking.average_precision(none, SCORE))
    assert math.isnan(ranking.best_f1(none, SCORE))
    assert math.isnan(ranking.vus_pr(none, SCORE))


def test_soft_labels_fall_off_beside_a_segment() -> None:
    """With a window of 4 two ticks at each side count sqrt(3/4) and sqrt(2/4)."""
    label = np.array([0, 0, 0, 1, 0, 0, 0], bool)

    soft = ranking.soft_label(label, 4)

    near, far = math.sqrt(0.75), math.sqrt(0.5)
    assert soft.tolist() == pytest.approx([0, far, near, 1, near, far, 0])


def test_soft_labels_stop_at_the_borders_and_at_one() -> None:
    """A ramp is cut off at the ends of the record, and two of them add up to 1 at most."""
    label = np.array([1, 0, 1], bool)

    assert ranking.soft_label(label, 4).tolist() == [1, 1, 1]


def test_segments_that_touch_are_widened_as_one() -> None:
    """Two segments five ticks apart meet when both are widened by three."""
    label = np.zeros(30, bool)
    label[[5, 11, 25]] = True

    assert ranking.widened(label, 2) == [(3, 7), (9, 13), (23, 27)]
    assert ranking.widened(label, 3) == [(2, 14), (22, 28)]


def test_volume_without_a_window_is_the_area_of_hits() -> None:
    """Window 0 leaves hard labels: at ranks 1 to 4 of four ticks, two hits first."""
    label, score = np.array([1, 1, 0, 0], bool), np.array([4.0, 3.0, 2.0, 1.0])

    assert ranking.vus_pr(label, score, window=0, thresholds=4) == pytest.approx(1.0)
    # The one segment exists from the first threshold on; worst ranks: hits at 3 and 4 of four.
    assert ranking.vus_pr(label, -score, window=0, thresholds=4) == pytest.approx(
        0.5 * 1 / 3 + 0.5 * 2 / 4
    )


def test_volume_forgives_a_near_miss() -> None:
    """An alarm just beside a segment is worth something, one far from it is not."""
    label = np.zeros(400, bool)
    label[200:210] = True
    near, far = np.zeros(400), np.zeros(400)
    near[212:222], far[30:40] = 1.0, 1.0
    noise = np.random.default_rng(0).random(400) * 1e-3

    assert ranking.vus_pr(label, near + noise) > 2 * ranking.vus_pr(label, far + noise)


def test_hits_by_hand() -> None:
    """One guilty series second; two of three guilty among the first three."""
    assert ranking.hit_at(["a", "b"], {"b"}, 1) == 0.0
    assert ranking.hit_at(["a", "b"], {"b"}, 2) == 1.0
    assert ranking.hit_rate(list("abcdef"), {"a", "c", "e"}) == pytest.approx(2 / 3)
    assert ranking.hit_rate(list("abcdef"), {"a", "c", "e"}, 1.5) == 1.0
