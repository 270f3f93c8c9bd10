"""The fused step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import generators
from hebbstream import Detector, Learning, warmup
from hebbstream.kernels import step


def test_one_specialisation_per_kernel() -> None:
    """After warm-up a thousand frames by every route compile nothing new."""
    warmup()
    world = generators.coupled(0, 1000, 6)
    detector = Detector(world.names)

    detector.run(world.frames[:400])
    detector.run(np.asfortranarray(world.frames[400:500, ::-1][:, ::-1]))
    detector.run(world.frames[500:600].astype(np.float32).tolist(), np.arange(500, 600))
    for frame in world.frames[600:990]:
        detector.step(frame)
    Detector.load(detector.dump()).run(world.frames[990:])

    advance: Any = step.advance_all
    assert len(getattr(advance, "signatures", [None])) == 1


def test_run_equals_step() -> None:
    """A block and the same frames one by one give equal bits, results and state."""
    world = generators.relation_break(3, 2500, 9, 2200)
    frames = world.frames.copy()
    frames[::17, 2] = np.nan
    whole, single = Detector(world.names), Detector(world.names)

    block = whole.run(frames)
    ticks = [single.step(frame) for frame in frames]

    assert whole.dump() == single.dump()
    for name in ("statistic", "score", "p_value", "channel", "learning", "components", "edges"):
        assert np.array_equal(getattr(block, name), [getattr(tick, name) for tick in ticks])
    for name in ("evidence", "expected", "recalled", "scale", "contribution"):
        rows = np.array([getattr(tick, name) for tick in ticks])
        assert np.array_equal(getattr(block, name), rows, equal_nan=True)
    for row, tick in enumerate(ticks):
        listed = block.broken.get(row, tick.broken[:0])
        assert listed.tobytes() == tick.broken.tobytes()
    named = [(e.tick, e.change, e.source, e.target, e.weight) for t in ticks for e in t.journal]
    assert named == [(e.tick, e.change, e.source, e.target, e.weight) for e in block.journal]


@pytest.mark.parametrize("cut", [1, 63, 64, 65, 1000])
def test_blocks_of_any_length_give_equal_state(cut: int) -> None:
    """Where a stream is cut into blocks decides nothing."""
    world = generators.coupled(4, 1100, 7)
    whole, parted = Detector(world.names), Detector(world.names)

    whole.run(world.frames)
    for start in range(0, len(world.frames), cut):
        parted.run(world.frames[start : start + cut])

    assert whole.dump() == parted.dump()


def test_warm_up_is_silent() -> None:
    """For the first hundred ticks the score is 0 and p is 1, whatever comes."""
    rng = np.random.default_rng(0)
    frames = rng.normal(size=(120, 4))
    frames[50:] += 1e6

    result = Detector("abcd").run(frames)

    assert (result.score[:100] == 0).all()
    assert (result.p_value[:100] == 1).all()
    assert (result.learning[:100] == Learning.WARMUP).all()
    assert result.learning[101] != Learning.WARMUP
