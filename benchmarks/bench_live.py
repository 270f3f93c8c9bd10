"""The service at work: start to ready, latency from record to event, CPU and memory at rest pace.

One Apache Kafka node on the loopback, one unmodified `hebbstream run` in a process of its own, and
series that tick once a second. Three things are measured:

- start: from the process' birth to `/readyz`, with no compiled kernels and no state, then with
  kernels and the state of all series; up to the group's join, the join with the loading of
  kernels that goes on beside it, and restoring the state are told apart;
- pace: CPU of the process over time at one sample a series and second, beside a kafka-python
  consumer that reads and drops the same topic at the same time, and the process' memory;
- latency, in a start of its own with `output.scores`: from the send of the record that closes a
  frame to the broker's time on the score of that frame, for every group and second; by definition
  a frame cannot be told of before that.

Run: python -m benchmarks.bench_live [--series 10000] [--per-group 50] [--seconds 60] [--wide 50]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from broker import ApacheKafka
from daemon_process import DaemonProcess, wait_until

PARTITIONS, APPLICATION = 4, "bench-live"
#: So that a score's time is that of its arrival at the broker, not that of its making.
BROKER_SETTINGS = {"log.message.timestamp.type": "LogAppendTime"}
#: A start may have to compile every kernel.
START_SECONDS = 600.0
READY_CHECK_SECONDS = 0.02
STOP_SECONDS = 60.0
SETTLE_SECONDS = 10.0
#: What the plain consumer does: reads, and drops.
PLAIN = """
import sys, time
from kafka import KafkaConsumer, TopicPartition
consumer = KafkaConsumer(bootstrap_servers=sys.argv[1], enable_auto_commit=False)
consumer.assign([TopicPartition(sys.argv[2], n) for n in range(int(sys.argv[3]))])
consumer.seek_to_end()
while True:
    consumer.poll(500)
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What ticks.

    Attributes
    ----------
    series : int
        How many.
    per_group : int
        Of them in one group.
    wide : int
        Samples of one record.
    """

    series: int
    per_group: int
    wide: int

    def records(self, second: int, rng: np.random.Generator) -> list[tuple[int, bytes]]:
        """Make partition and value of every record of a second."""
        values = rng.normal(100, 5, self.series).round(4).tolist()
        made = []
        for group in range(self.series // self.per_group):
            base = group * self.per_group
            for first in range(0, self.per_group, self.wide):
                names = range(first, min(first + self.wide, self.per_group))
                metrics = {f"metric_{n:02d}": values[base + n] for n in names}
                record: dict[str, Any] = {"labels": {"service": f"svc-{group:03d}"}}
                if self.wide == 1:
                    record |= {"name": f"metric_{first:02d}", "value": values[base + first]}
                else:
                    record["values"] = metrics
                made.append(
                    (group % PARTITIONS, json.dumps(record | {"timestamp": second}).encode())
                )
        return made


class Feed:
    """Sends each second's records as the second begins, in a thread; notes when each left."""

    def __init__(self, bootstrap: str, topic: str, load: Load) -> None:
        self.sent: dict[tuple[int, int], float] = {}
        self._producer = KafkaProducer(bootstrap_servers=bootstrap, linger_ms=0)
        self._topic, self._load = topic, load
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        rng = np.random.default_rng(1)
        second = int(time.time()) + 1
        while not self._stop.is_set():
            records = self._load.records(second, rng)
            time.sleep(max(0.0, second - time.time()))
            for partition, value in records:
                self.sent.setdefault((partition, second), time.time())
                self._producer.send(self._topic, value=value, partition=partition)
            self._producer.flush(30)
            second += 1

    def stop(self) -> None:
        """Send no more."""
        self._stop.set()
        self._thread.join()
        self._producer.close()


def config_of(bootstrap: str, topic: str, folder: Path, *, scores: bool) -> dict[str, Any]:
    """Return the service's configuration: frames of a second, closed by the next one's records."""
    return {
        "application_id": APPLICATION,
        "kafka": {"bootstrap_servers": [bootstrap], "topics": [topic]},
        "input": {"format": "json"},
        "grouping": {"group_by": ["service"]},
        "framing": {"interval": 1, "lateness": 0},
        "output": {"scores": scores},
        "state": {"folder": str(folder / "state")},
    }


@contextlib.contextmanager
def started(folder: Path, config: dict[str, Any]) -> Iterator[tuple[DaemonProcess, float]]:
    """Run the service until the block ends; gives it and the seconds until it was ready."""
    begun = time.monotonic()
    with DaemonProcess(folder, config) as service:
        while service.get("/readyz")[0] != 200:
            if not service.alive or time.monotonic() > begun + START_SECONDS:
                raise SystemExit(service.log[-3000:])
            time.sleep(READY_CHECK_SECONDS)
        yield service, time.monotonic() - begun
        service.terminate(STOP_SECONDS)


def join_seconds(log: str, born: float) -> tuple[float, float]:
    """Seconds from birth to the group's join, and from there until partitions were taken up."""
    times = {}
    for line in map(_json, log.splitlines()):
        times.setdefault(line.get("msg"), line.get("ts"))
    joining, assigned = (
        datetime.fromisoformat(str(times[name])).timestamp()
        for name in ("connected", "assignment changed")
    )
    return joining - born, assigned - joining


