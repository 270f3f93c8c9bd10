"""`replay`, `produce` and `inspect`: a file through the engine, onto a topic, or into a model."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from daemon import app, log, settings
from daemon.clock import SystemClock
from daemon.commands import arguments as given
from daemon.commands import tables
from daemon.commands.file_options import file_options
from daemon.commands.live import show_live
from daemon.config import InputFormat, InputSection, LoggingSection
from daemon.errors import InputFileError
from daemon.files.options import TIME_COLUMNS, FileOptions
from daemon.files.rows import NDJSON_SUFFIXES
from daemon.files.source import FileSource
from daemon.records import DropReason
from daemon.warmup import cache_wanted

#: What commands for people log: only what they must know, as text.
QUIET = LoggingSection(level="warning", format="console")


def progress_bar(console: Console) -> Progress:
    """Make a bar for long work; it draws nothing where the output is not a terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("records"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def tell_of_compiling() -> None:
    """Say on standard error that kernels are compiled first, where they are: it takes a while."""
    if cache_wanted():
        typer.echo("hebbstream: compiling kernels, once; this takes a minute or two", err=True)


def warn(text: str) -> None:
    """Say on standard error what is no fault, and seldom meant."""
    typer.echo(f"hebbstream: warning: {text}", err=True)


def look_at(file: Path, options: FileOptions, reads: InputSection) -> int | None:
    """Return the rows of a file where it says how many, and warn of rows that count as seconds.

    Raises
    ------
    InputFileError
        When it cannot be read, or only as another format than is configured.
    """
    source = FileSource(file, options)
    if reads.format is not InputFormat.JSON and not file.name.endswith(NDJSON_SUFFIXES):
        more = " HEBBSTREAM__INPUT__COLUMNS=" if reads.columns else ""
        msg = (
            f"{file}: rows of a table become JSON, which input.format {reads.format} does not "
            f"read; for this file set HEBBSTREAM__INPUT__FORMAT=json{more}"
        )
        raise InputFileError(msg)
    if source.counts_rows:
        warn(
            f"{file} has no column {', '.join(TIME_COLUMNS)}, so its rows are taken for a second "
            "apart: name its times (--time-column), or say how far apart (--seconds-per-unit)"
        )
    return source.rows_total


def warn_of_losses(file: Path, summary: app.ReplaySummary, lateness_seconds: float) -> None:
    """Warn where nothing was learnt from a file, or a hundredth of its samples came late."""
    if summary.framed == 0:
        what = "no sample that could be used" if summary.records else "no rows"
        warn(f"{file} holds {what}, so nothing was learnt")
    late = summary.dropped[DropReason.LATE]
    if late > summary.samples / 100:
        warn(
            f"{late:,} of {summary.samples:,} samples came late: if rows of {file} are not in "
            f"order of time, sort it, or raise framing.lateness ({lateness_seconds:g} s)"
        )


def replay(
    file: given.InputFile,
    config: given.ConfigPath = None,
    *,
    out: Annotated[Path, typer.Option(help="Folder for events, edges, scores.")] = Path("out"),
    time_column: given.TimeColumn = None,
    seconds_per_unit: given.SecondsPerUnit = None,
    start: given.Start = 0.0,
    label: given.Labels = None,
    label_column: given.LabelColumns = None,
    drop: given.Drop = None,
    topic: Annotated[
        str | None, typer.Option(help="Topic named in events; kafka.topics[0] if absent.")
    ] = None,
    limit: Annotated[int, typer.Option(help="Incidents shown.", min=0)] = 20,
    state: Annotated[
        Path | None,
        typer.Option(
            help="Folder: begin with what was learnt there, leave what is learnt; the service "
            "begins with it when it is its state.folder."
        ),
    ] = None,
    partitions: Annotated[
        int, typer.Option(help="Partitions of the topic the state is for.", min=1)
    ] = 1,
) -> None:
    """Run a file through the same engine as the service, without a broker."""
    loaded = settings.load(config, os.environ)
    log.configure(QUIET)
    topic = topic or loaded.kafka.read_by_service(loaded.application_id).topics[0]
    options = file_options(
        loaded, topic=topic, time_column=time_column, seconds_per_unit=seconds_per_unit,
        start=start, labels=label, label_columns=label_column, drop=drop, key=None,
    )  # fmt: skip
    console = Console()
    rows = look_at(file, options, loaded.input)
    tell_of_compiling()
    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task("replay", total=rows)
        summary = app.replay(
            loaded, file, options, SystemClock(), out,
            lambda output: bar.advance(task, output.records), state, partitions,
        )  # fmt: skip
    warn_of_losses(file, summary, loaded.framing.lateness)
    console.print(tables.incident_table(summary.events, limit))
    console.print(tables.summary_table(summary))
    typer.echo(f"written to {out}")
    if state is not None:
        typer.echo(f"state left in {state}, for {partitions} partitions")


def produce(
    file: given.InputFile,
    config: given.ConfigPath = None,
    *,
    topic: Annotated[str | None, typer.Option(help="kafka.topics[0] if absent.")] = None,
    rate: Annotated[
        float | None, typer.Option(help="Records a second; as fast as possible if absent.", min=0.1)
    ] = None,
    time_column: given.TimeColumn = None,
    seconds_per_unit: given.SecondsPerUnit = None,
    start: given.Start = 0.0,
    label: given.Labels = None,
    label_column: given.LabelColumns = None,
    drop: given.Drop = None,
    key: given.Key = None,
) -> None:
    """Put a file's rows onto a topic as records."""
    loaded = settings.load(config, os.environ)
    log.configure(QUIET)
    options = file_options(
        loaded, topic=topic, time_column=time_column, seconds_per_unit=seconds_per_unit,
        start=start, labels=label, label_columns=label_column, drop=drop, key=key,
    )  # fmt: skip
    rows = look_at(file, options, loaded.input)
    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task("produce", total=rows)
        written = app.produce(
            loaded, file, options, SystemClock(), rate,
            lambda count: bar.update(task, completed=count),
        )  # fmt: skip
    typer.echo(f"{written} records written to {options.topic}")


def inspect(
    file: Annotated[
        Path | None, typer.Argument(help="CSV, Parquet or NDJSON; or none, with --url.")
    ] = None,
    config: given.ConfigPath = None,
    *,
    url: Annotated[
        str | None, typer.Option(help="Of a running service, for example http://host:9464.")
    ] = None,
    group: Annotated[str | None, typer.Option(help="Only this group.")] = None,
    top: Annotated[int, typer.Option(help="Associations and weights shown.", min=1)] = 15,
    time_column: given.TimeColumn = None,
    seconds_per_unit: given.SecondsPerUnit = None,
    start: given.Start = 0.0,
    label: given.Labels = None,
    label_column: given.LabelColumns = None,
    drop: given.Drop = None,
) -> None:
    """Show what a running service has learnt, or what is learnt from a file."""
    console = Console()
    if url is not None and file is None:
        show_live(url, group, top, console)
        return
    if file is None or url is not None:
        msg = "give either a file or --url"
        raise typer.BadParameter(msg)
    loaded = settings.load(config, os.environ)
    log.configure(QUIET)
    options = file_options(
        loaded, topic=None, time_column=time_column, seconds_per_unit=seconds_per_unit,
        start=start, labels=label, label_columns=label_column, drop=drop, key=None,
    )  # fmt: skip
    look_at(file, options, loaded.input)
    tell_of_compiling()
    summary = app.ReplaySummary()
    pipeline = app.learn(loaded, file, options, summary.add)
    warn_of_losses(file, summary, loaded.framing.lateness)
    found = [(name, state) for name, state in pipeline.groups.items() if group in (None, name)]
    if group is not None and not found:
        msg = f"{file} makes no group {group!r}{_others(pipeline.groups)}"
        raise InputFileError(msg)
    for name, state in sorted(found):
        console.print(tables.component_table(name, state, min(top, 5)))
        console.print(tables.association_table(name, state, top))
    console.print(tables.summary_table(summary, str(file)))


def _others(names: Collection[str], shown: int = 10) -> str:
    """Write which groups there are instead, for a message."""
    listed = ", ".join(repr(name) for name in sorted(names)[:shown])
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return f"; there are {listed}{more}" if names else ""
