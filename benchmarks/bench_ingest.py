"""From a topic to frames: records per second of CPU time, beside what else reads Kafka in Python.

One Apache Kafka node on the loopback holds a topic of flat JSON samples, one a record, one of wide
records, and one of lines as Telegraf writes them, a line of some fields each. Each reader is a
process of its own, reads a topic from its beginning to its end, and reports the CPU time of all its
threads from its first poll that brought records to the last; what the first fetch cost is not in
it, so a topic is many fetches long. The readers take turns for some rounds; the table gives the
median of each and its ratio to kafka-python that reads and drops, of the same rounds. A Quix
Streams pipeline takes part where the interpreter of an environment that has it is given. Tables
and plot are written to docs/benchmarks.md, the figures to benchmarks/ingest_results.json.

Run: python -m benchmarks.bench_ingest [--rounds 5] [--records 2000000] [--bootstrap HOST:PORT]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from confluent_kafka import Producer
from kafka import KafkaConsumer, TopicPartition

from benchmarks.ingest_report import Rounds, publish, summary, table
from daemon.app import sections_of
from daemon.clock import SystemClock
from daemon.config import Config, InputFormat
from daemon.engine import Engine
from daemon.http.health import HealthState
from daemon.interpreter import tune_interpreter
from daemon.kafka.source import KafkaSource
from daemon.records import InputPartition, RecordBatch
from daemon.telemetry import Telemetry
from daemon.warmup import warmup

ROOT = Path(__file__).resolve().parents[1]
PARTITIONS, SERVICES, METRICS = 4, 20, 50
WIDE, FIELDS = 100, 10
START = 1_750_000_000
POLL_RECORDS = 5000
#: A reader that has read nothing for so long gives up.
PATIENCE_SECONDS = 60.0


class Sample(msgspec.Struct):
    """What a user of msgspec would decode a record to."""

    name: str
    labels: dict[str, str]
    timestamp: int
    value: float


def flat_records(count: int) -> Iterator[tuple[int, bytes]]:
    """Yield partition and value of one-sample records, tick by tick over all series."""
    rng = np.random.default_rng(1)
    series = [(service, metric) for service in range(SERVICES) for metric in range(METRICS)]
    heads = [
        b'{"name":"http_request_seconds_%02d","labels":{"service":"checkout-%02d","zone":"eu-1",'
        b'"instance":"10.0.0.%d:9090"},"timestamp":' % (metric, service, service)
        for service, metric in series
    ]
    for tick in range(count // len(series)):
        values = rng.normal(100, 5, len(series)).tolist()
        for (service, _), head, value in zip(series, heads, values, strict=True):
            record = b'%s%d,"value":%r}' % (head, START + tick, value)
            yield service % PARTITIONS, record


def wide_records(count: int) -> Iterator[tuple[int, bytes]]:
    """Yield partition and value of records of `WIDE` samples each."""
    rng = np.random.default_rng(1)
    names = [b"http_request_seconds_%02d" % metric for metric in range(WIDE)]
    for number in range(count):
        tick, service = divmod(number, SERVICES)
        values = rng.normal(100, 5, WIDE).round(6).tolist()
        body = b",".join(b'"%s":%r' % pair for pair in zip(names, values, strict=True))
        yield (
            service % PARTITIONS,
            b'{"timestamp":%d,"labels":{"service":"checkout-%02d"},"values":{%s}}'
            % (START + tick, service, body),
        )


def line_records(count: int) -> Iterator[tuple[int, bytes]]:
    """Yield partition and value of records of line protocol, one line of `FIELDS` samples each."""
    rng = np.random.default_rng(1)
    names = [b"seconds_%02d" % field for field in range(FIELDS)]
    hosts = [(service, host) for service in range(SERVICES) for host in range(METRICS // FIELDS)]
    for number in range(count):
        tick, at = divmod(number, len(hosts))
        values = rng.normal(100, 5, FIELDS).round(6).tolist()
        # Telegraf takes the fields from a map: each line has them in another order.
        fields = b",".join(
            b"%s=%r" % (names[field], values[field]) for field in rng.permutation(FIELDS)
        )
        yield (
            hosts[at][0] % PARTITIONS,
            b"http,host=10.0.0.%d,service=checkout-%02d,zone=eu-1 %s %d"
            % (hosts[at][1], hosts[at][0], fields, (START + tick) * 10**9),
        )


def write(bootstrap: str, topic: str, records: Iterator[tuple[int, bytes]]) -> None:
    """Put records on a topic."""
    producer = Producer(
        {"bootstrap.servers": bootstrap, "linger.ms": 50, "batch.size": 2**19, "acks": 1}
    )
    for partition, value in records:
        while True:
            try:
                producer.produce(topic, value, partition=partition)
            except BufferError:  # too much waits
                producer.poll(0.05)
            else:
                break
    producer.flush(120)


class Meter:
    """CPU and wall time from the first poll that brought records to the last record."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._seen = self._counted = 0
        self._cpu = self._wall = 0.0
        self._figures: dict[str, float] = {}
        self._last = time.perf_counter()

    def count(self, records: int) -> bool:
        """Note what a poll brought and was done with; returns True when all is read."""
        if records:
            self._last = time.perf_counter()
            if not self._seen:
                self._cpu, self._wall = time.process_time(), self._last
            else:
                self._counted += records
            self._seen += records
        elif time.perf_counter() - self._last > PATIENCE_SECONDS:
            msg = f"{self._seen} of {self._total} records came"
            raise RuntimeError(msg)
        if self._seen >= self._total and not self._figures:
            if not self._counted:
                msg = f"all of the {self._total} records came at once: ask for more"
                raise RuntimeError(msg)
            cpu, wall = time.process_time() - self._cpu, self._last - self._wall
            self._figures = {"per_cpu": self._counted / cpu, "per_second": self._counted / wall}
        return bool(self._figures)

    def report(self) -> dict[str, float]:
        """Return records per CPU second and per second."""
        return self._figures


