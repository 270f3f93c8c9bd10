"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
