"""What the commands print, as text."""

from __future__ import annotations

from collections import Counter

import msgspec
import numpy as np
import pytest
from rich.console import Console, RenderableType

from daemon.app import ReplaySummary
from daemon.commands import tables
from daemon.events import Event
from daemon.pipeline import PartitionPipeline
from daemon.records import DropReason
from streams import PARTITION, record_batch, related, sections, wide_records


def shown(table: RenderableType) -> str:
    """Print onto a wide console and return the text."""
    console = Console(record=True, width=240)
    console.print(table)
    return console.export_text()


@pytest.fixture(scope="module")
def broken() -> tuple[PartitionPipeline, list[Event]]:
    """Run a story in which one series breaks away; the pipeline and its events."""
    pipeline = PartitionPipeline(PARTITION, sections())
    values = wide_records(related(seed=5, ticks=1600, break_at=1400))
    output = pipeline.process(record_batch(values))
    return pipeline, [event for step in output.steps for event in step.events]


def test_summary_shows_every_drop_by_reason() -> None:
    """Each reason has a row, with thousands set apart."""
    summary = ReplaySummary(samples=12_345, seconds=1.0)
    summary.dropped = Counter({DropReason.LATE: 1_200})
    summary.dead_letters = Counter({"not_json": 3})

    text = shown(tables.summary_table(summary))

    assert "dropped: late" in text
    assert "1,200" in text
    assert "dead letters: not_json" in text
    assert "12,345" in text


def test_incidents_name_series_and_relation(
    broken: tuple[PartitionPipeline, list[Event]],
) -> None:
    """A row says when, where, which series and what became of the relation."""
    _, events = broken

    text = shown(tables.incident_table(events, limit=5))

    assert "incidents (1 of 1)" in text
    assert "m0{service=cart}" in text
    assert "→" in text


def test_services_are_shown_where_there_are_several(
    broken: tuple[PartitionPipeline, list[Event]],
) -> None:
    """The most suspect comes first; of a single one nothing is said."""
    _, (event, *_) = broken
    (cart,) = event.services
    web = msgspec.structs.replace(cart, name="web", contribution=0.25)
    several = msgspec.structs.replace(
        event, services=(msgspec.structs.replace(cart, contribution=0.5), web)
    )

    assert tables.services_lines(event) == []
    assert tables.services_lines(several) == ["services: cart 50%, web 25%"]


def test_a_missing_value_is_shown_as_missing(
    broken: tuple[PartitionPipeline, list[Event]],
) -> None:
    """A series without a sample at the tick says so."""
    _, events = broken
    series = msgspec.structs.replace(events[0].series[0], actual=None, expected=None)

    line = tables.series_line(series)

    assert line.endswith("m0{service=cart}: missing, expected ?")


def test_model_tables_show_components_and_associations(
    broken: tuple[PartitionPipeline, list[Event]],
) -> None:
    """Components come with their strongest series, associations by weight."""
    pipeline, _ = broken
    group = pipeline.groups["cart"]

    components = shown(tables.component_table("cart", group, top=2))
    associations = shown(tables.association_table("cart", group, top=3))

    assert "6 series" in components
    assert components.count('{service="cart"}') == 2
    strongest = np.abs(group.detector.edges()["weight"]).max()
    assert f"{strongest:.3f}" in associations
    assert f"3 of {len(group.detector.edges())} associations" in associations


def test_names_are_shown_as_they_are(broken: tuple[PartitionPipeline, list[Event]]) -> None:
    """Brackets in a name are no markup, and nothing in it steers a terminal."""
    pipeline, (event, *_) = broken
    name, escaped = "x[bold]y[/z]\x1b[31m", "x[bold]y[/z]\\x1b[31m"
    group = pipeline.groups["cart"]
    named = msgspec.structs.replace(event.series[0], name="m\x1b[2J")

    texts = [
        shown(tables.component_table(name, group, top=2)),
        shown(tables.association_table(name, group, top=2)),
        shown(tables.incident_table([msgspec.structs.replace(event, group=name)], limit=1)),
    ]
    why = shown(tables.incident_table([msgspec.structs.replace(event, series=[named])], limit=1))

    assert all(escaped in text for text in texts)
    assert "m\\x1b[2J" in why


@pytest.mark.parametrize(
    ("seconds", "text"), [(60.0, "60 s"), (720.0, "12 min"), (12_600.0, "3.5 h")]
)
def test_durations_are_written_as_people_say_them(seconds: float, text: str) -> None:
    """Seconds, minutes or hours, whichever is read at a glance."""
    assert tables.duration(seconds) == text
