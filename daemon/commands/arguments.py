"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from daemon.config import Config
from daemon.errors import InputFileError
from daemon.files.options import FileOptions

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
Key = Annotated[str | None, typer.Option(help="Key of every record.")]


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
        When a label is not `name=value`.
    """
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
