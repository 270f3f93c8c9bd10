"""A real service that begins with what a replay has learnt, on topics that fit it or do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from broker import ApacheKafka
from daemon import app
from daemon.clock import SystemClock
from daemon.config import Config
from daemon.files.options import FileOptions
from daemon_process import DaemonProcess, wait_until
from streams import related, wide_records

pytestmark = pytest.mark.slow

SEEDED = 2


def seeded(apache: ApacheKafka, folder: Path, partitions: int) -> dict[str, Any]:
    """Learn a file for a topic of two partitions, and make the topic with so many."""
    topic = apache.create_topic("seeded", partitions=partitions)
    config: dict[str, Any] = {
        "application_id": topic,
        "kafka": {"bootstrap_servers": [apache.bootstrap], "topics": [topic]},
        "grouping": {"group_by": ["service"]},
        "state": {"folder": str(folder / "state")},
    }
    rows = folder / "rows.ndjson"
    lines = [wide_records(related(seed=n, ticks=40), f"service-{n}") for n in range(4)]
    rows.write_bytes(b"\n".join(line for each in lines for line in each) + b"\n")
    app.replay(
        Config.model_validate(config), rows, FileOptions(topic=topic), SystemClock(),
        folder / "out", state=folder / "state", partitions=SEEDED,
    )  # fmt: skip
    return config


def test_the_service_begins_with_seeds_of_its_topic(apache: ApacheKafka, tmp_path: Path) -> None:
    """Every partition has what was learnt for it."""
    config = seeded(apache, tmp_path, SEEDED)

    with DaemonProcess(tmp_path, config) as daemon:
        wait_until(lambda: daemon.get("/readyz")[0] == 200, 120, "the service to be ready")

        assert daemon.metric("hebbstream_restores_total") == SEEDED


@pytest.mark.parametrize("partitions", [1, 3])
def test_seeds_of_another_number_of_partitions_stop_the_start(
    apache: ApacheKafka, tmp_path: Path, partitions: int
) -> None:
    """Their groups come to other partitions: they would be learnt anew beside what is known."""
    config = seeded(apache, tmp_path, partitions)

    with DaemonProcess(tmp_path, config) as daemon:
        wait_until(lambda: not daemon.alive, 120, "the service to end")
        code, log = daemon.terminate()[0], daemon.log

    assert code == 4
    assert f"replay --partitions {SEEDED}, and topic {config['kafka']['topics'][0]} has" in log
    assert f"replay into an empty folder with --partitions {partitions}" in log
