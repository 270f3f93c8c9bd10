"""How a file's rows become records."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config import TimestampUnit
from daemon.files.options import TIME_COLUMNS, FileOptions
from daemon.files.tables import plan


@pytest.mark.parametrize("first", range(len(TIME_COLUMNS)))
def test_time_columns_are_looked_for_in_order(first: int) -> None:
    """Of several columns that could be the time, the one named first is; the rest are series."""
    header = [*reversed(TIME_COLUMNS[first:]), "a"]

    columns = plan(Path("a.csv"), header, FileOptions())

    assert columns.time == TIME_COLUMNS[first]
    assert columns.values == tuple(name for name in header if name != TIME_COLUMNS[first])


def test_a_column_named_by_the_options_wins() -> None:
    """A time column that is asked for is taken, and then `t` is a series."""
    columns = plan(Path("a.csv"), ["t", "when", "a"], FileOptions(time_column="when"))

    assert (columns.time, columns.values) == ("when", ("t", "a"))


def test_options_are_about_files_of_unix_times_unless_told() -> None:
    """Without options numbers are Unix times and the codec tells units apart."""
    options = FileOptions()

    assert (options.seconds_per_unit, options.start) == (None, 0.0)
    assert options.timestamp_unit is TimestampUnit.AUTO
