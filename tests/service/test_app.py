"""The composition root: a file through the engine, and giving up on a broker that never answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon import app
from daemon.clock import SystemClock
from daemon.config import Config
from daemon.errors import UnreachableError
from daemon.files.options import FileOptions
from fakes import FakeClock
from streams import related, wide_records

CONFIG = Config.model_validate({"grouping": {"group_by": ["service"]}, "output": {"scores": True}})


@pytest.fixture
def story(tmp_path: Path) -> Path:
    """Write a file of related series, one of which breaks away."""
    path = tmp_path / "story.ndjson"
    values = related(seed=5, ticks=900, break_at=700)
    path.write_bytes(b"\n".join(wide_records(values)) + b"\n")
    return path


@pytest.mark.slow
def test_replay_is_repeatable(story: Path, tmp_path: Path) -> None:
    """Two replays of a file leave the same files, byte for byte."""
    first = app.replay(CONFIG, story, FileOptions(), SystemClock(), tmp_path / "a")
    app.replay(CONFIG, story, FileOptions(chunk_rows=17), SystemClock(), tmp_path / "b")

    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["edges.ndjson", "events.ndjson", "scores.ndjson"]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert first.samples == first.framed == 900 * 6
    assert first.frames == first.groups["cart"] == 900
    assert [event.state for event in first.events][:1] == ["open"]


def test_learn_keeps_the_model(story: Path) -> None:
    """What was learnt from a file can be looked at: the series are all related."""
    pipeline = app.learn(CONFIG, story, FileOptions())

    detector = pipeline.groups["cart"].detector
    assert len(detector.series) == 6
    assert len(detector.edges()) >= 5


class SilentSource:
    """The one thing the deadline looks at: how long ago a broker answered."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.answered_at: float | None = None

    def contact_age(self) -> float:
        """Seconds since the answer, or since the start while there was none."""
        return self._clock.monotonic() - (self.answered_at or 0.0)


class NeverAsked:
    """A stop request that nobody makes."""

    asked = False


def test_gives_up_when_no_broker_answers_in_time() -> None:
    """Past the deadline without any answer it is an error with the time in it."""
    clock = FakeClock()
    stopping = app.stop_condition(NeverAsked(), SilentSource(clock), clock, 30.0)
    assert not stopping()

    clock.advance(31)

    with pytest.raises(UnreachableError, match="within 30 s"):
        stopping()


def test_an_outage_after_the_first_answer_is_waited_out() -> None:
    """Once a broker has answered, the deadline of the start is over."""
    clock = FakeClock()
    source = SilentSource(clock)
    stopping = app.stop_condition(NeverAsked(), source, clock, 30.0)
    clock.advance(10)
    source.answered_at = clock.monotonic()
    assert not stopping()

    clock.advance(1000)

    assert not stopping()


def test_without_a_deadline_it_waits() -> None:
    """By default a missing broker is waited for."""
    clock = FakeClock()
    stopping = app.stop_condition(NeverAsked(), SilentSource(clock), clock, None)

    clock.advance(10_000)

    assert not stopping()
