"""Arguments and options that several commands share."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from daemon.config import Config
from daemon.errors import InputFileError
from daemon.files.options import FileOptions
from daemon.formats.timestamps import TIME_END
from daemon.records import NANOSECONDS

ConfigPath = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="HEBBSTREAM_CONFIG",
        help="YAML file; without it defaults and HEBBSTREAM__* variables only.",
        show_default=False,
    ),
]
InputFile = Annotated[
    Path, typer.Argument(help="CSV, Parquet or NDJSON (also gzipped CSV and NDJSON).")
]
TimeColumn = Annotated[
    str | None,
    typer.Option(help="Column of times; else t, time, timestamp or ts; else the row number."),
]
SecondsPerUnit = Annotated[
    float | None,
    typer.Option(help="Seconds that 1 of a numeric time (or a row) stands for, if not Unix time."),
]
Start = Annotated[float, typer.Option(help="Unix seconds added to numeric times and row numbers.")]
Labels = Annotated[
    list[str] | None,
    typer.Option("--label", help="name=value, given to every record; repeatable."),
]
LabelColumns = Annotated[
    list[str] | None,
    typer.Option("--label-column", help="Column whose text becomes a label; repeatable."),
]
Drop = Annotated[
    list[str] | None, typer.Option("--drop", help="Column that is left out; repeatable.")
]
Key = Annotated[str | None, typer.Option(help="Key of every record; each one's group if absent.")]


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
