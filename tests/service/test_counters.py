"""Rates, logarithms and differences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config import MetricKind, MetricRule, Transform
from daemon.counters import ValueHistory
from daemon.records import F64

SECOND = 10**9
GAUGE, COUNTER, LOG, DIFF, BOTH = range(5)
RULES = [
    MetricRule(match="*"),
    MetricRule(match="*", kind=MetricKind.COUNTER),
    MetricRule(match="*", transform=Transform.LOG1P),
    MetricRule(match="*", transform=Transform.DIFF),
    MetricRule(match="*", kind=MetricKind.COUNTER, transform=Transform.DIFF),
]


def history(count: int = 1) -> ValueHistory:
    """Make a history of some series."""
    made = ValueHistory(RULES)
    made.resize(count)
    return made


def one_series(
    made: ValueHistory,
    rule: int,
    seconds: Sequence[float],
    values: Sequence[float],
    joined: list[int],
) -> F64:
    """Show a history samples of series 0."""
    count = len(values)
    return made.frame_values(
        np.zeros(count, dtype=np.int32),
        np.full(count, rule, dtype=np.int32),
        np.array([round(s * SECOND) for s in seconds], dtype=np.int64),
        np.array(values, dtype=np.float64),
        np.array(joined, dtype=np.int64),
    )


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (-1, [4.0, 10.0, 3.0, -3.0]),
        (GAUGE, [4.0, 10.0, 3.0, -3.0]),
        (COUNTER, [np.nan, 3.0, 0.75, -3.0]),
        (LOG, [np.log(5.0), np.log(11.0), np.log(4.0), -np.log(4.0)]),
        (DIFF, [np.nan, 6.0, -7.0, -6.0]),
        (BOTH, [np.nan, np.nan, -2.25, -3.75]),
    ],
)
def test_each_rule(rule: int, expected: list[float]) -> None:
    """What each kind and transform makes of the samples 4, 10, 3, -3 at seconds 0, 2, 6, 7."""
    values = one_series(history(), rule, [0, 2, 6, 7], [4, 10, 3, -3], [0])

    np.testing.assert_allclose(values, expected, rtol=1e-12)


def test_a_series_that_joins_again_starts_anew() -> None:
    """What was before a series left is not subtracted from."""
    values = one_series(history(), COUNTER, [0, 1, 90, 91], [1, 2, 9, 10], [0, 2])

    np.testing.assert_array_equal(values, [np.nan, 1.0, np.nan, 1.0])


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.data())
def test_any_split_gives_the_same_values(samples: list[int], data: st.DataObject) -> None:
    """History carries over from call to call, bit for bit."""
    rule, cut = data.draw(st.integers(0, 4)), data.draw(st.integers(0, len(samples)))
    seconds, values = list(range(len(samples))), [float(sample) for sample in samples]
    parts = history()

    expected = one_series(history(), rule, seconds, values, [0])
    first = one_series(parts, rule, seconds[:cut], values[:cut], [0] if cut else [])
    second = one_series(parts, rule, seconds[cut:], values[cut:], [] if cut else [0])

    assert np.concatenate((first, second)).tobytes() == expected.tobytes()


def test_series_do_not_mix_and_survive_renumbering() -> None:
    """Interleaved series keep their own history, also after others were forgotten."""
    made = history(3)
    rules, joined = np.full(3, COUNTER, dtype=np.int32), np.arange(3)
    made.frame_values(
        np.array([2, 0, 1], dtype=np.int32),
        rules,
        np.zeros(3, dtype=np.int64),
        np.array([20.0, 0.0, 10.0]),
        joined,
    )

    made.retain(np.array([2, 1], dtype=np.int32))
    values = made.frame_values(
        np.array([1, 0], dtype=np.int32),
        rules[:2],
        np.full(2, SECOND, dtype=np.int64),
        np.array([11.0, 25.0]),
        joined[:0],
    )

    assert values.tolist() == [1.0, 5.0]
