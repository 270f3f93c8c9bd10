"""How often values have come again, however frames are split."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.kernels.course import RUN, find_present
from daemon.repeats import count_repeats

COLUMNS = np.arange(4)


@pytest.mark.parametrize("split", [0, 1, 5, 19, 20])
def test_it_is_what_the_kernel_counts(split: int) -> None:
    """Repeats in these frames and before them, with samples missing between; others are at 0."""
    frames = np.random.default_rng(3).normal(50.0, 2.0, (21, 4))
    frames[4:, 1] = frames[18:, 2] = 44.0
    frames[[7, 12], 1] = frames[-1, 3] = np.nan
    before, present = np.zeros((5, 4)), np.empty((21, 4), dtype=np.bool_)
    find_present(frames[:split], before, present[:split], 1.0)
    after = before.copy()
    find_present(frames[split:], after, present[split:], 1.0)

    counts = count_repeats(frames[split:], COLUMNS, before)

    assert counts.tolist() == after[RUN].tolist() == [0, 14, 2, 0]


def test_nobody_has_none() -> None:
    """Without columns there is nothing to count."""
    assert count_repeats(np.ones((3, 2)), COLUMNS[:0], np.zeros((5, 2))).tolist() == []
