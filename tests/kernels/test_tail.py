"""Tail models."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

import naive
from hebbstream.arrays import F32, F64
from hebbstream.kernels import layout as at
from hebbstream.kernels.tail import (
    count_hot,
    learn_tail,
    log_statistic,
    share_above,
    tail_exponent,
    upper_quantile,
)


def model(prior: float = 200.0) -> tuple[F32, F64]:
    """Make an empty tail model."""
    tail = np.zeros(at.TAIL_ROWS)
    tail[at.INCREMENT], tail[at.PRIOR] = 1.0, prior
    return np.zeros(at.BINS, np.float32), tail


def filled(rng: np.random.Generator, count: int = 5000) -> tuple[F32, F64, F64]:
    """Make a model that has seen exponential tails."""
    histogram, tail = model()
    levels = rng.exponential(0.4, count) + 1.0
    for level in levels:
        learn_tail(histogram, tail, level, 1.0, 1e-4)
    return histogram, tail, levels


def test_log_statistic_equals_naive_twin() -> None:
    """The logarithm is defined at 0 and agrees with the formula."""
    assert log_statistic(0.0) == pytest.approx(naive.log_statistic(0.0))
    assert log_statistic(40.0) == pytest.approx(naive.log_statistic(40.0))


def test_learn_tail_equals_naive_twin(rng: np.random.Generator) -> None:
    """Relative weights agree with decayed counts."""
    levels, weights = rng.normal(2, 3, 400), rng.choice([1.0, 0.01], 400)
    histogram, tail = model()

    for level, weight in zip(levels, weights, strict=True):
        learn_tail(histogram, tail, level, weight, 0.01)

    assert_allclose(
        histogram / tail[at.INCREMENT], naive.learn_tail(levels, weights, 0.01), rtol=1e-6
    )
    assert histogram.sum() == pytest.approx(tail[at.TOTAL])


def test_rescaling_changes_no_share(rng: np.random.Generator) -> None:
    """When the increments are brought back to 1 the distribution stays."""
    histogram, tail = model()
    largest = 0.0

    for level in rng.normal(2, 1, 5000):
        learn_tail(histogram, tail, level, 1.0, 0.01)
        largest = max(largest, tail[at.INCREMENT])

    assert 1e11 < largest < 1e13
    assert tail[at.INCREMENT] < 1e12
    assert share_above(histogram, tail, 2.0) == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize("quantile", [0.5, 0.9, 0.99, 0.999])
def test_upper_quantile_equals_naive_twin(rng: np.random.Generator, quantile: float) -> None:
    """Quantiles agree with the distribution function."""
    histogram, tail, _ = filled(rng)

    actual = upper_quantile(histogram, tail, quantile)

    assert actual == pytest.approx(
        naive.upper_quantile(histogram.astype(float), quantile), abs=1e-6
    )


def test_share_above_equals_naive_twin(rng: np.random.Generator) -> None:
    """Shares agree with the distribution function."""
    histogram, tail, levels = filled(rng)

    for level in (0.5, *levels[:20], 9.0, 50.0):
        expected = naive.share_above(histogram.astype(float), level)
        assert share_above(histogram, tail, level) == pytest.approx(expected, rel=1e-6)


def test_tail_exponent_equals_naive_twin(rng: np.random.Generator) -> None:
    """Exponents agree with the formula, below and beyond the quantile."""
    histogram, tail, _ = filled(rng)

    for level in np.linspace(0.8, 8, 40):
        expected = naive.tail_exponent(
            histogram.astype(float), tail[at.PRIOR], level, 0.99, 0.999, 0.03
        )
        actual = tail_exponent(histogram, tail, level, 0.99, 0.999, 0.03)
        assert actual == pytest.approx(expected, abs=1e-5)


def test_an_empty_model_says_nothing() -> None:
    """Before its first sample the exponent is 0."""
    histogram, tail = model()

    assert tail_exponent(histogram, tail, 5.0, 0.99, 0.999, 0.03) == 0.0


def test_exponents_are_calibrated_on_an_exponential_tail(rng: np.random.Generator) -> None:
    """The share of new samples beyond exponent P is near 10^-P."""
    histogram, tail, _ = filled(rng, 20_000)
    fresh = np.random.default_rng(99).exponential(0.4, 20_000) + 1.0

    exponents = np.array([tail_exponent(histogram, tail, x, 0.99, 0.999, 0.03) for x in fresh])

    assert (exponents > 1).mean() == pytest.approx(0.1, rel=0.15)
    assert (exponents > 2).mean() == pytest.approx(0.01, rel=0.5)


def test_exponent_grows_with_the_level(rng: np.random.Generator) -> None:
    """A larger statistic never looks more likely, nor beyond all bounds."""
    histogram, tail, _ = filled(rng)

    levels = np.linspace(math.log(1e-3), 12, 300)
    exponents = [tail_exponent(histogram, tail, level, 0.99, 0.999, 0.03) for level in levels]

    assert (np.diff(exponents) >= -1e-9).all()
    assert max(exponents) < 100


def test_count_hot_equals_naive_twin() -> None:
    """Hot ticks and weights agree with the formula through heat, release and cooling."""
    _, tail = model()
    hot = 0.0

    for exponent in [5.0] * 8 + [1.0, 4.0, 1.0, 1.0, 1.0]:
        hot, expected = naive.count_hot(hot, exponent, 6.0)
        assert count_hot(tail, exponent, 6.0) == expected
        assert tail[at.HOT] == hot
