"""`hebbstream relearn` beside the running service, killed, again, and swapped in; Apache Kafka."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from broker import ApacheKafka
from daemon.app import sections_of
from daemon.config import Config
from daemon.files.states import FileStates
from daemon.pipeline import PartitionPipeline
from daemon.records import InputPartition
from daemon.snapshots import Origin, decode, encode
from daemon.windows import Window
from daemon_process import DaemonProcess, wait_until
from streams import START, record_batch, related, wide_records

TICKS, PARTITIONS = 4000, 2
WINDOW = (START + 60 * 1000, START + 60 * 1400)


def records(number: int) -> list[bytes]:
    """Make the records of a partition; a relation is broken within the window."""
    values = related(seed=number, ticks=TICKS)
    values[1000:1400, 0] = related(seed=90 + number, ticks=400)[:, 1]
    return wide_records(values, f"service-{number}")


@pytest.fixture
def world(apache: ApacheKafka, tmp_path: Path) -> tuple[Path, dict[str, Any], Config]:
    """Give a folder with the configuration of a service whose topic is filled."""
    topic = apache.create_topic("relearn", partitions=PARTITIONS)
    producer = KafkaProducer(bootstrap_servers=apache.bootstrap, linger_ms=20)
    for number in range(PARTITIONS):
        for tick, value in enumerate(records(number)):
            stamp = (START + 60 * tick) * 1000
            producer.send(topic, value, partition=number, timestamp_ms=stamp)
    producer.flush(30)
    producer.close()
    config: dict[str, Any] = {
        "application_id": f"{topic}-app",
        "kafka": {"bootstrap_servers": [apache.bootstrap], "topics": [topic]},
        "grouping": {"group_by": ["service"]},
        "state": {"folder": str(tmp_path / "state")},
    }
    return tmp_path, config, Config.model_validate(config)


def relearn(folder: Path) -> subprocess.Popen[str]:
    """Start the command."""
    window = f"{WINDOW[0]}..{WINDOW[1]}"
    return subprocess.Popen(
        [sys.executable, "-m", "daemon", "relearn", "--exclude", window,
         "--config", str(folder / "hebbstream.yaml")],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder,
    )  # fmt: skip


def expected(config: Config, number: int) -> bytes:
    """State of a partition that never saw the window."""
    limits = Window(WINDOW[0] * 10**9, WINDOW[1] * 10**9)
    parts = replace(sections_of(config), without=(limits,))
    pipeline = PartitionPipeline(InputPartition(config.kafka.topics[0], number), parts)
    pipeline.process(record_batch(records(number)))
    return encode(pipeline.capture(), Origin())


def state(config: Config, number: int) -> bytes:
    """Latest state of a partition on the disk, without who wrote it."""
    partition = InputPartition(config.kafka.topics[0], number)
    assert config.state.folder is not None
    stored = FileStates(Path(config.state.folder) / config.application_id, 2).stored(partition)
    latest = max(stored, key=lambda each: each.order)
    capture, _ = decode(latest.read(), partition, sections_of(config).shape)
    return encode(capture, Origin())


@pytest.mark.slow
def test_learns_beside_the_service_and_swaps_when_it_is_stopped(
    world: tuple[Path, dict[str, Any], Config],
) -> None:
    """Bit for bit the state that never saw the window; the service goes on from it."""
    folder, config, model = world
    with DaemonProcess(folder, config) as daemon:
        wait_until(
            lambda: daemon.metric("hebbstream_records_total") == TICKS * PARTITIONS,
            90,
            "everything read",
        )
        killed = relearn(folder)
        plan = folder / "state" / f"{model.application_id}.relearn" / "plan.json"
        wait_until(plan.exists, 60, "it has begun")
        killed.kill()
        killed.communicate(timeout=10)
        beside = relearn(folder)
        said, _ = beside.communicate(timeout=90)
        assert beside.returncode == 0, said
        daemon.terminate()
    with_it = [state(model, number) for number in range(PARTITIONS)]

    again = relearn(folder)
    swapped, _ = again.communicate(timeout=90)

    assert "stop the service" in said
    assert again.returncode == 0, swapped
    assert "swapped in: 2 groups" in swapped
    without = [state(model, number) for number in range(PARTITIONS)]
    assert without == [expected(model, number) for number in range(PARTITIONS)]
    assert all(one != other for one, other in zip(with_it, without, strict=True))
    assert json.loads((folder / "hebbstream.yaml").read_text())["state"] == config["state"]
    with DaemonProcess(folder, config) as daemon:
        wait_until(lambda: daemon.metric("hebbstream_restores_total") == PARTITIONS, 60, "restored")
        assert daemon.metric("hebbstream_records_total") == 0
        daemon.terminate()
