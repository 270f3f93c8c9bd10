"""Blocks and verdicts made by hand, for the tests of what is done with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from daemon.records import F64, FrameBlock, Series
from hebbstream.results import BROKEN_DTYPE, Kind, Learning, RunResult

MINUTE = 60 * 10**9


def members_of(*names: str, rule: int = -1) -> tuple[Series, ...]:
    """Make series without labels, all of one group."""
    return tuple(Series(name, (), name, "shop", rule) for name in names)


def block_of(frames: Sequence[Sequence[float]], first_tick: int = 100) -> FrameBlock:
    """Make consecutive frames, each closed 30 s after its end by offset 1000 + tick."""
    count = len(frames)
    ticks = np.arange(first_tick, first_tick + count, dtype=np.int64)
    return FrameBlock(
        group="shop",
        joined=(),
        left=(),
        ticks=ticks,
        frames=np.array(frames, dtype=np.float64),
        watermarks=(ticks + 1) * MINUTE + 30 * 10**9,
        offsets=ticks + 1000,
    )


def result_of(
    scores: Sequence[float],
    evidence: Sequence[Sequence[float]] | F64 | None = None,
    **more: Any,  # noqa: ANN401 - any field of the result
) -> RunResult:
    """Make verdicts: by default level, learning normally, 5 expected with a sigma of 1."""
    count = len(scores)
    shown = np.ones((count, 2)) if evidence is None else np.array(evidence, dtype=np.float64)
    fields: dict[str, Any] = {
        "first_tick": 50,
        "statistic": np.array(scores, dtype=np.float64),
        "score": np.array(scores, dtype=np.float64),
        "p_value": np.full(count, 1e-6),
        "channel": np.full(count, Kind.LEVEL, dtype=np.int8),
        "learning": np.full(count, Learning.NORMAL, dtype=np.int8),
        "components": np.full(count, 2, dtype=np.int64),
        "edges": np.full(count, 3, dtype=np.int64),
        "evidence": shown,
        "expected": np.full(shown.shape, 5.0),
        "recalled": np.full(shown.shape, 7.0),
        "scale": np.full(shown.shape, 1.0),
    }
    return RunResult(**(fields | more))


def broken_edges(*rows: tuple[int, int, float, float]) -> np.ndarray[Any, np.dtype[np.void]]:
    """Make broken edges of (source, target, weight before, weight now), lag 2, age 9."""
    return np.array(
        [(source, target, 2, before, now, 4.5, 9) for source, target, before, now in rows],
        dtype=BROKEN_DTYPE,
    )