def read_plain(bootstrap: str, topic: str, meter: Meter, *, decode: bool) -> None:
    """Read with kafka-python, and decode with msgspec or drop."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, max_poll_records=POLL_RECORDS,
        max_partition_fetch_bytes=16 * 2**20,
    )  # fmt: skip
    consumer.assign([TopicPartition(topic, n) for n in range(PARTITIONS)])
    consumer.seek_to_beginning()
    read = msgspec.json.Decoder(Sample).decode
    done = False
    while not done:
        polled = consumer.poll(500)
        if decode:
            for rows in polled.values():
                for row in rows:
                    read(row.value)
        done = meter.count(sum(map(len, polled.values())))
    consumer.close()


def read_confluent(bootstrap: str, topic: str, meter: Meter, *, decode: bool) -> None:
    """Read with confluent-kafka, and decode with msgspec or drop."""
    from confluent_kafka import Consumer
    from confluent_kafka import TopicPartition as Place

    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": topic})
    consumer.assign([Place(topic, n, 0) for n in range(PARTITIONS)])
    read = msgspec.json.Decoder(Sample).decode
    done = False
    while not done:
        rows = consumer.consume(POLL_RECORDS, 0.5)
        if decode:
            for row in rows:
                read(row.value())
        done = meter.count(len(rows))
    consumer.close()


class Metered:
    """A source that is exhausted once all records were read; lets the engine end."""

    def __init__(self, source: KafkaSource, meter: Meter) -> None:
        self._source = source
        self._meter = meter
        self._pending = 0
        self.exhausted = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the source's
        return getattr(self._source, name)

    def poll(self, timeout_seconds: float) -> list[RecordBatch]:
        """Count what the last poll brought, now that it was worked on."""
        self.exhausted = self._meter.count(self._pending)
        if self.exhausted:
            return []
        batches = self._source.poll(timeout_seconds)
        self._pending = sum(len(batch.offsets) for batch in batches)
        return batches


class Everything:
    """Takes every partition, from its beginning."""

    def assigned(self, partitions: list[InputPartition]) -> dict[InputPartition, int]:
        """Begin at offset 0."""
        return dict.fromkeys(partitions, 0)

    def revoked(self, partitions: list[InputPartition]) -> dict[InputPartition, int]:
        """Commit nothing."""
        return {}

    lost = revoked


class Nowhere:
    """A sink that forgets."""

    backlog = 0
    refused: dict[str, int] = {}  # noqa: RUF012 - never changed

    def send(self, messages: object) -> None:
        """Forget."""

    def flush(self, timeout_seconds: float) -> bool:
        """Nothing waits."""
        return True

    def close(self) -> None:
        """Nothing to close."""


def config_of(bootstrap: str, topic: str, client: str) -> Config:
    """Return the configuration the service reads with."""
    return Config.model_validate(
        {
            "application_id": f"bench-{uuid.uuid4().hex[:8]}",
            "kafka": {
                "client": client,
                "bootstrap_servers": [bootstrap],
                "topics": [topic],
                "start_from": "earliest",
            },
            "input": {"format": InputFormat.INFLUX if "line" in topic else InputFormat.JSON},
            "grouping": {"group_by": ["service"]},
            "framing": {"interval": 1, "lateness": 0},
        }
    )


def read_service(
    bootstrap: str, topic: str, meter: Meter, *, whole: bool, client: str = "kafka-python"
) -> None:
    """Read with the service's source, and drop or run the engine on it."""
    tune_interpreter()
    warmup()
    config, clock = config_of(bootstrap, topic, client), SystemClock()
    source = KafkaSource(config.kafka, config.application_id, clock)
    if whole:
        sections = sections_of(config)
        telemetry = Telemetry(clock, sections.config_hash)
        engine = Engine(
            Metered(source, meter), Nowhere(), clock, sections, telemetry, HealthState(clock)
        )
        engine.run(lambda: False)
        return
    source.start(Everything())
    done = False
    while not done:
        done = meter.count(sum(len(batch.offsets) for batch in source.poll(0.5)))
    source.close()


