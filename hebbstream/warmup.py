"""Compiles every kernel once, so that the first real frame is not late.

The process that compiles a kernel may get other last digits from it than the processes that load it
from the cache (the compiler sees more when it has the callees' sources at hand). Where equal bits
matter, call `main` in a process of its own first: it fills the cache and ends.
"""

from __future__ import annotations

import numpy as np

from hebbstream._jit import cache_wanted, compile_target, mark_cache_complete
from hebbstream.detector import Detector
from hebbstream.params import DetectorParams

__all__ = ["cache_wanted", "compile_target", "main", "warmup"]


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
    # Edges of a large group grow from slots.
    large = DetectorParams.model_validate({"associations": {"exhaustive_max": 0}})
    Detector(("a", "b", "c"), large).run(frames)


def main() -> None:
    """Fill the cache of kernels and say so in it."""
    warmup()
    mark_cache_complete()
