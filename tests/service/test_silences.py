"""Silences as plain values and back."""

from __future__ import annotations

import json

import msgspec
import pytest

from daemon.events import EventEdge
from daemon.records import Series
from daemon.silences import Silence, SilenceKind, Waiting

GONE = Series("up", (("job", "a"),), 'up{job="a"}', "g", -1)


def test_come_back_as_they_were() -> None:
    """Through JSON, with the order of what is weighed and exact floats."""
    edge = EventEdge("a", "b", 0.0, 0.9, 0.1, 4.0, 60.0)
    silence = Silence("id", SilenceKind.GROUP, 3, 9, 4, edges=(edge,), peak=1 / 3)
    silence.named, silence.weights = {"z": GONE, "a": GONE}, {"z": 0.1, "a": 1e-300}
    silence.silent = {"z", "a"}
    waiting = Waiting(since=4, named={"z": GONE}, weights={"z": 2.5})

    plain = json.loads(json.dumps([silence.dump(), waiting.dump()]))

    assert Silence.load(plain[0]) == silence
    assert list(Silence.load(plain[0]).weights) == ["z", "a"]
    assert Waiting.load(plain[1]) == waiting


def test_who_waited_in_an_older_state_began_with_the_others() -> None:
    """Earlier versions kept one beginning of all that wait."""
    plain = Waiting(since=4, named={"z": GONE}, weights={"z": 2.5}).dump()
    del plain["starts"]

    waiting = Waiting.load(plain)
    waiting.named["a"], waiting.starts["a"] = GONE, 2

    assert waiting.first_tick == 2
    waiting.drop("a")
    assert waiting.first_tick == 4


def test_who_is_back_takes_its_relations_along() -> None:
    """Those of others stay; a series that does not wait changes nothing."""
    edges = tuple(EventEdge(end, "b", 0.0, 0.9, 0.1, 4.0, 60.0) for end in ("a", "z"))
    waiting = Waiting(named={"a": GONE, "z": GONE}, weights={"a": 1.0, "z": 2.0}, edges=edges)

    waiting.drop("b")
    waiting.drop("a")

    assert (list(waiting.weights), waiting.edges) == (["z"], edges[1:])


def test_something_else_is_refused() -> None:
    """What is no silence raises."""
    with pytest.raises(msgspec.ValidationError):
        Silence.load({"incident_id": 5})
