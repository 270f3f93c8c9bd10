"""A file replayed and the same file through Kafka: equal events; and a start without a broker."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from kafka import KafkaConsumer

from broker import ApacheKafka, Broker
from daemon_process import DaemonProcess, free_port, wait_until
from streams import START, related, wide_records

TICKS = 1500


def events(bootstrap: str, topic: str) -> list[bytes]:
    """Read the values of every record of a topic."""
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        consumer_timeout_ms=3000,
        enable_auto_commit=False,
    )
    values = [record.value for record in consumer]
    consumer.close()
    return values


def command(*arguments: str) -> None:
    """Run a hebbstream command; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "daemon", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_replay_and_kafka_give_equal_events(broker: Broker, tmp_path: Path) -> None:
    """The rows of a file give the same event bytes by `replay` and by `produce` and `run`."""
    file = tmp_path / "metrics.parquet"
    values = related(seed=9, ticks=TICKS, break_at=1200)
    times = {"t": [START + 60 * tick for tick in range(TICKS)]}
    pq.write_table(pa.table(times | {f"m{i}": values[:, i] for i in range(6)}), file)
    topic = broker.create_topic("routes", partitions=1)
    config: dict[str, Any] = {
        "application_id": f"{topic}-app",
        "kafka": {"bootstrap_servers": [broker.bootstrap], "topics": [topic]},
        "framing": {"idle_timeout": "2s"},
    }
    path = tmp_path / "replay.yaml"
    path.write_text(json.dumps(config))
    command("replay", str(file), "--config", str(path), "--out", str(tmp_path / "out"))
    command("produce", str(file), "--config", str(path), "--topic", topic)

    with DaemonProcess(tmp_path, config) as daemon:
        wait_until(
            lambda: not daemon.alive or daemon.metric("hebbstream_frames_total") == TICKS,
            90,
            "all frames scored",
        )
        assert daemon.alive, daemon.log[-3000:]
        code, _ = daemon.terminate()

    replayed = (tmp_path / "out" / "events.ndjson").read_bytes().splitlines()
    assert code == 0
    assert replayed
    assert events(broker.bootstrap, f"{topic}-app.events") == replayed


def told(lines: list[bytes]) -> list[tuple[str, str, str, str]]:
    """Say what events tell whatever partition they came from, in order."""
    found = [json.loads(line) for line in lines]
    return sorted((each["group"], each["ts_event"], each["kind"], each["state"]) for each in found)


@pytest.mark.slow
def test_groups_spread_over_partitions_give_the_incidents_of_a_replay(
    broker: Broker, tmp_path: Path
) -> None:
    """Four services on two partitions: each stays whole, incidents are those of the file."""
    services = [
        wide_records(related(seed=20 + i, ticks=TICKS, break_at=1200), service)
        for i, service in enumerate(("cart", "db", "search", "web"))
    ]
    file = tmp_path / "shop.ndjson"
    file.write_bytes(b"\n".join(record for tick in zip(*services, strict=True) for record in tick))
    topic = broker.create_topic("groups", partitions=2)
    config: dict[str, Any] = {
        "application_id": f"{topic}-app",
        "kafka": {"bootstrap_servers": [broker.bootstrap], "topics": [topic]},
        "grouping": {"group_by": ["service"]},
        "framing": {"idle_timeout": "2s"},
    }
    path = tmp_path / "replay.yaml"
    path.write_text(json.dumps(config))
    command("replay", str(file), "--config", str(path), "--out", str(tmp_path / "out"))
    command("produce", str(file), "--config", str(path))

    with DaemonProcess(tmp_path, config) as daemon:
        wait_until(
            lambda: not daemon.alive or daemon.metric("hebbstream_frames_total") == 4 * TICKS,
            90,
            "all frames scored",
        )
        read = [
            daemon.metric("hebbstream_records_total", topic=topic, partition=str(each))
            for each in range(2)
        ]
        assert daemon.alive, daemon.log[-3000:]
        daemon.terminate()

    replayed = told((tmp_path / "out" / "events.ndjson").read_bytes().splitlines())
    assert min(read) > 0
    assert sum(read) == 4 * TICKS
    assert {group for group, *_ in replayed} == {"cart", "db", "search", "web"}
    assert told(events(broker.bootstrap, f"{topic}-app.events")) == replayed


@pytest.mark.slow
def test_without_a_broker_it_waits_not_ready_and_stops_at_once(tmp_path: Path) -> None:
    """No broker: alive, not ready with the reason, trying again, and SIGTERM ends it soon."""
    servers = [f"127.0.0.1:{free_port()}"]

    with DaemonProcess(tmp_path, {"kafka": {"bootstrap_servers": servers}}) as daemon:
        wait_until(lambda: "broker not reachable" in daemon.log, 60, "the broker is missed")
        health, ready = daemon.get("/healthz"), daemon.get("/readyz")
        code, seconds = daemon.terminate()

    assert health[0] == 200
    assert ready[0] == 503
    assert '"assignment"' in ready[1]
    assert (code, seconds < 10) == (0, True)


@pytest.mark.slow
def test_it_stops_in_time_while_the_broker_hangs(apache: ApacheKafka, tmp_path: Path) -> None:
    """A broker that does not answer is seen, makes it not ready, and does not hold SIGTERM up."""
    topic = apache.create_topic("hangs", partitions=2)
    kafka = {"bootstrap_servers": [apache.bootstrap], "topics": [topic]}
    config = {"application_id": f"{topic}-app", "kafka": kafka}

    with DaemonProcess(tmp_path, config) as daemon:
        wait_until(lambda: daemon.get("/readyz")[0] == 200, 90, "ready")
        apache.hold()
        try:
            wait_until(lambda: daemon.get("/readyz")[0] == 503, 60, "the outage is seen")
            health = daemon.get("/healthz")[0]
            code, seconds = daemon.terminate()
        finally:
            apache.release()

    assert health == 200
    assert (code, seconds < 10) == (0, True), daemon.log[-2000:]
