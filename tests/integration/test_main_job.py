"""The main job on a real broker: a million samples in, one incident out, all accounted for."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from confluent_kafka import Producer
from kafka import KafkaConsumer

from broker import Broker
from daemon_process import DaemonProcess, prometheus, query, wait_until

GROUPS, PER_GROUP, SECONDS = 10, 20, 5000
BROKEN_GROUP, BROKEN_SERIES, BREAK_AT = 7, 5, 4000
START = 1_750_000_000
SAMPLES = GROUPS * PER_GROUP * SECONDS

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def world(seed: int) -> np.ndarray:
    """Values of 10 groups of 20 series, float64[5000, 10, 20], three common causes a group.

    From `BREAK_AT` on one series of one group follows causes of its own with the same law: its
    values stay in range, its relations do not.
    """
    rng = np.random.default_rng(seed)
    loading = rng.normal(0, 1, (GROUPS, PER_GROUP, 3))
    loading /= np.linalg.norm(loading, axis=2, keepdims=True)
    causes = np.zeros((SECONDS, GROUPS, 3))
    own_causes = np.zeros((SECONDS, 3))
    for t in range(1, SECONDS):
        causes[t] = 0.9 * causes[t - 1] + rng.normal(0, np.sqrt(0.19), (GROUPS, 3))
        own_causes[t] = 0.9 * own_causes[t - 1] + rng.normal(0, np.sqrt(0.19), 3)
    clean = np.einsum("gsc,tgc->tgs", loading, causes)
    clean[BREAK_AT:, BROKEN_GROUP, BROKEN_SERIES] = (
        own_causes[BREAK_AT:] @ loading[BROKEN_GROUP, BROKEN_SERIES]
    )
    x = clean + rng.normal(0, 0.25, clean.shape)
    return np.asarray(100 + 10 * x, float)


def produce(bootstrap: str, topic: str, values: np.ndarray) -> None:
    """Send one record a sample, keyed by group, in time order."""
    encode = msgspec.json.Encoder().encode
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "linger.ms": 20,
            "partitioner": "murmur2_random",
            "queue.buffering.max.messages": 2 * SAMPLES,
        }
    )
    for t in range(SECONDS):
        for g in range(GROUPS):
            key = f"g{g}".encode()
            for s in range(PER_GROUP):
                sample = {
                    "name": f"metric_{s:02d}",
                    "labels": {"service": f"g{g}", "host": "web-1"},
                    "timestamp": START + t,
                    "value": round(float(values[t, g, s]), 4),
                }
                producer.produce(topic, encode(sample), key=key)
        producer.poll(0)
    assert producer.flush(60) == 0


def read_all(bootstrap: str, topic: str) -> list[dict[str, object]]:
    """Read every JSON record of a topic."""
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        consumer_timeout_ms=3000,
        enable_auto_commit=False,
    )
    records = [json.loads(record.value) for record in consumer]
    consumer.close()
    return records


@pytest.fixture(scope="module")
def topic(broker: Broker) -> str:
    """Fill a topic of four partitions with the million samples."""
    name = broker.create_topic("main-job", partitions=4)
    produce(broker.bootstrap, name, world(seed=11))
    return name


@pytest.fixture(scope="module")
def finished(
    broker: Broker, topic: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[DaemonProcess, str]]:
    """Run the daemon over the whole topic; it still runs. With its application id."""
    application = f"{topic}-app"
    config = {
        "application_id": application,
        "kafka": {"bootstrap_servers": [broker.bootstrap], "topics": [topic]},
        "grouping": {"group_by": ["service"]},
        "framing": {"interval": "1s", "lateness": "5s", "idle_timeout": "3s"},
    }
    with DaemonProcess(tmp_path_factory.mktemp("main-job"), config) as daemon:
        wait_until(
            lambda: not daemon.alive or daemon.metric("hebbstream_samples_total") >= SAMPLES,
            240,
            "all samples read",
        )
        wait_until(
            lambda: not daemon.alive or accounted(daemon) >= SAMPLES, 30, "open frames closed"
        )
        assert daemon.alive, daemon.log[-3000:]
        yield daemon, application


def accounted(daemon: DaemonProcess) -> float:
    """Count samples in frames, and samples dropped for a reason."""
    return daemon.metric("hebbstream_samples_framed_total") + daemon.metric(
        "hebbstream_samples_dropped_total"
    )


def test_every_sample_is_accounted_for(finished: tuple[DaemonProcess, str]) -> None:
    """Records, samples and frames add up to what was produced; nothing was dropped."""
    daemon, _ = finished

    assert daemon.metric("hebbstream_records_total") == SAMPLES
    assert daemon.metric("hebbstream_samples_total") == SAMPLES
    assert daemon.metric("hebbstream_samples_framed_total") == SAMPLES
    assert daemon.metric("hebbstream_samples_dropped_total") == 0
    assert daemon.metric("hebbstream_frames_total") == GROUPS * SECONDS
    assert daemon.get("/readyz")[0] == 200
    assert daemon.get("/healthz")[0] == 200


def test_exposition_is_clean(finished: tuple[DaemonProcess, str]) -> None:
    """`promtool check metrics` finds nothing to say about what the daemon exposes."""
    daemon, _ = finished
    promtool = shutil.which("promtool")
    assert promtool is not None, "promtool is not installed: make setup-system"

    verdict = subprocess.run(
        [promtool, "check", "metrics"],
        input=daemon.get("/metrics")[1],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (verdict.returncode, verdict.stdout, verdict.stderr) == (0, "", "")


def test_prometheus_scrapes_it(finished: tuple[DaemonProcess, str], tmp_path: Path) -> None:
    """A real Prometheus sees the target up and the million samples."""
    daemon, _ = finished

    with prometheus(tmp_path, daemon.port) as url:
        wait_until(lambda: bool(query(url, 'up{job="hebbstream"} == 1')), 30, "target up")
        wait_until(
            lambda: bool(query(url, f"sum(hebbstream_samples_total) == {SAMPLES}")),
            30,
            "samples in Prometheus",
        )


def test_one_incident_names_group_series_and_relation(
    broker: Broker, finished: tuple[DaemonProcess, str]
) -> None:
    """Only the broken group opens an incident after warm-up; series and relation are named."""
    daemon, application = finished
    code, seconds = daemon.terminate()

    events = read_all(broker.bootstrap, f"{application}.events")
    opened = [event for event in events if event["state"] == "open"]

    assert (code, seconds < 10) == (0, True)
    assert {event["group"] for event in opened} == {f"g{BROKEN_GROUP}"}
    culprit = f'metric_{BROKEN_SERIES:02d}{{host="web-1",service="g{BROKEN_GROUP}"}}'
    first = opened[0]
    assert first["kind"] == "relation"
    series = first["series"]
    edges = first["edges"]
    assert isinstance(series, list)
    assert isinstance(edges, list)
    assert series[0]["name"] == f"metric_{BROKEN_SERIES:02d}"
    assert culprit in {edges[0]["source"], edges[0]["target"]}
    assert abs(edges[0]["weight_now"]) < abs(edges[0]["weight_before"])
