"""The demo in words: what was injected, what was found, and the account of both."""

from __future__ import annotations

import re
from typing import Final

from rich.table import Table

from daemon.commands.tables import ends
from daemon.demo.tally import Finding, Score, Tally
from daemon.events import Event, EventEdge, EventSeries
from daemon.shop import Fault, FaultKind

SENTENCES: Final = {
    FaultKind.LEVEL: "{what} jumps to six times its value",
    FaultKind.TREND: "{what} leaks, minute by minute",
    FaultKind.RELATION: "{what} goes its own way, every value in range",
    FaultKind.CASCADE: "{what} gets slow, and whoever calls it waits",
    FaultKind.SILENCE: "{what} falls silent",
    FaultKind.STUCK: "{what} is stuck at its last value",
    FaultKind.DEPLOY: "{what} per request changes for good: a deploy",
}


#: Labels that every series of a stream has alike.
SHARED_LABELS: Final = ("shop", "host")

_KEY = re.compile(r"([^{]*)\{(.*)\}", re.DOTALL)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def fault_sentence(fault: Fault) -> str:
    """Say what goes wrong.

    Examples
    --------
    >>> fault_sentence(Fault(FaultKind.CASCADE, "db", "*", 10, 20))
    'cascade: db gets slow, and whoever calls it waits'
    """
    what = fault.service if fault.metric == "*" else f"{fault.service} {fault.metric}"
    return f"{fault.kind}: {SENTENCES[fault.kind].format(what=what)}"


def printable(text: str) -> str:
    """Take out what would steer a terminal: names come from outside, one character for another."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def series_name(series: EventSeries) -> str:
    """Write a series in short: what it belongs to, and its metric."""
    return _short(series.name, series.labels)


def series_sentence(series: EventSeries) -> str:
    """Say how much a series contributes, what it is and what was expected.

    Examples
    --------
    >>> series_sentence(
    ...     EventSeries(
    ...         "cpu_ratio", {"service": "db"}, 0.5, 0.3, 0.2, 0.4, 0.25, None, "above", None
    ...     )
    ... )
    '25% db cpu_ratio: 0.5, expected 0.3'
    """
    actual = "missing" if series.actual is None else f"{series.actual:.4g}"
    expected = "" if series.expected is None else f", expected {series.expected:.4g}"
    return f"{series.contribution:.0%} {series_name(series)}: {actual}{expected}"


def relation_sentence(edge: EventEdge) -> str:
    """Say which relation broke: its ends, how far off it is, its weight before and now.

    Examples
    --------
    >>> relation_sentence(EventEdge('a{service="db"}', 'b{service="db"}', 0.0, 0.9, 0.1, 3.0, 60.0))
    'db a ~ db b: 3.0 sigma off, 0.90 → 0.10'
    """
    named = ends(_short_key(edge.source), _short_key(edge.target), edge.lag_s)
    weights = f"{edge.weight_before:.2f} → {edge.weight_now:.2f}"
    return f"{named}: {edge.residual_sigma:.1f} sigma off, {weights}"


def _short_key(key: str) -> str:
    found = _KEY.fullmatch(key)
    return key if found is None else _short(found[1], dict(_LABEL.findall(found[2])))


def _short(name: str, labels: dict[str, str]) -> str:
    own = [value for label, value in sorted(labels.items()) if label not in SHARED_LABELS]
    return printable(" ".join([*own, name]))


def verdict_sentence(event: Event, finding: Finding | None) -> str:
    """Say what an incident that opens is put down to."""
    if finding is None:
        return "false alarm: nothing was injected"
    if finding.incident is not event:
        return f"again in the time of {finding.fault.kind}"
    blamed = "right" if finding.is_blamed_rightly else "another"
    return f"caught {finding.fault.kind} after {finding.delay_ticks} min, {blamed} series first"


def tally_sentence(tally: Tally) -> str:
    """Write the running tally in one line."""
    score = tally.score()
    delay = "" if score.delay_ticks is None else f", median delay {score.delay_ticks:g} min"
    return (
        f"injected {score.injected}, caught {score.caught}, missed {score.missed}, "
        f"false {len(tally.false)}, right series first {score.blamed_rightly} of {score.caught}"
        f"{delay}"
    )


def tally_table(tally: Tally) -> Table:
    """Show the account by kind of fault and in all."""
    headings = ("fault", "injected", "caught", "missed", "false", "right series first",
                "median delay")  # fmt: skip
    table = Table(*headings, title="what was injected, what was found", title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for kind in FaultKind:
        table.add_row(kind, *_cells(tally.score(kind), ""))
    table.add_section()
    table.add_row("all", *_cells(tally.score(), str(len(tally.false))))
    return table


def _cells(score: Score, false: str) -> list[str]:
    delay = "" if score.delay_ticks is None else f"{score.delay_ticks:g} min"
    right = f"{score.blamed_rightly} of {score.caught}"
    return [str(score.injected), str(score.caught), str(score.missed), false, right, delay]
