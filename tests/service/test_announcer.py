"""What every event of a group says, whoever tracks the incident."""

from __future__ import annotations

from daemon.announcer import Announcer, TrackerIdentity
from daemon.config import IncidentsSection, MaintenanceWindow
from daemon.records import InputPartition
from verdicts import MINUTE

IDENTITY = TrackerIdentity("app", InputPartition("metrics", 3), "shop", {}, "c0ffee", "0.1.0")


def test_ids_differ_by_time_and_kind() -> None:
    """Two kinds may be open at once, so the kind is part of the id; a replay repeats it."""
    announcer = Announcer(IncidentsSection(), IDENTITY, MINUTE)

    ids = [announcer.incident_id(*which) for which in ((7, "level"), (7, "silence"), (8, "level"))]

    assert len(set(ids)) == 3
    assert ids[0] == Announcer(IncidentsSection(), IDENTITY, MINUTE).incident_id(7, "level")


def test_a_window_holds_by_the_end_of_the_step() -> None:
    """A tick is in maintenance when its grid time is in a window of its group."""
    window = MaintenanceWindow(
        start="1970-01-01T00:05:00Z", end="1970-01-01T00:07:00Z", groups=["sh*"]
    )
    announcer = Announcer(IncidentsSection(maintenance=[window]), IDENTITY, MINUTE)

    held = [tick for tick in range(10) if announcer.in_maintenance(tick)]

    assert held == [4, 5]
