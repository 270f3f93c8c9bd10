"""A real process in the seconds after its start: what it does not know yet it does not deny."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker import ApacheKafka
from daemon_process import DaemonProcess, wait_until

pytestmark = pytest.mark.slow


def test_an_incident_is_denied_only_once_partitions_are_here(
    apache: ApacheKafka, tmp_path: Path
) -> None:
    """503 from the first answer on until the state is restored, and only then 404."""
    topic, answers = apache.create_topic("starting"), [0]
    config = {
        "application_id": topic,
        "kafka": {"bootstrap_servers": [apache.bootstrap], "topics": [topic]},
        "state": {"folder": None},
    }

    with DaemonProcess(tmp_path, config) as daemon:

        def denied() -> bool:
            status, _ = daemon.get("/api/v1/incidents/unknown")
            if status != answers[-1]:
                answers.append(status)
            return status == 404

        wait_until(denied, 120, "the partition to be restored")

        assert answers == [0, 503, 404]
        assert daemon.metric("hebbstream_rebalances_total", kind="assigned") == 1
