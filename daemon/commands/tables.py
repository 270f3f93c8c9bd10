"""What the commands print: summaries, incidents, components and associations as tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.table import Table
from rich.text import Text

from daemon.app import ReplaySummary
from daemon.commands.live import printable
from daemon.events import Event, EventEdge, EventSeries
from daemon.learnt import GroupState


def summary_table(summary: ReplaySummary, title: str = "replay") -> Table:
    """Show where every record and sample of a file went, and how fast where that was timed."""
    table = Table("figure", "count", title=Text(printable(title)), title_justify="left")
    table.columns[1].justify = "right"
    timed = summary.seconds > 0
    rows: list[tuple[str, object]] = [
        ("records", summary.records),
        ("samples", summary.samples),
        ("in frames", summary.framed),
        *((f"dropped: {reason}", count) for reason, count in sorted(summary.dropped.items())),
        *((f"dead letters: {r}", count) for r, count in sorted(summary.dead_letters.items())),
        ("groups", len(summary.groups)),
        ("frames", summary.frames),
        ("incidents", sum(event.state == "open" for event in summary.events)),
        *([("samples per second", round(summary.samples / summary.seconds))] if timed else []),
    ]
    for name, value in rows:
        table.add_row(name, f"{value:,}")
    return table


def incident_table(events: Sequence[Event], limit: int) -> Table:
    """Show opened incidents in order, each with the series and the relations that speak most."""
    opened = [event for event in events if event.state == "open"]
    ended = {event.incident_id: event for event in events if event.state == "resolve"}
    title = f"incidents ({min(limit, len(opened))} of {len(opened)})"
    table = Table("incident", "why", title=title, title_justify="left", show_lines=True)
    for event in opened[:limit]:
        last = ended.get(event.incident_id, event)
        lasted = duration(last.duration_s) if event.incident_id in ended else "still open"
        what = f"{event.kind}, peak {last.peak_score:.2f}\n{lasted}"
        reasons = [
            *services_lines(event),
            *(series_line(each) for each in event.series[:3]),
            *(relation_line(each) for each in event.edges[:2]),
        ]
        who = f"{event.ts_event}\n{printable(event.group)}\n{what}"
        table.add_row(Text(who), Text("\n".join(map(printable, reasons))))
    return table


def duration(seconds: float) -> str:
    """Write a duration as a person says it: `90 s`, `12 min`, `3.5 h`."""
    if seconds < 120:
        return f"{seconds:g} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def services_lines(event: Event) -> list[str]:
    """Write which services an incident points at, the most suspect first; none when it is one."""
    if len(event.services) < 2:
        return []
    named = (f"{each.name} {each.contribution:.0%}" for each in event.services[:3])
    return [f"services: {', '.join(named)}"]


def series_line(series: EventSeries) -> str:
    """Write a series of an event: how much it contributes, and what was expected of it."""
    actual = "missing" if series.actual is None else f"{series.actual:.4g}"
    expected = "?" if series.expected is None else f"{series.expected:.4g}"
    return f"{series.contribution:4.0%} {short_name(series)}: {actual}, expected {expected}"


def relation_line(edge: EventEdge) -> str:
    """Write a broken relation: its ends, how far off it is, and its weight before and now."""
    return (
        f"{ends(edge.source, edge.target, edge.lag_s)}: {edge.residual_sigma:.1f} sigma off, "
        f"weight {edge.weight_before:.2f} → {edge.weight_now:.2f}"
    )


def ends(source: str, target: str, lag_s: float) -> str:
    """Write the ends of a relation, of which the first may lead by some seconds.

    Examples
    --------
    >>> ends("a", "b", 0.0), ends("a", "b", 120.0)
    ('a ~ b', 'a → b after 120 s')
    """
    return f"{source} → {target} after {lag_s:g} s" if lag_s else f"{source} ~ {target}"


def short_name(series: EventSeries) -> str:
    """Write a series without the labels that its whole group shares."""
    labels = ",".join(f"{name}={value}" for name, value in series.labels.items())
    return f"{series.name}{{{labels}}}" if labels else series.name


def component_table(name: str, group: GroupState, top: int) -> Table:
    """Show a group's components: their share of the energy and the series they weigh most."""
    detector = group.detector
    weights, energies = detector.components(), detector.energies()
    total = float(energies.sum()) or 1.0
    title = Text(
        f"group {printable(name)}: {len(detector.series)} series, {len(weights)} components"
    )
    table = Table(
        "component", "share of explained", "series (weight)", title=title, title_justify="left"
    )
    for index, row in enumerate(weights):
        strongest = np.argsort(-np.abs(row))[:top]
        named = (f"{printable(detector.series[at])} ({row[at]:+.2f})" for at in strongest)
        table.add_row(str(index), f"{energies[index] / total:.0%}", Text("\n".join(named)))
    return table


def association_table(name: str, group: GroupState, top: int) -> Table:
    """Show a group's strongest associations: who leads by how much, weight and age."""
    edges = group.detector.edges()
    strongest = edges[np.argsort(-np.abs(edges["weight"]), kind="stable")][:top]
    title = Text(f"group {printable(name)}: {len(strongest)} of {len(edges)} associations")
    table = Table(
        "source", "target", "leads by, ticks", "weight", "age in ticks",
        title=title, title_justify="left",
    )  # fmt: skip
    for edge in strongest:
        table.add_row(
            Text(printable(group.detector.series[edge["source"]])),
            Text(printable(group.detector.series[edge["target"]])),
            str(edge["lag"] or ""),
            f"{edge['weight']:+.3f}",
            f"{edge['age_ticks']:,}",
        )
    return table
