"""State older than the oldest record the broker still holds: never passed over in silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition

from broker import ApacheKafka
from daemon_process import DaemonProcess, wait_until
from streams import related, wide_records

READ, DELETED, WRITTEN = 100, 160, 220


def produce(apache: ApacheKafka, topic: str, values: list[bytes]) -> None:
    """Write records."""
    producer = KafkaProducer(bootstrap_servers=apache.bootstrap, linger_ms=20)
    for value in values:
        producer.send(topic, value)
    producer.flush(30)
    producer.close()


def config_of(apache: ApacheKafka, topic: str, folder: Path, **state: object) -> dict[str, Any]:
    """Return the service's configuration, with `state` in its section."""
    return {
        "application_id": f"{topic}-app",
        "kafka": {"bootstrap_servers": [apache.bootstrap], "topics": [topic]},
        "state": {"folder": str(folder / "state"), **state},
    }


@pytest.mark.slow
def test_a_gap_stops_or_is_counted_as_configured(apache: ApacheKafka, tmp_path: Path) -> None:
    """With `stop` it ends, names offsets and exit code 3; with `continue` it counts and goes on."""
    topic = apache.create_topic("gap")
    records = wide_records(related(seed=1, ticks=WRITTEN))
    config = config_of(apache, topic, tmp_path)
    produce(apache, topic, records[:READ])
    with DaemonProcess(tmp_path, config) as daemon:
        wait_until(lambda: daemon.metric("hebbstream_records_total") == READ, 60, "all is read")
        daemon.terminate()
    produce(apache, topic, records[READ:])
    admin = KafkaAdminClient(bootstrap_servers=apache.bootstrap)
    admin.delete_records({TopicPartition(topic, 0): DELETED})
    admin.close()

    with DaemonProcess(tmp_path, config) as daemon:
        wait_until(lambda: not daemon.alive, 60, "it stops")
        code, stopped = daemon.terminate()[0], daemon.log
    config["state"]["on_gap"] = "continue"
    with DaemonProcess(tmp_path, config) as daemon:
        wait_until(
            lambda: daemon.metric("hebbstream_records_total") == WRITTEN - DELETED, 60, "it goes on"
        )
        skipped = daemon.metric("hebbstream_records_skipped_total", topic=topic, partition="0")
        restored, log = daemon.metric("hebbstream_restores_total"), daemon.log
        daemon.terminate()

    assert code == 3
    assert f"offset {READ} is next, but the broker holds {DELETED} to {WRITTEN}" in stopped
    assert (restored, skipped) == (1, DELETED - READ)
    assert "records were deleted before they were read" in log


@pytest.mark.slow
def test_a_topic_made_anew_goes_on_and_is_saved(apache: ApacheKafka, tmp_path: Path) -> None:
    """With `continue`, what was learnt from the old one is kept, and found again by a restart."""
    topic = apache.create_topic("anew")
    records = wide_records(related(seed=1, ticks=WRITTEN))
    config = config_of(apache, topic, tmp_path, on_gap="continue", interval=1)
    produce(apache, topic, records[:DELETED])
    with DaemonProcess(tmp_path, config) as daemon:
        wait_until(lambda: daemon.metric("hebbstream_records_total") == DELETED, 60, "all is read")
        daemon.terminate()
    admin = KafkaAdminClient(bootstrap_servers=apache.bootstrap)
    admin.delete_topics([topic])
    wait_until(lambda: topic not in admin.list_topics(), 30, "the topic is gone")
    admin.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}})
    admin.close()
    produce(apache, topic, records[DELETED:])

    with DaemonProcess(tmp_path, config) as daemon:
        wait_until(
            lambda: daemon.metric("hebbstream_records_total") == WRITTEN - DELETED, 60, "it goes on"
        )
        wait_until(lambda: daemon.get("/readyz")[0] == 200, 30, "it is ready")
        daemon.terminate()
        told = daemon.log
    with DaemonProcess(tmp_path, config) as daemon:
        wait_until(lambda: daemon.metric("hebbstream_restores_total") == 1, 60, "it is restored")
        daemon.terminate()
        restored = daemon.log

    assert "topic made anew; its states set aside" in told
    assert "checkpoint not written" not in told
    assert f'"next_offset":{WRITTEN - DELETED}' in restored.replace(" ", "")
