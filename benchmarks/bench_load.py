"""Latency from record to score while the service is kept busy: at shares of what it can read.

One Apache Kafka node on the loopback and one unmodified `hebbstream run` with `output.scores`. It
first reads a backlog as fast as it can, and then what is sent at that very rate, for on a small
machine sender and broker take what it could use: what it keeps up with is its capacity, here and
now. Then its series tick so often, each second of event time a burst of records, that the asked
share of that capacity is sent. Latency is from the send of the record that
closes a frame to the broker's time on that frame's score, as `make bench-live` has it at rest pace.

Run: python -m benchmarks.bench_load [--load .1,.8] [--per-group 50,500] [--seconds 30]
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from confluent_kafka import Producer

from benchmarks.bench_live import BROKER_SETTINGS, PARTITIONS, config_of, latencies, started
from benchmarks.page import write_part
from broker import ApacheKafka
from daemon_process import DaemonProcess, wait_until

#: Ticks whose values are made up; they repeat, for encoding must not be what limits the load.
MADE = 50
START_AGO_SECONDS = 86_400
SETTLE_SECONDS, PATIENCE_SECONDS, LOOK_SECONDS = 5.0, 180.0, 0.2
#: The share of the backlog at which capacity begins to be measured: all series are known by then.
WARM_SHARE = 0.4
SAMPLES, LAG = "hebbstream_samples_total", "hebbstream_consumer_lag_records"
FULL_SECONDS = 15.0


class Ticking:
    """Sends the records of one second of event time after the other, as fast as it is told.

    Parameters
    ----------
    bootstrap, topic : str
        Where they go.
    series, per_group, wide : int
        How many there are, in one group, and in one record.
    """

    def __init__(self, bootstrap: str, topic: str, series: int, per_group: int, wide: int) -> None:
        self._topic = topic
        self._producer = Producer(
            {"bootstrap.servers": bootstrap, "linger.ms": 0, "queue.buffering.max.messages": 10**6}
        )
        self._second = int(time.time()) - START_AGO_SECONDS
        self._bodies = _bodies(series, per_group, wide)
        self.records_a_tick = len(self._bodies[0])

    def tick(self, sent: dict[tuple[int, int], float]) -> None:
        """Send the next second's records, and note when each partition's first one left."""
        head = b'{"timestamp":%d,' % self._second
        for partition, body in self._bodies[self._second % MADE]:
            sent.setdefault((partition, self._second), time.time())
            self._producer.produce(self._topic, head + body, partition=partition)
        self._producer.poll(0)
        self._second += 1

    def flush(self) -> None:
        """Wait until all has arrived."""
        self._producer.flush(60)


def _bodies(series: int, per_group: int, wide: int) -> list[list[tuple[int, bytes]]]:
    rng = np.random.default_rng(1)
    made = []
    for _ in range(MADE):
        values = rng.normal(100, 5, series).round(4).tolist()
        bodies = []
        for first in range(0, series, wide):
            group, metric = divmod(first, per_group)
            count = min(wide, per_group - metric)
            named = {f"metric_{metric + n:03d}": values[first + n] for n in range(count)}
            body = json.dumps({"labels": {"service": f"svc-{group:03d}"}, "values": named})
            bodies.append((group % PARTITIONS, body[1:].encode()))
        made.append(bodies)
    return made


@dataclass(slots=True)
class Busy:
    """What was measured at one share.

    Attributes
    ----------
    asked, sent, taken : float
        Samples a second: to be sent, sent, and read by the service.
    cores, idle : float
        That the service used, and that nobody on the machine used, on average.
    lag : float
        Records that waited at the end.
    latency : list of float
        Seconds, of every frame.
    """

    asked: float
    sent: float = 0.0
    taken: float = 0.0
    cores: float = 0.0
    idle: float = 0.0
    lag: float = 0.0
    latency: list[float] = field(default_factory=list)


def backlog_rate(service: DaemonProcess, total: int) -> float:
    """Return samples a second of the later part of a backlog of `total` samples."""
    begun, seen = time.monotonic(), 0.0
    first: tuple[float, float] | None = None
    while seen < total:
        if time.monotonic() > begun + PATIENCE_SECONDS or not service.alive:
            msg = f"read {seen:,.0f} of {total:,} samples\n{service.log[-2000:]}"
            raise SystemExit(msg)
        time.sleep(LOOK_SECONDS)
        seen = service.metric(SAMPLES)
        now = time.monotonic()
        if first is None and seen >= WARM_SHARE * total:
            first = (now, seen)
    if first is None or first[1] >= seen:
        msg = "the backlog was read too quickly to tell: ask for more --backlog"
        raise SystemExit(msg)
    return (seen - first[1]) / (now - first[0])


def keep_busy(
    service: DaemonProcess, ticking: Ticking, series: int, rate: float, seconds: float
) -> tuple[Busy, dict[tuple[int, int], float], float]:
    """Send `rate` samples a second for a while; returns figures, when what left, and since when."""
    busy, sent, period = Busy(rate), {}, series / rate
    process = psutil.Process(service.pid)
    begun = time.time()
    since, end = begun + SETTLE_SECONDS, begun + SETTLE_SECONDS + seconds
    cpu, idle, taken, counted = 0.0, 0.0, 0.0, -1
    for number in itertools.count():
        due = begun + number * period
        if due >= end:
            break
        time.sleep(max(0.0, due - time.time()))
        if counted < 0 and time.time() >= since:
            cpu, counted, since = sum(process.cpu_times()[:2]), number, time.time()
            idle, taken = psutil.cpu_times().idle, service.metric(SAMPLES)
        ticking.tick(sent)
    took = time.time() - since
    busy.sent = (number - counted) * series / took
    busy.cores = (sum(process.cpu_times()[:2]) - cpu) / took
    busy.idle = (psutil.cpu_times().idle - idle) / took
    busy.taken = (service.metric(SAMPLES) - taken) / took
    busy.lag = service.metric(LAG)
    ticking.flush()
    time.sleep(SETTLE_SECONDS)
    wait_until(lambda: service.metric(LAG) == 0, PATIENCE_SECONDS, "the end of what was sent")
    return busy, sent, since


def measure(
    broker: ApacheKafka, per_group: int, options: argparse.Namespace, folder: Path
) -> tuple[float, float, list[Busy]]:
    """Find what is read of a backlog, the capacity, and the latency at each share of it."""
    topic = broker.create_topic("load", partitions=PARTITIONS)
    application = f"bench-load-{per_group}"
    config = config_of(broker.bootstrap, topic, folder, scores=options.scores)
    config |= {"application_id": application}
    config["kafka"] |= {"start_from": "earliest"}
    config["state"] |= {"interval": options.state_interval}
    wide = min(options.wide, per_group)
    ticking = Ticking(broker.bootstrap, topic, options.series, per_group, wide)
    for _ in range(options.backlog):
        ticking.tick({})
    ticking.flush()
    found = []
    with started(folder, config) as (service, _):
        alone = backlog_rate(service, options.backlog * options.series)
        full, _, _ = keep_busy(service, ticking, options.series, alone, FULL_SECONDS)
        able = min(alone, full.taken)
        for share in options.load:
            busy, sent, since = keep_busy(
                service, ticking, options.series, share * able, options.seconds
            )
            if options.scores:
                busy.latency = latencies(broker.bootstrap, application, sent, since)
            found.append(busy)
    return alone, able, found


def column(
    per_group: int, series: int, alone: float, able: float, found: list[Busy]
) -> list[tuple[str, str]]:
    """Write the figures of one size of groups, by row."""
    rows = [
        ("", f"{series // per_group} groups of {per_group}"),
        ("samples a second of a backlog", f"{alone:,.0f}"),
        ("capacity: of what is sent meanwhile", f"{able:,.0f}"),
    ]
    for busy in found:
        share = f"at {busy.asked / able:.0%}"
        p50, p99 = np.percentile(np.array(busy.latency or [np.nan]) * 1e3, [50, 99])
        rows += [
            (f"{share}: sent, of what was asked", f"{busy.sent / busy.asked:.0%}"),
            (f"{share}: cores the service used, nobody used", f"{busy.cores:.2f}, {busy.idle:.2f}"),
            (f"{share}: records waiting at the end", f"{busy.lag:,.0f}"),
            (f"{share}: frames", f"{len(busy.latency):,}"),
            (f"{share}: closing record to score, p50, p99", f"{p50:.0f}, {p99:.0f} ms"),
        ]
    return rows


def main() -> None:
    """Measure, print, and write the table into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--per-group", default="50,500", help="sizes, one after the other")
    parser.add_argument("--wide", type=int, default=50, help="samples of one record at most")
    parser.add_argument("--load", default=".1,.8", help="shares of the capacity")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each share")
    parser.add_argument("--backlog", type=int, default=600, help="ticks that tell the capacity")
    parser.add_argument("--state-interval", default="5s", help="between checkpoints")
    parser.add_argument("--no-scores", dest="scores", action="store_false", help="capacity only")
    options = parser.parse_args()
    options.load = [float(each) for each in options.load.split(",")]
    broker = ApacheKafka(settings=BROKER_SETTINGS)
    columns = []
    try:
        for per_group in map(int, options.per_group.split(",")):
            with tempfile.TemporaryDirectory() as name:
                figures = measure(broker, per_group, options, Path(name))
            columns.append(column(per_group, options.series, *figures))
            print(columns[-1], flush=True)
    finally:
        broker.stop()
    rows = [[cells[0][0], *(cell[1] for cell in cells)] for cells in zip(*columns, strict=True)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, f"|{'---|' * len(rows[0])}")
    print("\n".join(lines))
    if options.scores:
        write_part("load", "\n".join(lines))


if __name__ == "__main__":
    main()