def read_pipeline(bootstrap: str, topic: str, meter: Meter) -> None:
    """Read with Quix Streams and judge with river; in the environment that has both."""
    from benchmarks.quix_pipeline import read

    read(bootstrap, topic, meter.count)


PIPELINE = "Quix Streams, river HalfSpaceTrees"
READERS: dict[str, Callable[[str, str, Meter], None]] = {
    "kafka-python, drop": lambda *a: read_plain(*a, decode=False),
    "kafka-python, msgspec": lambda *a: read_plain(*a, decode=True),
    "confluent-kafka, drop": lambda *a: read_confluent(*a, decode=False),
    "confluent-kafka, msgspec": lambda *a: read_confluent(*a, decode=True),
    "hebbstream, read only": lambda *a: read_service(*a, whole=False),
    "hebbstream, whole service": lambda *a: read_service(*a, whole=True),
    "hebbstream on confluent-kafka": lambda *a: read_service(*a, whole=True, client="librdkafka"),
    PIPELINE: read_pipeline,
}
BASE = "kafka-python, drop"


def programs(topic: str, pipeline_python: str) -> dict[str, str]:
    """Name the readers that are installed and fit the topic, and who runs each."""
    found = dict.fromkeys(READERS, sys.executable)
    if "flat" not in topic:
        found = {name: each for name, each in found.items() if "msgspec" not in name}
    if pipeline_python and "line" not in topic:  # it decodes JSON
        return found | {PIPELINE: pipeline_python}
    del found[PIPELINE]
    return found


def compare(bootstrap: str, topic: str, total: int, options: argparse.Namespace) -> dict[str, Any]:
    """Let the readers take turns; returns what is published of them."""
    runs = programs(topic, options.pipeline_python)
    found: Rounds = {name: [] for name in runs}
    for _ in range(options.rounds):
        for name, python in runs.items():
            program = [python, "-m", "benchmarks.bench_ingest", "--reader", name]
            done = subprocess.run(
                [*program, "--bootstrap", bootstrap, "--topic", topic, "--records", str(total)],
                check=False, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            )  # fmt: skip
            if done.returncode:
                raise SystemExit(done.returncode)
            found[name].append(json.loads(done.stdout.splitlines()[-1]))
    return {"records": total, "readers": summary(found, BASE)}


def main() -> None:
    """Run one reader, or the whole comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bootstrap")
    parser.add_argument("--records", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--pipeline-python",
        default="",
        help="interpreter with Quix Streams and river; none: left out",
    )
    parser.add_argument("--reader", choices=READERS)
    parser.add_argument("--topic", default="")
    options = parser.parse_args()
    if options.reader:
        meter = Meter(options.records)
        READERS[options.reader](options.bootstrap, options.topic, meter)
        print(json.dumps(meter.report()))
        return
    sys.path.insert(0, str(ROOT / "tests"))
    from broker import ApacheKafka, ExternalBroker

    broker = ExternalBroker(options.bootstrap) if options.bootstrap else ApacheKafka()
    results = {}
    try:
        for kind, records, total in (
            ("flat", flat_records, options.records),
            ("wide", wide_records, options.records // 25),
            ("line", line_records, options.records // 5),
        ):
            topic = broker.create_topic(f"bench-{kind}", partitions=PARTITIONS)
            write(broker.bootstrap, topic, records(total))
            results[kind] = compare(broker.bootstrap, topic, total, options)
            print(f"\n{table(kind, total, results[kind]['readers'])}", flush=True)
    finally:
        broker.stop()
    publish(results)


if __name__ == "__main__":
    main()
