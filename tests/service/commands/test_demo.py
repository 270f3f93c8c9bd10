"""The table of injected faults beside what was said of them."""

from __future__ import annotations

from rich.console import Console

from daemon.commands.demo import finding_table
from daemon.demo import Finding
from daemon.shop import Fault, FaultKind


def test_missed_faults_are_shown_as_missed() -> None:
    """A fault without an incident has a row of its own."""
    console = Console(record=True, width=120)
    fault = Fault(FaultKind.STUCK, "db", "cpu_ratio", 10, 20)

    console.print(finding_table([Finding(fault, None)], {}))

    text = console.export_text()
    assert "stuck db cpu_ratio" in text
    assert "missed" in text
