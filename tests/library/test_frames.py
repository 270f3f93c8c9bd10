"""The gate for frames and times."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from hebbstream.errors import FrameError
from hebbstream.frames import as_frames, as_numbers, as_times


def test_numbers_are_copied_to_rows() -> None:
    """Strided, read-only and foreign types become a writable float64 copy in rows."""
    given = np.arange(12, dtype=">i2").reshape(3, 4)[:, ::2]

    copy = as_numbers(given)

    assert copy.dtype == np.float64
    assert copy.flags.c_contiguous
    assert copy.flags.writeable
    assert not np.shares_memory(copy, given)
    assert_array_equal(copy, given)


@pytest.mark.parametrize("value", ["x", 1j, [[1], [2, 3]], {"a": 1}])
def test_other_things_are_refused(value: object) -> None:
    """Text, complex numbers and ragged lists raise FrameError."""
    with pytest.raises(FrameError):
        as_frames([[value]], 1)  # type: ignore[arg-type]


def test_times_are_ticks_by_default() -> None:
    """Without times the clock runs with the ticks."""
    assert_array_equal(as_times(None, 3, 10, 60.0), [600.0, 660.0, 720.0])


def test_times_are_checked() -> None:
    """There is one finite time a frame."""
    assert_array_equal(as_times([1, 2], 2, 0, 60.0), [1.0, 2.0])
    with pytest.raises(FrameError, match="expected 2 finite times"):
        as_times([1.0], 2, 0, 60.0)
