"""Feedback said on its topic to the real service, before a kill -9, while it is down, and after."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from broker import ApacheKafka
from daemon_process import DaemonProcess, wait_until
from streams import START, related, wide_records

TICKS, BREAK_AT = 1600, 1400


def labels(daemon: DaemonProcess) -> list[str]:
    """Tell what the group of the service has heard."""
    status, text = daemon.get("/api/v1/groups")
    items = json.loads(text)["items"] if status == 200 else []
    if not items:
        return []
    status, text = daemon.get(f"/api/v1/groups/{items[0]['id']}/feedback")
    return [note["label"] for note in json.loads(text)["items"]] if status == 200 else []


@pytest.mark.slow
def test_what_is_said_on_the_topic_is_heard_once(apache: ApacheKafka, tmp_path: Path) -> None:
    """About the open incident; while nobody runs; and nonsense is a dead letter."""
    topic = apache.create_topic("said")
    config: dict[str, Any] = {
        "application_id": f"{topic}-app",
        "kafka": {
            "bootstrap_servers": [apache.bootstrap],
            "topics": [topic],
            "feedback_topic": True,
            "session_timeout": 6,
            "heartbeat_interval": 1,
        },
        "grouping": {"group_by": ["service"]},
        "framing": {"idle_timeout": None},
        "state": {"folder": str(tmp_path / "state"), "interval": 600},
    }
    producer = KafkaProducer(bootstrap_servers=apache.bootstrap, linger_ms=20)

    def say(**said: str) -> None:
        producer.send(f"{topic}-app.feedback", json.dumps(said).encode()).get(30)

    records = wide_records(related(seed=5, ticks=TICKS + 10, break_at=BREAK_AT))

    def produce(start: int, end: int) -> None:
        for tick in range(start, end):
            stamp = (START + 60 * tick) * 1000
            producer.send(topic, records[tick], partition=0, timestamp_ms=stamp)
        producer.flush(30)

    produce(0, TICKS)
    with DaemonProcess(tmp_path, config) as daemon:
        wait_until(lambda: daemon.metric("hebbstream_records_total") == TICKS, 90, "all read")
        wait_until(lambda: "relation" in daemon.get("/api/v1/incidents")[1], 30, "an incident")
        (incident, *_) = json.loads(daemon.get("/api/v1/incidents")[1])["items"]
        say(label="NOT_ANOMALY", incident_id=incident["id"])
        say(label="nonsense", group="cart")
        wait_until(lambda: labels(daemon) == ["NOT_ANOMALY"], 30, "the first word")
        wait_until(
            lambda: daemon.metric("hebbstream_feedback_refused_total", reason="invalid") == 1,
            30,
            "the nonsense",
        )
        daemon.kill()
    say(label="ANOMALY", group="cart")
    produce(TICKS, TICKS + 10)  # the page knows a group by its frames

    with DaemonProcess(tmp_path, config) as daemon:
        wait_until(lambda: labels(daemon) == ["NOT_ANOMALY", "ANOMALY"], 60, "the second word")
        say(label="NEW_TREND", group="cart")
        wait_until(lambda: len(labels(daemon)) > 2, 30, "the third word")

        assert labels(daemon) == ["NOT_ANOMALY", "ANOMALY", "NEW_TREND"]
        assert daemon.terminate()[0] == 0
    producer.close()
