"""Compiling ahead."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hebbstream import warmup

SCORES = """
import hashlib, numpy as np
from hebbstream import Detector
rng = np.random.default_rng(0)
frames = rng.normal(size=(3000, 38)).cumsum(axis=0) / 10 + rng.normal(size=(3000, 1))
result = Detector([f"s{i}" for i in range(38)]).run(frames)
print(hashlib.sha256(result.score.tobytes() + result.statistic.tobytes()).hexdigest())
"""
FILL = "from hebbstream.warmup import main; main()"


def test_warmup_runs_twice() -> None:
    """Warming up again is harmless."""
    warmup()
    warmup()


@pytest.mark.slow
def test_every_process_after_the_filling_gives_the_same_bits(tmp_path: Path) -> None:
    """Once the cache was filled by a process of its own, all processes agree to the last bit."""
    anew = {"NUMBA_CACHE_DIR": str(tmp_path)}

    def run(program: str, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    run("from hebbstream.warmup import cache_wanted; assert cache_wanted()", **anew)
    run(FILL)  # into the cache that all tests use; `make test` has done so before
    run("from hebbstream.warmup import cache_wanted; assert not cache_wanted()")

    assert run(SCORES) == run(SCORES)
