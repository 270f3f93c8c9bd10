"""How the groups stood after their last step: `daemon.readmodel.groups`."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.pipeline import PartitionPipeline
from daemon.readmodel.groups import Standing, Standings
from daemon.readmodel.history import ScoreBuffer
from daemon.readmodel.views import GroupIdentity
from daemon.records import NANOSECONDS
from streams import PARTITION, record_batch, related, sections, wide_records

MINUTE = 60 * NANOSECONDS
IDENTITY = GroupIdentity("0" * 16, "cart", {"service": "cart"}, PARTITION)


@pytest.fixture
def standing() -> Standing:
    """Stand after a block of 29 frames of six series."""
    pipeline = PartitionPipeline(PARTITION, sections())
    (step,) = pipeline.process(record_batch(wide_records(related(1, 30)))).steps
    step.block.frames[-1, 2] = np.nan
    scores = ScoreBuffer()
    scores.append(step.block.ticks, step.verdicts.told, 10)
    return Standing(
        IDENTITY, tuple(pipeline.groups["cart"].members), step, scores.span(), 2.5, MINUTE
    )


def test_the_view_is_that_of_the_last_frame(standing: Standing) -> None:
    """Every figure, and the scores that are kept."""
    view = standing.view()

    assert (view.identity, len(view.members)) == (IDENTITY, 6)
    assert view.frames == 29
    assert view.missing_ratio == pytest.approx(1 / 6)
    assert (view.kind, view.learning, view.score, view.p_value) == ("level", "warmup", 0.0, 1.0)
    assert view.frame_time == (int(view.history.ticks[-1]) + 1) * MINUTE
    assert view.frame_time <= view.watermark
    assert view.pace == 2.5
    assert len(view.history.score) == 10
    assert standing.view() is view


def test_groups_are_shown_when_they_are_looked_up(standing: Standing) -> None:
    """By id, as any mapping."""
    groups = Standings({"a": standing})

    assert list(groups) == ["a"]
    assert len(groups) == 1
    assert "a" in groups
    assert "b" not in groups
    assert groups["a"] is standing.view()
    assert groups.get("b") is None
