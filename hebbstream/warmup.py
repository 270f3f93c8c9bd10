"""Compiles every kernel once, so that the first real frame is not late."""

from __future__ import annotations

import numpy as np

from hebbstream.detector import Detector


def warmup() -> None:
    """Run a small detector through every stage; with a warm cache that is quick."""
    ticks = np.arange(400.0)
    frames = np.column_stack([np.sin(ticks), np.sin(ticks) + 0.1 * np.cos(7 * ticks), ticks % 7])
    frames[::50, 2] = np.nan
    detector = Detector(("a", "b", "c"))
    detector.run(frames)
    detector.add_series("d")
    detector.adopt()
    detector.expected()
    detector.remove_series("a")
    detector.step([0.0, 0.0, 0.0])
