"""Scattered groups, told and brought together by `hebbstream rekey`, killed on the way; Kafka."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from broker import ApacheKafka
from daemon.app import replay
from daemon.clock import SystemClock
from daemon.config import Config
from daemon.files.options import FileOptions
from daemon_process import DaemonProcess, wait_until
from server_process import free_ports
from streams import START, related, wide_records

TICKS = 1500
SERVICES = ("cart", "db", "search", "web")


def story() -> list[tuple[int, bytes]]:
    """Make the records of four services with their ticks, in order of time."""
    parts = [
        wide_records(related(seed=20 + i, ticks=TICKS, break_at=1200), name)
        for i, name in enumerate(SERVICES)
    ]
    return [
        (tick, record) for tick, frame in enumerate(zip(*parts, strict=True)) for record in frame
    ]


def told(lines: list[bytes]) -> set[tuple[str, str, str, str]]:
    """Say what events tell, wherever they come from."""
    found = [json.loads(line) for line in lines]
    return {(each["group"], each["ts_event"], each["kind"], each["state"]) for each in found}


def read(bootstrap: str, topic: str) -> list[Any]:
    """Read a whole topic."""
    consumer = KafkaConsumer(
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=2000,
        enable_auto_commit=False,
    )  # fmt: skip
    records = list(consumer)
    consumer.close()
    return records


def rekey(folder: Path, path: Path, port: int) -> subprocess.Popen[bytes]:
    """Start the command."""
    with (folder / "rekey.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "daemon", "rekey", "--config", str(path), "--port", str(port)],
            stdout=log, stderr=subprocess.STDOUT, cwd=folder,
        )  # fmt: skip


def written(bootstrap: str, topic: str) -> int:
    """Count the records on a topic of four partitions."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=None, enable_auto_commit=False)
    try:
        return sum(consumer.end_offsets([TopicPartition(topic, n) for n in range(4)]).values())
    finally:
        consumer.close()


def committed(bootstrap: str, group: str) -> int:
    """Sum the committed offsets of a group."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        offsets = admin.list_group_offsets([group])
        return sum(each.offset for each in offsets[group].values())
    finally:
        admin.close()


@pytest.mark.slow
def test_scattered_groups_are_told_and_brought_together(
    apache: ApacheKafka, tmp_path: Path
) -> None:
    """The incidents are those of a file in which every group is whole, though rekey was killed."""
    topic = apache.create_topic("scattered", partitions=4)
    records = story()
    producer = KafkaProducer(bootstrap_servers=apache.bootstrap, linger_ms=20)
    for tick, record in records:  # keyed by what a producer happens to have
        stamp = (START + 60 * tick) * 1000
        producer.send(topic, record, key=b"request-%d" % (tick % 97), timestamp_ms=stamp)
    producer.flush(30)
    producer.close()
    config: dict[str, Any] = {
        "application_id": f"{topic}-app",
        "kafka": {
            "bootstrap_servers": [apache.bootstrap],
            "topics": [topic],
            "session_timeout": "6s",
            "heartbeat_interval": "1s",
        },
        "grouping": {"group_by": ["service"]},
        "framing": {"idle_timeout": "2s"},
        "state": {"folder": str(tmp_path / "state")},
    }
    with DaemonProcess(tmp_path, config) as daemon:
        wait_until(lambda: daemon.metric("hebbstream_groups_scattered") == 4, 60, "it is told")
        status = json.loads(daemon.get("/api/v1/status")[1])
        log = daemon.log
        daemon.terminate()
    config["kafka"]["repartition"] = True
    path, target = tmp_path / "rekey.yaml", f"{topic}-app.repartition"
    path.write_text(json.dumps(config))

    admin = KafkaAdminClient(bootstrap_servers=apache.bootstrap)
    kept = {"num_partitions": 4, "replication_factor": 1, "configs": {"retention.ms": "-1"}}
    admin.create_topics({target: kept})
    admin.wait_for_topics([target])
    admin.close()
    (port,) = free_ports(1)
    first = rekey(tmp_path, path, port)
    wait_until(lambda: written(apache.bootstrap, target) > 0, 60, "it has begun")
    first.kill()
    first.wait(10)
    second = rekey(tmp_path, path, port)
    # Nobody reads yet: it waits for the killed one's session, and frames would close meanwhile.
    wait_until(lambda: committed(apache.bootstrap, f"{topic}-app.rekey") == len(records), 60, "all")
    with DaemonProcess(tmp_path, config) as daemon:
        wait_until(
            lambda: not daemon.alive or daemon.metric("hebbstream_frames_total") == 4 * TICKS,
            90,
            "all frames scored",
        )
        scattered = daemon.metric("hebbstream_groups_scattered")
        assert daemon.alive, daemon.log[-3000:]
        daemon.terminate()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
        ready = answer.status
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        metrics = answer.read().decode()
    second.terminate()
    code = second.wait(20)

    assert ready == 200
    assert 'hebbstream_rekeyed_records_total{result="written"}' in metrics
    assert "group arrives in several partitions" in log
    assert [each["group"] for each in status["scattered"]] == list(SERVICES)
    assert all(len(each["partitions"]) > 1 for each in status["scattered"])
    assert (code, scattered) == (0, 0)
    moved = read(apache.bootstrap, target)
    assert {each.value for each in moved} == {record for _, record in records}
    places = {
        (json.loads(r.value)["labels"]["service"], r.key.decode(), r.partition) for r in moved
    }
    assert {(name, key) for name, key, _ in places} == {(name, name) for name in SERVICES}
    assert len(places) == len(SERVICES)
    file = tmp_path / "story.ndjson"
    file.write_bytes(b"\n".join(record for _, record in records))
    replay(Config.model_validate(config), file, FileOptions(), SystemClock(), tmp_path / "out")
    expected = (tmp_path / "out" / "events.ndjson").read_bytes().splitlines()
    events = [each.value for each in read(apache.bootstrap, f"{topic}-app.events")]
    whole = [e for e in events if json.loads(e)["source"]["topic"] == target]
    assert told(whole) == told(expected)
    assert expected
