"""Notes: what is kept, what makes no sense, what can be read again."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from numpy.testing import assert_array_equal

from hebbstream.errors import FeedbackError
from hebbstream.feedback import NOTES_MAX, Feedback, Label, Note
from hebbstream.kernels import layout as at


def told() -> Feedback:
    """Make a note of each kind that bears on a verdict."""
    feedback = Feedback()
    feedback.keep(Note(Label.NOT_ANOMALY, 3, pattern={"a": 3.0, "b": 4.0}, lift=2.0))
    feedback.keep(Note(Label.EXPECTED, 4, start=60.0, length=120.0, period=86_400.0))
    feedback.keep(Note(Label.MUTED_RELATION, 5, relation=("a", "c")))
    return feedback


def test_notes_survive_json() -> None:
    """What is written is read again, numbers and all."""
    feedback = told()
    feedback.take(1)

    assert Feedback.load(json.loads(json.dumps(feedback.dump()))) == feedback


def test_terms_name_columns() -> None:
    """Patterns lie where their series are; what is expected has an infinite lift."""
    patterns, terms = told().terms(["b", "x", "a"])

    assert_array_equal(patterns, [[4.0, 0.0, 3.0], [0.0, 0.0, 0.0]])
    assert_array_equal(terms[at.LIFT], [2.0, math.inf])
    assert_array_equal(terms[at.WINDOW_START :, 1], [60.0, 120.0, 86_400.0])


def test_a_pattern_of_series_that_left_bears_on_nothing() -> None:
    """Else it would be like every frame."""
    patterns, _ = told().terms(["c"])

    assert len(patterns) == 1


def test_muted_relations_that_are_here() -> None:
    """A relation is muted where both ends are."""
    assert told().muted(["c", "b", "a"]) == [(2, 0)]
    assert told().muted(["c", "b"]) == []


def test_the_oldest_goes_first() -> None:
    """No detector keeps more than so many notes; numbers go on."""
    feedback = Feedback()
    for tick in range(NOTES_MAX + 5):
        feedback.keep(Note(Label.ANOMALY, tick))

    assert [note.number for note in feedback.notes] == list(range(5, NOTES_MAX + 5))


@pytest.mark.parametrize(
    ("label", "what"),
    [
        (Label.NOT_ANOMALY, {"pattern": {}}),
        (Label.NOT_ANOMALY, {"pattern": {"a": -1.0}}),
        (Label.NOT_ANOMALY, {"pattern": {"a": math.nan}}),
        (Label.NOT_ANOMALY, {"pattern": {"a": 1.0}, "lift": 0.5}),
        (Label.NOT_ANOMALY, {"pattern": {"a": 1.0}, "lift": math.inf}),
        (Label.EXPECTED, {"length": 0.0}),
        (Label.EXPECTED, {"length": 700_000.0}),
        (Label.EXPECTED, {"length": 60.0, "start": math.inf}),
        (Label.MUTED_RELATION, {"relation": ("a", "a")}),
    ],
)
def test_nonsense_is_refused(label: Label, what: dict[str, Any]) -> None:
    """The message says what is wrong, and nothing is kept."""
    feedback = Feedback()
    with pytest.raises(FeedbackError):
        feedback.keep(Note(label, 0, **what))
    assert feedback == Feedback()


@pytest.mark.parametrize(
    "spoilt", [{"count": 1}, {"count": "3"}, {"notes": [{"number": 0}]}, {"notes": None}]
)
def test_what_nobody_can_have_said_is_not_read(spoilt: dict[str, object]) -> None:
    """A damaged record raises what `Detector.load` turns into its own error."""
    with pytest.raises((KeyError, TypeError, ValueError)):
        Feedback.load({**told().dump(), **spoilt})
