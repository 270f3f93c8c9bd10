"""The demo on a terminal: incidents as they come above, how things stand below; or plain lines."""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from daemon.commands.demo_words import (
    fault_sentence,
    printable,
    relation_sentence,
    series_name,
    series_sentence,
    tally_sentence,
    verdict_sentence,
)
from daemon.commands.tables import services_lines
from daemon.demo.display import Status
from daemon.demo.service import ServiceProcess
from daemon.demo.tally import Finding, Verdict
from daemon.demo.timeline import INTERVAL_SECONDS, clock_of, tick_of
from daemon.events import Event, State
from daemon.shop import Fault

#: Without a terminal the tally is printed this often.
TALLY_EVERY_SECONDS: Final = 30.0
#: Lines of the screen that are not rows of the table of faults.
OTHER_LINES: Final = 18
ROWS_MAX: Final = 8
SERIES_SHOWN: Final = 3
RELATIONS_SHOWN: Final = 2

VERDICT_STYLES: Final = {
    Verdict.PENDING: "dim",
    Verdict.CAUGHT: "green",
    Verdict.MISSED: "red",
}


class DemoScreen:
    """Shows a run; implements `daemon.demo.display.Display`. A context manager.

    Parameters
    ----------
    console : Console
        Where to; without a terminal it gets plain lines only.
    speed : float
        Simulated seconds a second.
    """

    def __init__(self, console: Console, speed: float) -> None:
        self._console = console
        self._speed = speed
        self._stage = ""
        self._status: Status | None = None
        self._told_at = 0.0
        self._pages_told: set[str] = set()
        self._live = Live(
            console=console,
            refresh_per_second=8,
            get_renderable=self._pinned,
        )

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.stop()

    def stage(self, text: str) -> None:
        """Say what happens next."""
        self._stage = text
        self._say(Text(text, "bold"))

    def injected(self, fault: Fault) -> None:
        """Say that a fault begins."""
        line = Text.assemble(("injected  ", "yellow"), f"{clock_of(fault.start)}  ")
        self._say(line.append(fault_sentence(fault)))

    def observed(self, stream: str, event: Event, finding: Finding | None) -> None:
        """Show an incident's event."""
        if event.state is State.UPDATE:
            return
        when = clock_of(tick_of(event.ts_event)) if stream == "shop" else event.ts_event
        if event.state is State.RESOLVE:
            line = Text.assemble(("resolved  ", "cyan"), f"{when}  {event.group} ")
            self._say(line.append(f"{event.kind}, peak {event.peak_score:.2f}", "dim"))
            return
        line = Text.assemble(("INCIDENT  ", "bold red"), f"{when}  ")
        if stream == "shop":
            line.append(f"{verdict_sentence(event, finding)}, ", "green" if finding else "magenta")
        line.append(f"{event.group} {event.kind} {event.score:.2f}", "bold")
        self._say(line)
        for text in evidence_lines(event):
            self._say(Text(f"            {text}", "dim"))

    def missed(self, finding: Finding) -> None:
        """Say that nothing was seen of a fault."""
        line = Text.assemble(("missed    ", "red"), f"{clock_of(finding.fault.start)}  ")
        self._say(line.append(fault_sentence(finding.fault)))

    def refresh(self, status: Status) -> None:
        """Show how things stand."""
        self._status = status
        if self._console.is_terminal:
            return
        for service in status.services:
            if service.url and service.url not in self._pages_told:
                self._pages_told.add(service.url)
                self._say(Text(f"page      {service.stream.name}: {service.url}"))
        if status.live_seconds is None:
            return
        if status.live_seconds - self._told_at >= TALLY_EVERY_SECONDS:
            self._told_at = status.live_seconds
            self._say(Text(f"tally     {tally_sentence(status.tally)}"))

    def _say(self, line: Text) -> None:
        seconds = 0.0 if self._status is None else self._status.seconds
        stamped = Text.assemble((f"{seconds:6.1f} s  ", "dim"), line)
        stamped.plain = printable(stamped.plain)
        if self._console.is_terminal:
            stamped.truncate(self._console.width, overflow="ellipsis")
        self._console.print(stamped, soft_wrap=True)

    def _pinned(self) -> Group:
        """Draw the lower part of the screen."""
        status = self._status
        if status is None:
            return Group()
        parts: list[Table | Text] = [services_table(status)]
        if status.live_seconds is None:
            parts.append(Text(f"{self._stage}: {status.history_ratio:.0%}"))
        else:
            rows = max(1, min(ROWS_MAX, self._console.height - OTHER_LINES))
            parts += [
                fault_table(status.tally.findings[-rows:]),
                Text(tally_sentence(status.tally)),
            ]
        speed = f"shop at {self._speed:,.0f} times real time"
        title = f"hebbstream demo, {status.seconds:.0f} s, {speed}, Ctrl-C ends it"
        return Group(Panel(Group(*parts), title=title, title_align="left", border_style="blue"))


def evidence_lines(event: Event) -> list[str]:
    """Write the services, the series and the relations that an incident names, strongest first."""
    services = [printable(line) for line in services_lines(event)]
    named = [series_sentence(each) for each in event.series[:SERIES_SHOWN]]
    return services + named + [relation_sentence(each) for each in event.edges[:RELATIONS_SHOWN]]


def services_table(status: Status) -> Table:
    """Show each service: what it reads, what it holds, where its page is."""
    table = Table.grid(padding=(0, 2))
    for service in status.services:
        table.add_row(
            Text(service.stream.name, "bold"),
            _reading(service, status),
            _holding(service, status),
            Text(service.url or "starting", "blue"),
        )
    return table


def _reading(service: ServiceProcess, status: Status) -> str:
    if service.stream.name == "shop":
        return clock_of(status.tick)
    frames = status.metrics.get(service.stream.name, {}).get("hebbstream_frames_total", 0.0)
    return f"{frames:,.0f} s watched"


def _holding(service: ServiceProcess, status: Status) -> str:
    metrics = status.metrics.get(service.stream.name, {})
    series = metrics.get("hebbstream_series_active", 0.0)
    relations = metrics.get("hebbstream_edges", 0.0)
    return f"{series:.0f} series, {relations:.0f} relations" if metrics else ""


def fault_table(findings: list[Finding]) -> Table:
    """Show faults beside what was said of them, the newest last."""
    table = Table(expand=True, box=None, pad_edge=False)
    table.add_column("when", no_wrap=True, min_width=12)
    table.add_column("injected", no_wrap=True, ratio=2)
    table.add_column("found", no_wrap=True, min_width=12)
    table.add_column("named first", no_wrap=True, ratio=1)
    for finding in findings:
        style = VERDICT_STYLES[finding.verdict]
        event = finding.incident
        delay = finding.delay_ticks
        found = str(finding.verdict) if delay is None else f"after {_minutes(delay)}"
        first = event.series[0] if event is not None and event.series else None
        named = "" if first is None else series_name(first)
        table.add_row(
            clock_of(finding.fault.start),
            fault_sentence(finding.fault),
            Text(found, style),
            Text(named, "" if finding.is_blamed_rightly else "yellow"),
        )
    return table


def _minutes(ticks: float) -> str:
    return f"{ticks * INTERVAL_SECONDS / 60:.0f} min"
