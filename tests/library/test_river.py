"""The river estimator: river's own checks, purity of scores, and features that come and go."""

from __future__ import annotations

import copy
import doctest
import functools
import math
import pickle
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from river import anomaly, checks, compose, preprocessing

from hebbstream import Detector, FrameError, Learning, SeriesError, river
from hebbstream.association_params import AssociationsParams
from hebbstream.params import DetectorParams
from hebbstream.river import ReadableDetector, RiverDetector

Row = dict[str, float]

#: Checks that need more frames than fit a quick test.
SLOW = {"check_bounded_memory_growth"}

QUICK_EDGES = DetectorParams(
    associations=AssociationsParams(check_ticks=8, significance_sigmas=2.0, strongest_per_series=2)
)


def rows(seed: int, count: int, n: int = 6) -> list[Row]:
    """Draw frames of n series that follow one common load."""
    rng = np.random.default_rng(seed)
    load = rng.normal(size=(count, 1)).cumsum(axis=0) * 0.1 + rng.normal(size=(count, 1))
    frames = load * np.linspace(1.0, 2.0, n) + 0.2 * rng.normal(size=(count, n))
    return [{f"s{j}": float(v) for j, v in enumerate(frame)} for frame in frames]


class Labelled:
    """Frames and their labels, as river's datasets give them; every 50th late frame is a fault."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __iter__(self) -> Iterator[tuple[Row, bool]]:
        for tick, row in enumerate(rows(3, self._count)):
            faulty = tick > 400 and tick % 50 == 0
            yield ({**row, "s2": row["s2"] - 8.0} if faulty else dict(row)), faulty


def estimator_checks() -> list[Any]:
    """List river's checks; those on its credit card data, a download, run on ours instead."""
    listed = []
    for check in checks.yield_checks(RiverDetector()):
        plain: Callable[..., None] = check
        if isinstance(check, functools.partial):
            count = 2000 if check.func.__name__ in SLOW else 600
            plain = functools.partial(check.func, dataset=Labelled(count))
        marks = [pytest.mark.slow] if check.__name__ in SLOW else []
        listed.append(pytest.param(plain, id=check.__name__, marks=marks))
    return listed


def learnt(count: int = 300, **options: Any) -> RiverDetector:  # noqa: ANN401 - any parameter
    """Return an estimator that has seen frames of six series."""
    model = RiverDetector(**options)
    for row in rows(1, count):
        model.learn_one(row)
    return model


@pytest.mark.parametrize("check", estimator_checks())
def test_passes_rivers_own_check(check: Callable[[RiverDetector], None]) -> None:
    """Every check that river has for an anomaly detector passes; none is skipped."""
    model = RiverDetector()
    random.seed(11)  # some checks draw features

    check(model)

    assert model._unit_test_skips() == set()


def test_scores_what_learning_would_have_scored() -> None:
    """A score before learning is the verdict of `Detector.step`, bit for bit, at every tick."""
    stream = rows(2, 400)
    model = RiverDetector(output="statistic")
    detector = Detector(sorted(stream[0]))
    model.learn_one(stream[0])
    detector.step(list(stream[0].values()))

    scored, stepped = [], []
    for row in stream[1:]:
        scored.append(model.judge_one(row))
        stepped.append(detector.step(list(row.values())))
        model.learn_one(row)

    assert [v.statistic for v in scored] == [v.statistic for v in stepped]
    assert [v.score for v in scored] == [v.score for v in stepped]
    assert all((a.evidence == b.evidence).all() for a, b in zip(scored, stepped, strict=True))
    assert any(v.score > 0 for v in scored)
    assert model.detector.dump() == detector.dump()


def test_scoring_changes_nothing() -> None:
    """However often a wild frame is scored, the state stays equal to the bit."""
    model = learnt(600, params=QUICK_EDGES)
    assert len(model.detector.edges()) > 0
    model.detector.remove_series("s5")
    before = model.detector.dump()

    scores = {model.score_one({f"s{j}": 1e6 for j in range(5)}) for _ in range(20)}

    assert len(scores) == 1
    assert scores.pop() > 1.0
    assert model.detector.dump() == before


