"""NAB's score on files that are worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.quality.nab import Series, detections, score_corpus, weigh

ROWS, PROBATION = 1000, 150


def file_with(rows: dict[int, float]) -> Series:
    """Make a file with one window, rows 400 to 499, and detections at some rows."""
    score = np.zeros(ROWS)
    for row, value in rows.items():
        score[row] = value
    return Series(score, [(400, 499)])


def sigmoid(x: float) -> float:
    """Scale a sigmoid as the benchmark does."""
    return 2 / (1 + math.exp(5 * x)) - 1


def test_a_detection_is_worth_the_more_the_earlier() -> None:
    """1 at a window's first row, almost nothing at its last, and a loss behind it."""
    worth, window = weigh(file_with({}))

    assert worth[400] == pytest.approx(1.0)
    assert worth[499] == pytest.approx(sigmoid(-0.01) / sigmoid(-1))
    assert worth[399] == -1.0
    assert worth[500] == pytest.approx(sigmoid(1 / 99))
    assert worth[900] == -1.0
    assert (window[399], window[400], window[499], window[500]) == (-1, 0, 0, -1)


def test_a_perfect_detector_scores_a_hundred() -> None:
    """One detection, at the window's first row."""
    assert score_corpus([file_with({400: 1.0})]) == pytest.approx(
        {"standard": 100.0, "low_fp": 100.0, "low_fn": 100.0}
    )


def test_silence_scores_nothing() -> None:
    """No threshold does better than to say nothing at all."""
    assert set(score_corpus([file_with({200: 1.0})]).values()) == {0.0}


def test_a_false_detection_costs_by_profile() -> None:
    """A surer false one, far from any window, comes with the hit: the cost is its weight."""
    found = score_corpus([file_with({200: 2.0, 400: 1.0})])

    assert found["standard"] == pytest.approx(100 * (2 - 0.11) / 2)
    assert found["low_fp"] == pytest.approx(100 * (2 - 0.22) / 2)
    assert found["low_fn"] == pytest.approx(100 * (3 - 0.11) / 3)


def test_a_window_counts_once() -> None:
    """A second detection in a window adds what it is better by, and no more."""
    late = score_corpus([file_with({450: 2.0})])["standard"]
    both = score_corpus([file_with({450: 2.0, 400: 1.0})])["standard"]

    assert late == pytest.approx(50 * (1 + sigmoid(-0.5) / sigmoid(-1)))
    assert both == pytest.approx(100.0)


def test_the_probation_is_not_scored() -> None:
    """A detection in the first 15 percent of the rows costs nothing."""
    assert score_corpus([file_with({PROBATION - 1: 2.0, 400: 1.0})])["standard"] == 100.0
    assert score_corpus([file_with({PROBATION: 2.0, 400: 1.0})])["standard"] < 100.0


def test_one_threshold_serves_all_files() -> None:
    """A hit below another file's false detection has to pay for it."""
    loud = Series(np.where(np.arange(ROWS) == 700, 5.0, 0.0), [])

    found = score_corpus([file_with({400: 1.0}), loud])

    assert found["standard"] == pytest.approx(100 * (2 - 0.11) / 2)


def test_detections_stand_out_of_what_was_lately() -> None:
    """A score counts when nothing as high came in the refractory time."""
    score = np.array([1.0, 3.0, 2.0, 2.0, 1.0, 2.0, 4.0])

    assert detections(score, 3).tolist() == [1.0, 3.0, 0.0, 0.0, 0.0, 0.0, 4.0]
