"""The composition root: a file through the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon import app
from daemon.clock import SystemClock
from daemon.config import Config
from daemon.errors import InputFileError
from daemon.files.options import FileOptions
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


def test_a_replay_that_fails_leaves_what_is_there(tmp_path: Path) -> None:
    """A fault at the end of a file takes nothing of what an earlier replay has found."""
    good, bad, out = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "out"
    rows = "t,a\n" + "".join(f"{60 * row},{row % 7}\n" for row in range(200))
    good.write_text(rows)
    bad.write_text(rows + "12000,x\n")
    app.replay(CONFIG, good, FileOptions(), SystemClock(), out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    with pytest.raises(InputFileError, match="line 202"):
        app.replay(CONFIG, bad, FileOptions(), SystemClock(), out)

    assert before["scores.ndjson"]
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_learn_keeps_the_model(story: Path) -> None:
    """What was learnt from a file can be looked at: the series are all related."""
    pipeline = app.learn(CONFIG, story, FileOptions())

    detector = pipeline.groups["cart"].detector
    assert len(detector.series) == 6
    assert len(detector.edges()) >= 5