def test_scoring_a_lone_series_changes_nothing() -> None:
    """What a lone series is judged by, its episodes and its days, stays equal to the bit."""
    rng = np.random.default_rng(0)
    detector = ReadableDetector(["a"])
    detector.run(rng.normal(size=(600, 1)))
    before = detector.dump()

    scores = {detector.score([value]).score for value in (9.0, np.nan, 9.0)}

    assert len(scores) == 2
    assert max(scores) > 1.0
    assert detector.dump() == before


def test_scoring_changes_nothing_when_the_frame_does_not_fit() -> None:
    """A refused frame leaves learning on, and the state as it was."""
    detector = ReadableDetector(["a", "b"])
    detector.step([1.0, 2.0])
    before = detector.dump()

    with pytest.raises(FrameError):
        detector.score([1.0, 2.0, 3.0])

    assert detector.dump() == before
    assert not detector.held


def test_the_detector_inside_may_be_worked_on() -> None:
    """Series that leave or change their name behind the estimator's back do not confuse it."""
    model = learnt(50)
    model.detector.remove_series("s0")
    model.detector.rename_series("s1", "one")

    model.learn_one({"one": 1.0, "s0": 2.0})

    assert model.detector.series == ("one", "s2", "s3", "s4", "s5", "s0")


def test_scoring_respects_a_hold() -> None:
    """A detector that is held stays held."""
    detector = ReadableDetector(["a", "b"])
    detector.hold()

    verdict = detector.score([1.0, 2.0])

    assert detector.held
    assert verdict.learning is Learning.HELD


def test_unknown_features_do_not_count_in_a_score() -> None:
    """A feature that was never learnt has no history to be judged by."""
    model = learnt()
    row = rows(4, 1)[0]

    score = model.score_one({**row, "new": 1e9})

    assert score == model.score_one(row)
    assert model.detector.series == tuple(f"s{j}" for j in range(6))


def test_a_feature_that_returns_keeps_its_history() -> None:
    """Ticks without a feature are missing samples: neither its level nor its column is lost."""
    model = learnt()
    level = model.detector.expected()[2]
    for row in rows(5, 10):
        model.learn_one({k: v for k, v in row.items() if k != "s2"})

    model.learn_one({**rows(5, 1)[0], "s2": level})

    assert model.detector.series[2] == "s2"
    assert model.detector.expected()[2] == pytest.approx(level, abs=1e-9)


def test_features_join_in_the_order_of_their_names() -> None:
    """The order of a dict is of no consequence, not even for the bits."""
    forward, backward = RiverDetector(), RiverDetector()
    for row in rows(6, 50):
        forward.learn_one(row)
        backward.learn_one(dict(reversed(row.items())))

    assert forward.detector.dump() == backward.detector.dump()


def test_the_feature_missing_for_longest_makes_room() -> None:
    """At series_max the least recently seen feature leaves; present ones never do."""
    model = RiverDetector(series_max=3)
    for x in ({"a": 1, "b": 1, "c": 1}, {"b": 1, "c": 1}, {"c": 1}):
        model.learn_one(x)

    model.learn_one({"d": 1, "c": 1})
    model.learn_one({"e": 1, "d": 1})

    assert model.detector.series == ("c", "d", "e")


def test_too_many_features_at_once_are_refused() -> None:
    """A dict that cannot fit is refused before anything has changed."""
    model = RiverDetector(series_max=2)
    model.learn_one({"a": 1.0, "b": 1.0})
    before = model.detector.dump()

    with pytest.raises(FrameError, match="series_max"):
        model.learn_one({"a": 1.0, "c": 1.0, "d": 1.0})

    assert model.detector.dump() == before


@pytest.mark.parametrize("value", ["0.5", b"1", [1.0], object(), 10**400, 1j])
def test_values_that_are_no_numbers_are_refused(value: object) -> None:
    """A text or a list is a fault of the caller, which the message names."""
    model = learnt(5)

    with pytest.raises(FrameError, match="'s1'"):
        model.learn_one({"s0": 1.0, "s1": value})


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_missing_values_are_missing_samples(value: float | None) -> None:
    """None, NaN and infinities score as if the feature were not there."""
    model, row = learnt(), rows(7, 1)[0]
    without = {k: v for k, v in row.items() if k != "s3"}

    assert model.score_one({**row, "s3": value}) == model.score_one(without)


@pytest.mark.parametrize("value", [True, 3, np.float32(0.5), np.int64(2), Decimal("1.5")])
def test_any_number_will_do(value: float) -> None:
    """Numbers of every kind count as what they are."""
    model = RiverDetector()

    model.learn_one({"a": value})

    assert model.detector.expected()[0] == float(value)