def _json(line: str) -> dict[str, Any]:
    try:
        return dict(json.loads(line))
    except ValueError:
        return {}


def latencies(
    bootstrap: str, application: str, sent: dict[tuple[int, int], float], since: float
) -> list[float]:
    """Seconds from the record that closed each frame to the broker's time on its score.

    `sent` has the time at which the first record of a partition and second left.
    """
    topic = f"{application}.scores"
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    places = [TopicPartition(topic, n) for n in sorted(consumer.partitions_for_topic(topic) or ())]
    consumer.assign(places)
    consumer.seek_to_beginning()
    ends = consumer.end_offsets(places)
    found = []
    while any(consumer.position(place) < ends[place] for place in places):
        for rows in consumer.poll(1000).values():
            for row in rows:
                score = json.loads(row.value)
                group = int(score["group"].rsplit("-", 1)[1])
                closed = round(datetime.fromisoformat(score["ts_event"]).timestamp())
                begun = sent.get((group % PARTITIONS, closed))
                if begun is not None and begun >= since:
                    found.append(row.timestamp / 1000 - begun)
    consumer.close()
    return found


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--per-group", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--wide", type=int, default=50, help="samples of one record")
    options = parser.parse_args()
    load = Load(options.series, options.per_group, options.wide)
    broker = ApacheKafka(settings=BROKER_SETTINGS)
    try:
        with tempfile.TemporaryDirectory() as name:
            measure(broker, load, options.seconds, Path(name))
    finally:
        broker.stop()


def measure(broker: ApacheKafka, load: Load, seconds: int, folder: Path) -> None:
    """Run everything against one broker."""
    topic = broker.create_topic("live", partitions=PARTITIONS)
    config = config_of(broker.bootstrap, topic, folder, scores=False)
    os.environ["NUMBA_CACHE_DIR"] = str(folder / "kernels")
    with started(folder, config) as (_, cold):
        pass
    feed = Feed(broker.bootstrap, topic, load)
    try:
        with started(folder, config) as (service, empty):
            seen = partial(service.metric, "hebbstream_series_active")
            wait_until(lambda: seen() >= load.series, 120, "every series")
            time.sleep(SETTLE_SECONDS)  # a checkpoint with all of them
        with started(folder, config) as (service, warm):
            born = time.time() - warm
            time.sleep(SETTLE_SECONDS)
            groups = f"{load.series:,} series in {load.series // load.per_group} groups"
            print(f"\n| {groups} | seconds to ready | up to the join | join | restoring |")
            print("|---|---|---|---|---|")
            print(f"| no kernels compiled, no state | {cold:.1f} | | | |")
            print(f"| warm, no state | {empty:.1f} | | | |")
            restoring = service.metric("hebbstream_restore_duration_seconds")
            before, join = join_seconds(service.log, born)
            print(
                f"| warm, state of all series | {warm:.1f} | {before:.2f} "
                f"| {join - restoring:.2f} | {restoring:.2f} |"
            )
            pace(broker, topic, service, seconds)
        with started(folder, config_of(broker.bootstrap, topic, folder, scores=True)):
            time.sleep(SETTLE_SECONDS)
            since = time.time()
            time.sleep(seconds)
        show(latencies(broker.bootstrap, APPLICATION, feed.sent, since))
    finally:
        feed.stop()


def pace(broker: ApacheKafka, topic: str, service: DaemonProcess, seconds: int) -> None:
    """Watch the service and a plain consumer for a while."""
    plain = subprocess.Popen(
        [sys.executable, "-c", PLAIN, broker.bootstrap, topic, str(PARTITIONS)]
    )
    try:
        time.sleep(3)
        watched = {"hebbstream": psutil.Process(service.pid), "plain": psutil.Process(plain.pid)}
        before = {name: sum(each.cpu_times()[:2]) for name, each in watched.items()}
        since = time.time()
        time.sleep(seconds)
        share = {
            name: (sum(each.cpu_times()[:2]) - before[name]) / (time.time() - since)
            for name, each in watched.items()
        }
        memory = watched["hebbstream"].memory_info().rss / 2**20
    finally:
        plain.kill()
        plain.wait()
    print("\n| | share of a core | memory, MiB |")
    print("|---|---|---|")
    print(f"| kafka-python, read and drop | {share['plain']:.1%} | |")
    print(f"| hebbstream | {share['hebbstream']:.1%} | {memory:.0f} |")
    print(f"| beyond reading | {share['hebbstream'] - share['plain']:.1%} | |")


def show(seconds: list[float]) -> None:
    """Print a table of latencies."""
    found = [1000 * each for each in seconds]
    print(f"\n| record that closes the frame to its score, {len(found):,} frames | ms |")
    print("|---|---|")
    for name, at in (("p50", 50), ("p99", 99)):
        print(f"| {name} | {np.percentile(found, at):.0f} |")
    print(f"| mean | {statistics.fmean(found):.0f} |")


if __name__ == "__main__":
    main()
