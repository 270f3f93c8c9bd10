"""Options about a file, from the command line to `FileOptions`."""

from __future__ import annotations

import math

from daemon.config import Config
from daemon.errors import InputFileError
from daemon.files.options import FileOptions
from daemon.formats.timestamps import TIME_END
from daemon.records import NANOSECONDS


def file_options(
    config: Config,
    *,
    topic: str | None,
    time_column: str | None,
    seconds_per_unit: float | None,
    start: float,
    labels: list[str] | None,
    label_columns: list[str] | None,
    drop: list[str] | None,
    key: str | None,
) -> FileOptions:
    """Collect a command's options about a file.

    Raises
    ------
    InputFileError
        When a label is not `name=value`, or no time can be made of `seconds_per_unit` or `start`.
    """
    _check_clock(seconds_per_unit, start)
    pairs = {}
    for text in labels or []:
        name, equals, value = text.partition("=")
        if not equals or not name:
            msg = f"--label {text}: write name=value"
            raise InputFileError(msg)
        pairs[name] = value
    return FileOptions(
        time_column=time_column,
        seconds_per_unit=seconds_per_unit,
        start=start,
        timestamp_unit=config.input.timestamp_unit,
        labels=pairs,
        label_columns=tuple(label_columns or ()),
        drop=tuple(drop or ()),
        key=None if key is None else key.encode(),
        topic=topic or config.kafka.topics[0],
    )


def _check_clock(seconds_per_unit: float | None, start: float) -> None:
    """Refuse a clock whose steps or start are no times; a comparison with NaN is never true."""
    end = TIME_END / NANOSECONDS
    if seconds_per_unit is not None and not 1 / NANOSECONDS <= seconds_per_unit <= end:
        msg = f"--seconds-per-unit {seconds_per_unit:g}: write seconds, more than 0, for example 60"
        raise InputFileError(msg)
    if not (math.isfinite(start) and abs(start) <= end):
        msg = f"--start {start:g}: write Unix seconds, for example 1700000000"
        raise InputFileError(msg)
