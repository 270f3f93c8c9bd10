"""The demo's sentences and its final table."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from daemon.commands.demo_words import (
    fault_sentence,
    relation_sentence,
    series_sentence,
    tally_sentence,
    tally_table,
    verdict_sentence,
)
from daemon.demo.tally import Tally
from daemon.shop import Fault, FaultKind
from shop_events import event

FAULT = Fault(FaultKind.STUCK, "db", "cpu_ratio", 100, 145)


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_fault_has_a_sentence(kind: FaultKind) -> None:
    """It names the kind, the service, and the metric where it is just one."""
    one, all_ = (fault_sentence(Fault(kind, "db", metric, 0, 1)) for metric in ("cpu_ratio", "*"))

    assert one.startswith(f"{kind}: ")
    assert "db cpu_ratio" in one
    assert "*" not in all_


def test_evidence_is_written_without_what_all_have_alike() -> None:
    """Series and relations are named by service and metric."""
    told = event(100, "cart")

    assert series_sentence(told.series[0]) == "60% cart cpu_ratio: 0.9, expected 0.3"
    assert relation_sentence(told.edges[0]) == (
        "cart cpu_ratio ~ cart memory_bytes: 4.0 sigma off, 0.90 → 0.10"
    )


def test_an_incident_is_put_down_to_its_fault() -> None:
    """Caught with delay and blame, the same fault again, or a false alarm."""
    tally = Tally()
    tally.inject(FAULT)
    first, again, false = event(103, "db"), event(120, "db"), event(300, "db")

    said = [verdict_sentence(each, tally.observe(each)) for each in (first, again, false)]

    assert said == [
        "caught stuck after 3 min, right series first",
        "again in the time of stuck",
        "false alarm: nothing was injected",
    ]


def test_the_account_is_one_line_and_one_table() -> None:
    """Both count what is decided, and the table does so by kind."""
    tally = Tally()
    tally.inject(FAULT)
    tally.inject(Fault(FaultKind.TREND, "cart", "memory_bytes", 400, 445))
    tally.observe(event(103, "db"))
    tally.observe(event(300, "db"))
    tally.advance(1000)

    console = Console(record=True, width=120, file=io.StringIO())
    console.print(tally_table(tally))
    text = console.export_text()

    assert tally_sentence(tally) == (
        "injected 2, caught 1, missed 1, false 1, right series first 1 of 1, median delay 3 min"
    )
    rows = {line.split("│")[1].strip(): line for line in text.splitlines() if "│" in line}
    assert [cell.strip() for cell in rows["all"].split("│")[2:-1]] == [
        "2", "1", "1", "1", "1 of 1", "3 min",
    ]  # fmt: skip
    assert [cell.strip() for cell in rows["trend"].split("│")[2:-1]] == [
        "1", "0", "1", "", "0 of 0", "",
    ]  # fmt: skip
