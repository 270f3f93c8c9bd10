"""What is said, over HTTP or on a topic, and what a detector is told of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from daemon.finding import Finding
from daemon.said import FeedbackRecord, FeedbackRequest, Said, saying
from hebbstream import Detector, FeedbackError, Label

HOUR = 3600 * 10**9
INCIDENT = Finding(pattern={"a": 0.75, "b": 0.25}, peak=2.0, start=HOUR, end=2 * HOUR, ticks_ago=5)


def detector() -> Detector:
    """Return one that has seen a hundred frames of two series."""
    seen = Detector(["a", "b"])
    seen.run(np.random.default_rng(0).normal(size=(100, 2)))
    return seen


def about(label: Label, **more: Any) -> FeedbackRecord:  # noqa: ANN401 - JSON
    """Say something of an incident."""
    return FeedbackRecord.model_validate({"label": label, "incident_id": "i"} | more)


@pytest.mark.parametrize(
    ("kind", "said", "fault"),
    [
        (FeedbackRecord, {}, "either incident_id or group says"),
        (FeedbackRecord, {"group": "g", "incident_id": "i"}, "either incident_id or group says"),
        (FeedbackRequest, {}, "either incident_id or group_id says"),
        (FeedbackRecord, {"group": "g", "label": "NOT_ANOMALY"}, "series says what"),
        (FeedbackRecord, {"group": "g", "label": "EXPECTED"}, "start and end say when"),
        (FeedbackRecord, {"group": "g", "label": "MUTED_RELATION"}, "relation names the two"),
        (FeedbackRecord, {"incident_id": "i", "labels": 1}, "Extra inputs"),
    ],
)
def test_what_is_about_nothing_is_refused(
    kind: type[Said], said: dict[str, Any], fault: str
) -> None:
    """Each fault is named in the words of its way in."""
    with pytest.raises(ValidationError, match=fault):
        kind.model_validate({"label": "NEW_TREND"} | said)


def test_no_anomaly_takes_pattern_and_peak_of_the_incident() -> None:
    """Without one the series and the score that are named."""
    alone = FeedbackRecord(label=Label.NOT_ANOMALY, group="g", series=["b"], score=3.0)

    (of_incident,) = saying(about(Label.NOT_ANOMALY), INCIDENT)(detector())
    (of_series,) = saying(alone, None)(detector())

    assert (dict(of_incident.pattern), of_incident.lift) == ({"a": 0.75, "b": 0.25}, 2.5)
    assert (dict(of_series.pattern), of_series.lift) == ({"b": 1.0}, 3.75)


@pytest.mark.parametrize("label", Label)
def test_a_silence_takes_no_word_about_scores(label: Label) -> None:
    """A line raised by how long it was overdue would hide what its series do when they are back."""
    silence = replace(INCIDENT, peak=40.0, silent=True)
    say = saying(about(label, relation=["a", "b"]), silence)
    seen = detector()

    if label in (Label.NOT_ANOMALY, Label.EXPECTED):
        with pytest.raises(FeedbackError, match="series that stopped"):
            say(seen)
        assert seen.notes == ()
    else:
        assert [note.label for note in say(seen)] == [label]


def test_a_window_is_the_incidents_unless_it_is_named() -> None:
    """Each end on its own."""
    (whole,) = saying(about(Label.EXPECTED, every="day"), INCIDENT)(detector())
    (cut,) = saying(about(Label.EXPECTED, start="1970-01-01T01:30:00Z"), INCIDENT)(detector())

    assert (whole.start, whole.length, whole.period) == (3600.0, 3600.0, 86_400.0)
    assert (cut.start, cut.length, cut.period) == (5400.0, 1800.0, 7 * 86_400.0)


@pytest.mark.parametrize("label", [Label.ANOMALY, Label.NEW_TREND])
def test_what_needs_no_more_is_told(label: Label) -> None:
    """With an incident and without."""
    alone = FeedbackRecord(label=label, group="g")

    for say in (saying(about(label), INCIDENT), saying(alone, None)):
        (note,) = say(detector())
        assert note.label is label


def test_a_relation_is_muted() -> None:
    """Both ends are kept."""
    said = FeedbackRecord(label=Label.MUTED_RELATION, group="g", relation=["b", "a"])

    (note,) = saying(said, None)(detector())

    assert note.relation == ("a", "b")
