"""`demo`: two days of a simulated shop through the engine, incidents beside the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from daemon import app, demo, log
from daemon.clock import SystemClock
from daemon.commands.files import QUIET, progress_bar
from daemon.commands.tables import relation_line, series_line, summary_table
from daemon.config import Config
from daemon.events import Event
from daemon.files.options import FileOptions
from daemon.shop import SERVICES


def run_demo(
    out: Annotated[Path, typer.Option(help="Folder for the stream and what comes of it.")] = Path(
        "out/demo"
    ),
    seed: Annotated[int, typer.Option(help="Of the shop and its faults.")] = 1,
) -> None:
    """Replay a simulated shop with known faults and show what is caught."""
    log.configure(QUIET)
    console = Console()
    out.mkdir(parents=True, exist_ok=True)
    planned = demo.faults(seed)
    stream = out / "shop.ndjson"
    console.print(f"simulating {demo.TICKS:,} minutes of a shop of {len(SERVICES)} services")
    demo.write_stream(stream, planned, seed)
    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task("replay", total=demo.TICKS * len(SERVICES))
        summary = app.replay(
            Config.model_validate(demo.CONFIG), stream, FileOptions(), SystemClock(), out,
            lambda output: bar.advance(task, output.records),
        )  # fmt: skip
    events = {event.event_id: event for event in summary.events}
    plain = [msgspec.to_builtins(event) for event in summary.events]
    findings, false = demo.judge(planned, plain)
    console.print(finding_table(findings, events))
    caught = [finding for finding in findings if finding.incident is not None]
    named = sum(finding.named for finding in caught)
    console.print(
        f"injected {len(findings)}, caught {len(caught)}, missed {len(findings) - len(caught)}, "
        f"false {len(false)}, first series of the faulty service {named} of {len(caught)}"
    )
    console.print(summary_table(summary))
    console.print(f"stream and events are in {out}", highlight=False)


def finding_table(findings: list[demo.Finding], events: dict[str, Event]) -> Table:
    """Show each injected fault beside the incident that caught it."""
    table = Table("injected", "delay", "incident", "series", "relation", show_lines=True)
    for finding in findings:
        fault, event = finding.fault, None
        if finding.incident is not None:
            event = events[finding.incident["event_id"]]
        table.add_row(
            f"{fault.kind} {fault.service} {fault.metric}",
            "" if event is None else f"{finding.delay_ticks} min",
            Text("missed", "red") if event is None else f"{event.kind} {event.score:.2f}",
            "" if event is None else Text("\n".join(map(series_line, event.series[:3]))),
            "" if event is None else Text("\n".join(map(relation_line, event.edges[:2]))),
        )
    return table
