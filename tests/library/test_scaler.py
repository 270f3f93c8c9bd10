"""State of location, scale and course."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from hebbstream.kernels import layout as at
from hebbstream.params import ClockParams
from hebbstream.scaler import Scaler, harmonics


@pytest.mark.parametrize(
    ("interval", "count"), [(60.0, 4), (7200.0, 3), (14_400.0, 1), (21_600.0, 1), (43_200.0, 0)]
)
def test_harmonics_fit_the_grid(interval: float, count: int) -> None:
    """A quarter of the day's ticks at most, four at most, none when the day is too coarse."""
    assert harmonics(ClockParams(), interval) == count


def test_clock_may_be_off() -> None:
    """Switched off there is no course, and no memory for one."""
    assert harmonics(ClockParams(enabled=False), 60.0) == 0
    assert Scaler.empty(3, 0).coefficients.shape == (0, 3)


def test_expected_is_level_plus_course_once_seen() -> None:
    """A series in use gives level plus course; an unseen one NaN."""
    scaler = Scaler.empty(2, 1)
    scaler.moments[[at.MEAN, at.COUNT], 0] = 5.0, 100.0
    scaler.coefficients[:, 0] = 9.0, 2.0, 0.0
    scaler.clock[:, 0] = 9.0, 10.0, 1.0, 100.0

    expected = scaler.expected(21_600.0, 50.0, 0.7)

    assert expected[0] == pytest.approx(5 + 2 * np.sqrt(2))
    assert np.isnan(expected[1])


def test_grow_and_drop_keep_the_others() -> None:
    """Columns of other series stay as they are."""
    scaler = Scaler.empty(3, 2)
    scaler.moments[:] = np.arange(3)

    scaler.grow(2)
    scaler.drop(1)

    assert_array_equal(scaler.moments[0], [0, 2, 0, 0])
    assert scaler.clock.shape == (at.CLOCK_ROWS, 4)
    assert scaler.coefficients.shape == (5, 4)
