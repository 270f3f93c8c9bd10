"""The real process killed at drawn moments under load, at times with its disk, beside a calm one.

`make soak KILLS=50` runs it for long on Apache Kafka and prints figures; the test
`tests/integration/test_soak.py` is its short form.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import numpy as np
from kafka import KafkaProducer

from broker import ApacheKafka, Broker
from daemon.app import sections_of
from daemon.clock import SystemClock
from daemon.config import Config, KafkaSection
from daemon.files.states import FileStates
from daemon.kafka.read_back import ReadBack
from daemon.kafka.sink import producer_options
from daemon.kafka.topics import delete_topics
from daemon.preparing import prepare_kernels
from daemon.records import InputPartition
from daemon.snapshots import Origin, decode, encode
from daemon_process import DaemonProcess, wait_until

PARTITIONS, GROUPS, SERIES = 4, 3, 40
START = 1_750_000_000
#: Part of the kills that come before the first frame, and how late at most.
DIES_AT_START, START_SECONDS = 0.2, 4.0
FIRST_BREAK, BREAK_EVERY, BREAK_LENGTH = 400, 120, 60


@dataclass
class Outcome:
    """What one run left behind: events of each group in order, state of each partition."""

    events: dict[tuple[int, str], list[bytes]]
    states: list[bytes]
    starts: list[float] = field(default_factory=list)
    kills: int = 0
    read: float = 0.0


def ticks_of(seconds: float, rate: float) -> int:
    """Return how many ticks a load of `rate` ticks a second has in that time."""
    return int(seconds * rate)


def records(seed: int, ticks: int) -> list[list[tuple[int, bytes]]]:
    """Make the wide records of each tick, with their partitions; series break away in turn."""
    rng = np.random.default_rng(seed)
    groups = [(partition, group) for partition in range(PARTITIONS) for group in range(GROUPS)]
    story: list[list[tuple[int, bytes]]] = [[] for _ in range(ticks)]
    for partition, group in groups:
        loading = rng.normal(0, 1, (SERIES, 3))
        cause, own = np.zeros((ticks, 3)), np.zeros((ticks, 3))
        for t in range(1, ticks):
            cause[t] = 0.9 * cause[t - 1] + rng.normal(0, 0.44, 3)
            own[t] = 0.9 * own[t - 1] + rng.normal(0, 0.44, 3)
        values = cause @ loading.T
        offset = int(rng.integers(BREAK_EVERY))
        for begin in range(FIRST_BREAK + offset, ticks, BREAK_EVERY):
            series = int(rng.integers(SERIES))
            span = slice(begin, begin + BREAK_LENGTH)
            values[span, series] = own[span] @ loading[series]
        values = 100 + 10 * (values + rng.normal(0, 0.25, values.shape))
        for t in range(ticks):
            record = {
                "timestamp": START + t,
                "labels": {"service": f"g{group}"},
                "values": {f"m{i}": round(float(v), 4) for i, v in enumerate(values[t])},
            }
            story[t].append((partition, msgspec.json.encode(record)))
    return story


def produce(bootstrap: str, topic: str, story: list[list[tuple[int, bytes]]], rate: float) -> None:
    """Send a story at `rate` ticks a second, all of it: no record expires while the broker is away.

    Once one does, kafka-python's producer sends nothing any more, and its flush never returns.
    """
    options = producer_options(KafkaSection(bootstrap_servers=[bootstrap]), "load")
    producer = KafkaProducer(**options | {"linger_ms": 5})
    began = time.monotonic()
    for tick, sent in enumerate(story):
        for partition, value in sent:
            producer.send(topic, value, partition=partition)
        time.sleep(max(0.0, began + (tick + 1) / rate - time.monotonic()))
    producer.flush()
    producer.close()


def configuration(bootstrap: str, topic: str, run: str, folder: Path) -> dict[str, Any]:
    """Return the configuration of one run; runs differ in consumer group and state folder only."""
    return {
        "application_id": f"{topic}-app",
        "kafka": {
            "bootstrap_servers": [bootstrap],
            "topics": [topic],
            "group_id": f"{topic}-{run}",
            "instance_id": "one",
            "session_timeout": 6,
            "heartbeat_interval": 1,
        },
        "grouping": {"group_by": ["service"]},
        "framing": {"interval": "1s", "lateness": "3s", "idle_timeout": None},
        "detector": {"alert_budget_per_day": 200, "calibration": {"memory_ticks_min": 1000}},
        "state": {
            "folder": str(folder / f"state-{run}"),
            "interval": "1s",
            "changelog_interval": "3s",
        },
    }


def is_done(daemon: DaemonProcess, loaded: threading.Thread) -> bool:
    """Tell whether everything that was or will be produced has been read."""
    # A partition shows a lag once a fetch has told of its end.
    known = daemon.get("/metrics")[1].count("\nhebbstream_consumer_lag_records{")
    return (
        not loaded.is_alive()
        and known == PARTITIONS
        and daemon.metric("hebbstream_assigned_partitions") == PARTITIONS
        and daemon.get("/readyz")[0] == 200
        and daemon.metric("hebbstream_consumer_lag_records") == 0
    )


def events_of(config: dict[str, Any]) -> dict[tuple[int, str], list[bytes]]:
    """Read what a run has left on the events topic, by partition and group."""
    whole = Config.model_validate(config)
    clock, topic = SystemClock(), f"{whole.application_id}.events"
    events: dict[tuple[int, str], list[bytes]] = {}
    with ReadBack(whole.kafka, "soak", topic, {}) as back:
        for _, _, value in back.events(clock.monotonic() + 60, clock):
            event = msgspec.json.decode(value)
            events.setdefault((event["source"]["partition"], event["group"]), []).append(value)
    return events


def latest_states(configs: list[dict[str, Any]]) -> list[bytes]:
    """Read the latest state of each partition, on whichever disk it is; equal ones must agree."""
    wholes = [Config.model_validate(config) for config in configs]
    states: list[bytes] = []
    for number in range(PARTITIONS):
        partition = InputPartition(wholes[0].kafka.topics[0], number)
        stored = []
        for whole in wholes:
            assert whole.state.folder is not None
            store = FileStates(Path(whole.state.folder) / whole.application_id, 2)
            stored.extend(store.stored(partition))
        last = max(each.order for each in stored)
        shape = sections_of(wholes[0]).shape
        latest = {
            encode(decode(each.read(), partition, shape)[0], Origin())
            for each in stored
            if each.order == last
        }
        assert len(latest) == 1, f"two states of {partition} at {last} differ"
        states.extend(latest)
    return states


def run(
    config: dict[str, Any],
    folder: Path,
    loaded: threading.Thread,
    kills: int,
    rng: np.random.Generator,
) -> Outcome:
    """Run the daemon to the end of the load, killing it so many times on the way.

    Every second time its disk is lost with it; one time in five it dies while it starts.
    """
    starts: list[float] = []
    read = 0.0
    number = 0
    while True:
        place = folder / f"life-{number}"
        place.mkdir(parents=True)
        began = time.monotonic()
        with DaemonProcess(place, config) as daemon:
            killing = number < kills and loaded.is_alive()
            if killing and rng.random() < DIES_AT_START:
                time.sleep(float(rng.uniform(0.0, START_SECONDS)))
            else:
                wait_until(
                    lambda: (
                        not daemon.alive
                        or daemon.metric("hebbstream_frames_total") > 0
                        or is_done(daemon, loaded)
                    ),
                    180,
                    "first frame",
                )
                assert daemon.alive, daemon.log[-3000:]
                starts.append(time.monotonic() - began)
            if killing:
                time.sleep(float(rng.uniform(0.0, 3.0)))
                read += daemon.metric("hebbstream_records_total")
                assert daemon.alive, daemon.log[-3000:]
                daemon.kill()
                number += 1
                if number % 2 == 0:
                    shutil.rmtree(config["state"]["folder"], ignore_errors=True)
                continue
            loaded.join()  # quick restarts leave much of it after the last kill
            wait_until(lambda: not daemon.alive or is_done(daemon, loaded), 180, "the end")
            assert daemon.alive, daemon.log[-3000:]
            read += daemon.metric("hebbstream_records_total")
            code, _ = daemon.terminate()
            assert code == 0, daemon.log[-3000:]
            break
    outcome = Outcome(events_of(config), latest_states([config]))
    outcome.starts, outcome.kills, outcome.read = starts, number, read
    return outcome


def compare(broker: Broker, folder: Path, kills: int, seconds: float, seed: int) -> dict[str, Any]:
    """Run a load twice, left alone and killed; assert that the ends are equal; return figures.

    Parameters
    ----------
    broker : Broker
        Apache Kafka.
    folder : Path
        For configurations, logs and state.
    kills : int
        How often the second run is killed, while the load lasts.
    seconds : float
        How long the load lasts.
    seed : int
        Of load and moments.

    Returns
    -------
    dict
        Figures of the killed run.
    """
    prepare_kernels()  # once, or the first start alone would compile
    topic = broker.create_topic("soak", partitions=PARTITIONS)
    rate = 60.0
    story = records(seed, ticks_of(seconds, rate))
    load = threading.Thread(target=produce, args=(broker.bootstrap, topic, story, rate))
    load.start()
    rng = np.random.default_rng(seed)
    killed_config = configuration(broker.bootstrap, topic, "killed", folder)
    killed = run(killed_config, folder / "killed", load, kills, rng)
    section = KafkaSection(bootstrap_servers=[broker.bootstrap])
    ended = [f"{topic}-app.{name}" for name in ("events", "changelog")]
    delete_topics(section, "soak", ended, 20)
    calm_config = configuration(broker.bootstrap, topic, "calm", folder)
    calm = run(calm_config, folder / "calm", load, 0, rng)

    ids = Counter(value for values in killed.events.values() for value in values)
    assert sum(ids.values()) == len(ids), "an event is on the topic twice"
    assert killed.events == calm.events
    assert killed.states == calm.states
    records_sent = len(story) * PARTITIONS * GROUPS
    return {
        "kills": killed.kills,
        "records": records_sent,
        # Those that were read between the last look and the kill are not counted.
        "replayed_records_at_least": int(killed.read) - records_sent,
        "events": len(ids),
        "seconds_to_first_frame": {
            "starts": len(killed.starts),
            "p50": round(float(np.median(killed.starts)), 2),
            "max": round(max(killed.starts), 2),
        },
        "state_bytes": sum(map(len, killed.states)),
    }


def main() -> None:
    """Run the long form and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    node = ApacheKafka()
    try:
        with TemporaryDirectory() as folder:
            figures = compare(
                node, Path(folder), chosen.kills, 20 + 9.0 * chosen.kills, chosen.seed
            )
    finally:
        node.stop()
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
