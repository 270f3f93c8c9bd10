"""The gate for frames and times."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from hebbstream.errors import FrameError
from hebbstream.frames import as_blocks, as_frame, as_frames, as_numbers, as_times


def test_numbers_are_copied_to_rows() -> None:
    """Strided, read-only and foreign types become a writable float64 copy in rows."""
    given = np.arange(12, dtype=">i2").reshape(3, 4)[:, ::2]

    copy = as_numbers(given)

    assert copy.dtype == np.float64
    assert copy.flags.c_contiguous
    assert copy.flags.writeable
    assert not np.shares_memory(copy, given)
    assert_array_equal(copy, given)


def test_what_a_mask_hides_is_missing() -> None:
    """A masked value is NaN, in one block and in several, whatever stands behind the mask."""
    given = np.ma.masked_equal(np.array([[1.0, -999.0], [3.0, 4.0]]), -999.0)
    seen = [[1.0, np.nan], [3.0, 4.0]]

    assert_array_equal(as_frames(given, "ab"), seen)
    assert_array_equal(as_blocks([given], 2, [2]), np.ravel(seen))


def test_a_table_in_another_order_is_refused() -> None:
    """Columns that bear the series' names stand in their order; other labels say nothing."""
    table = pd.DataFrame([[1.0, 2.0]], columns=["b", "a"])

    with pytest.raises(FrameError, match="the columns are b, a; put them in order: a, b"):
        as_frames(table, "ab")
    with pytest.raises(FrameError, match="put them in order: a, b"):
        as_frame(table.iloc[0], "ab")

    assert_array_equal(as_frames(table[["a", "b"]], "ab"), [[2.0, 1.0]])
    assert_array_equal(as_frames(table, "ac"), [[1.0, 2.0]])
    assert_array_equal(as_frame(table.iloc[0], "ba"), [[1.0, 2.0]])
    assert_array_equal(as_frames(pd.DataFrame([[1.0, 2.0]]), "01"), [[1.0, 2.0]])
    assert_array_equal(as_frame([1.0, 2.0], "ab"), [[1.0, 2.0]])


@pytest.mark.parametrize("value", ["x", 1j, [[1], [2, 3]], {"a": 1}, 10**400])
def test_other_things_are_refused(value: object) -> None:
    """Text, complex numbers, ragged lists and what no float holds raise FrameError."""
    with pytest.raises(FrameError):
        as_frames([[value]], "a")  # type: ignore[arg-type]


def test_a_refusal_says_once_what_is_wrong() -> None:
    """The message names the type that is no number, once."""
    with pytest.raises(
        FrameError, match=r"^frames and times .* real numbers, not datetime64\[s\]$"
    ):
        as_times(np.array(["2026-01-01"], "datetime64[s]"), 1, 0, 60.0)


def test_times_are_ticks_by_default() -> None:
    """Without times the clock runs with the ticks."""
    assert_array_equal(as_times(None, 3, 10, 60.0), [600.0, 660.0, 720.0])


def test_times_are_checked() -> None:
    """There is one finite time a frame."""
    assert_array_equal(as_times([1, 2], 2, 0, 60.0), [1.0, 2.0])
    with pytest.raises(FrameError, match="expected 2 finite times"):
        as_times([1.0], 2, 0, 60.0)
    with pytest.raises(FrameError, match="that of row 1 is nan"):
        as_times([1.0, float("nan")], 2, 0, 60.0)