def test_keys_may_be_any_hashable() -> None:
    """Features are known by their str; two of one name are refused."""
    model = RiverDetector()

    model.learn_one({1: 1.0, ("a", 2): 2.0, None: 3.0})

    assert model.detector.series == ("('a', 2)", "1", "None")
    with pytest.raises(FrameError, match="both called '1'"):
        model.learn_one({1: 1.0, "1": 2.0})


def test_time_is_read_from_the_dict() -> None:
    """Seconds and datetimes, with a zone or none, mean the same instant and are no series."""
    zone = timezone(timedelta(hours=2))
    instants: list[object] = [
        1_767_225_600.0,
        datetime(2026, 1, 1),  # noqa: DTZ001 - a time without a zone is what is tested
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1, 2, tzinfo=zone),
        np.datetime64("2026-01-01T00:00:00", "ns"),
        np.datetime64("2026-01-01"),
    ]

    states = []
    for instant in instants:
        model = RiverDetector(time_key="at")
        model.learn_one({"at": instant, "a": 1.0})
        model.learn_one({"at": instant, "a": 3.0})
        assert model.detector.series == ("a",)
        states.append(model.detector.dump())

    assert len(set(states)) == 1


@pytest.mark.parametrize("at", [None, "noon", math.nan, np.datetime64("NaT", "ns"), pd.NaT])
def test_a_time_that_is_none_is_refused(at: object) -> None:
    """With a time_key every dict says when it was, as a number or a time; else nothing changes."""
    model = RiverDetector(time_key="at")

    for x in ({"a": 1.0, "at": at}, {"a": 1.0}):
        with pytest.raises(FrameError, match="'at'"):
            model.learn_one(x)

    assert model.detector.series == ()


@pytest.mark.parametrize(
    "options", [{"output": "rank"}, {"series_max": 0}, {"interval_seconds": 0.0}]
)
def test_senseless_parameters_are_refused(options: dict[str, Any]) -> None:
    """A parameter that makes no sense is refused at once."""
    with pytest.raises(ValueError, match=next(iter(options))):
        RiverDetector(**options)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])  # noqa: S301 - our own bytes
def test_a_copy_continues_bit_for_bit(again: Callable[[RiverDetector], RiverDetector]) -> None:
    """A copied or pickled estimator goes on as the original does."""
    model = learnt(params=QUICK_EDGES)

    other = again(model)

    for row in rows(8, 40):
        assert other.score_one(row) == model.score_one(row)
        model.learn_one(row)
        other.learn_one(row)
    assert other.detector.dump() == model.detector.dump()


def test_a_clone_is_a_beginner_with_the_same_knobs() -> None:
    """River's clone keeps parameters and forgets what was learnt."""
    model = learnt(params=QUICK_EDGES, interval_seconds=30.0, output="statistic", series_max=7)

    clone = model.clone()

    assert clone._get_params() == model._get_params()
    assert clone.detector.series == ()
    assert clone.detector.params == QUICK_EDGES


def test_works_behind_rivers_transformers_and_filters() -> None:
    """A pipeline learns and scores through it, and a filter cuts at the alert line."""
    model = compose.Select("s0", "s1", "s2") | preprocessing.StandardScaler() | learnt(1)
    line = anomaly.ThresholdFilter(RiverDetector(), threshold=1.0)
    for row in rows(9, 500):
        model.learn_one(row)
        line.learn_one(row)

    wild = dict.fromkeys(rows(9, 1)[0], 1e4)

    assert model.score_one(wild) > 1.0 > model.score_one(rows(9, 1)[0])
    assert line.score_one(wild) > line.threshold


def test_detector_inside_is_a_full_detector() -> None:
    """Edges and components of what was learnt are at hand, under the names of the features."""
    model = learnt(params=QUICK_EDGES)

    edge = model.detector.edges()[0]

    assert model.detector.series[edge["source"]].startswith("s")
    assert abs(edge["weight"]) > 0.6
    assert model.detector.components().shape[1] == 6
    with pytest.raises(SeriesError):
        model.detector.remove_series("nobody")


def test_the_example_runs() -> None:
    """What the class documents is true."""
    outcome = doctest.testmod(river)

    assert outcome.attempted > 0
    assert outcome.failed == 0
