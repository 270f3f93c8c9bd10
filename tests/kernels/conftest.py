"""A generator per seed, with the seed in the test's id."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(params=range(8), ids=lambda seed: f"seed{seed}")
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Give one generator per seed."""
    return np.random.default_rng(int(request.param))
