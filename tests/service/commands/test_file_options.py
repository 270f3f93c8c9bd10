"""Options about a file, from the command line to `FileOptions`."""

from __future__ import annotations

import pytest

from daemon.commands.file_options import file_options
from daemon.config import Config
from daemon.errors import InputFileError
from daemon.files.options import FileOptions


def test_options_become_file_options() -> None:
    """Every option arrives; the topic falls back to the first one configured."""
    config = Config.model_validate({"kafka": {"topics": ["mine", "other"]}})

    options = file_options(
        config,
        topic=None,
        time_column="when",
        seconds_per_unit=60.0,
        start=5.0,
        labels=["service=cart", "env=a=b"],
        label_columns=["host"],
        drop=["label"],
        key="cart",
    )

    assert options == FileOptions(
        time_column="when",
        seconds_per_unit=60.0,
        start=5.0,
        labels={"service": "cart", "env": "a=b"},
        label_columns=("host",),
        drop=("label",),
        key=b"cart",
        topic="mine",
    )


def clock(seconds_per_unit: float | None = None, start: float = 0.0) -> FileOptions:
    """Make options of a clock alone."""
    return file_options(
        Config(),
        topic=None,
        time_column=None,
        seconds_per_unit=seconds_per_unit,
        start=start,
        labels=None,
        label_columns=None,
        drop=None,
        key=None,
    )


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "0", "-5", "1e-10", "1e300"])
def test_a_step_that_is_no_time_is_refused(text: str) -> None:
    """Rows that do not go forward in time are named with what to write instead."""
    with pytest.raises(
        InputFileError, match=r"^--seconds-per-unit \S+: write seconds, more than 0"
    ):
        clock(seconds_per_unit=float(text))


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e300"])
def test_a_start_that_is_no_time_is_refused(text: str) -> None:
    """A start must be Unix seconds."""
    with pytest.raises(InputFileError, match=r"^--start \S+: write Unix seconds"):
        clock(start=float(text))


def test_a_clock_may_be_shifted_back_and_go_in_small_steps() -> None:
    """A negative start moves numeric times back; a step may be a nanosecond."""
    options = clock(seconds_per_unit=1e-9, start=-3600.0)

    assert (options.seconds_per_unit, options.start) == (1e-9, -3600.0)
