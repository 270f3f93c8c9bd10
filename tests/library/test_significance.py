"""False discoveries."""

from __future__ import annotations

import numpy as np

from hebbstream.significance import discoveries


def test_the_textbook_example() -> None:
    """Benjamini and Hochberg's own fifteen p-values give four discoveries at 5 %."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
         0.5719, 0.6528, 0.7590, 1.0]  # fmt: skip
    sigmas = np.array([quantile(value) for value in p])

    found = discoveries(sigmas, tests=15, rate=0.05)

    assert found.tolist() == [True] * 4 + [False] * 11


def quantile(p: float) -> float:
    """Two-sided normal quantile, by bisection of erfc."""
    from math import erfc, sqrt

    low, high = 0.0, 10.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if erfc(middle / sqrt(2)) > p else (low, middle)
    return low


def test_the_more_tests_the_fewer_discoveries() -> None:
    """Pairs that were looked at and dropped count as tests."""
    sigmas = np.full(3, 3.5)

    assert discoveries(sigmas, tests=10, rate=0.01).all()
    assert not discoveries(sigmas, tests=10_000, rate=0.01).any()


def test_no_candidates_no_discoveries() -> None:
    """Nothing in, nothing out."""
    assert len(discoveries(np.zeros(0), tests=0, rate=0.01)) == 0
