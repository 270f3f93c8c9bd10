"""What reading costs: the API's latency while the engine ingests at full load, and the ingest lost.

One process holds the engine, on a source that always has another poll of JSON records, and the HTTP
server; another process reads the API at a fixed rate for every other slice of time. Ingest with and
without readers is thus measured in one run, slice by slice, and compared as a ratio of medians.

Run: python benchmarks/bench_api.py [--seconds 60] [--rate 20] [--groups 50] [--series 20]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import statistics
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, RemoteDisconnected
from multiprocessing.connection import Connection

import numpy as np

from daemon.app import read_model_of, sections_of
from daemon.clock import SystemClock
from daemon.config import Config, ServerSection
from daemon.engine import Engine
from daemon.http.health import HealthState
from daemon.http.server import HttpServer
from daemon.pipeline import PartitionPipeline, PipelineOutput
from daemon.ports import AssignmentListener
from daemon.records import NANOSECONDS, InputPartition, Message, RecordBatch
from daemon.spans import Spans
from daemon.telemetry import Telemetry
from hebbstream import warmup

PARTITION = InputPartition("metrics", 0)
START = 1_750_000_000
P99_SECONDS_MAX, LOSS_MAX = 0.050, 0.05
PERIOD = 500
READERS, OK = 4, 200
WARMUP_SECONDS, SLICE_SECONDS = 8.0, 1.0
PATHS = (
    "/api/v1/status",
    "/api/v1/groups?limit=30&recent=120&sort=score",
    "/api/v1/incidents?state=open&explain=6",
    "/api/v1/incidents?limit=30&explain=6",
    "/api/v1/groups/{id}/edges?limit=100",
    "/api/v1/groups/{id}/components",
    "/api/v1/groups/{id}/scores",
    "/api/v1/journal?limit=100",
    "/metrics",
)


@dataclass
class EndlessSource:
    """Repeats prepared payloads with ever newer times: ingest is limited by the engine alone."""

    groups: int
    series: int
    ticks_per_poll: int = 5
    tick: int = 0
    offset: int = 0
    exhausted: bool = False

    def __post_init__(self) -> None:
        rng = np.random.default_rng(7)
        cause = np.sin(np.arange(PERIOD) / 9.0)[:, None]
        self._values = [
            [b"%.4f}" % value for value in row]
            for row in 100 + 10 * cause + rng.normal(size=(PERIOD, self.groups * self.series))
        ]
        self._heads = [
            b'{"name":"m%d","labels":{"service":"s%d","host":"h"},"timestamp":' % (s, g)
            for g in range(self.groups)
            for s in range(self.series)
        ]

    def start(self, listener: AssignmentListener) -> None:
        """Hand out the one partition."""
        listener.assigned([PARTITION])

    def poll(self, timeout_seconds: float) -> list[RecordBatch]:
        """Return the next few ticks of every group, a flat record a sample."""
        values: list[bytes | None] = []
        for tick in range(self.tick, self.tick + self.ticks_per_poll):
            at, row = b'%d,"value":' % (START + tick), self._values[tick % PERIOD]
            values += [head + at + value for head, value in zip(self._heads, row, strict=True)]
        self.tick += self.ticks_per_poll
        first, self.offset = self.offset, self.offset + len(values)
        stamp = (START + self.tick) * NANOSECONDS
        return [
            RecordBatch(
                partition=PARTITION,
                offsets=np.arange(first, self.offset),
                timestamps=np.full(len(values), stamp),
                keys=Spans.of([None] * len(values)),
                values=Spans.of(values),
                next_offset=self.offset,
            )
        ]

    def pause(self) -> None:
        """Nothing to pause."""

    def resume(self) -> None:
        """Nothing to resume."""

    def commit(self, positions: Mapping[InputPartition, int]) -> bool:
        """Nothing is lost by forgetting."""
        return True

    def lag(self) -> Mapping[InputPartition, int]:
        """Never behind."""
        return {PARTITION: 0}

    def prefetch(self, left: int) -> None:
        """Do nothing: records are at hand."""

    def contact_age(self) -> float:
        """Return 0: it always answers."""
        return 0.0

    def close(self) -> None:
        """Nothing to close."""


@dataclass
class NullSink:
    """Takes every message and forgets it."""

    backlog: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    def send(self, messages: Iterable[Message]) -> None:
        """Forget."""

    def flush(self, timeout_seconds: float) -> bool:
        """Nothing waits."""
        return True

    def close(self) -> None:
        """Nothing to close."""


def read(port: int, rate: float, orders: Connection) -> None:
    """Read the API at `rate` a second while told to; runs in a process of its own.

    Every order is a number of seconds; the answer is the latency of each request, counted from the
    moment it was due.
    """
    local = threading.local()

    def get(path: str) -> bytes:
        if not hasattr(local, "connection"):
            local.connection = HTTPConnection("127.0.0.1", port, timeout=10.0)
        try:
            local.connection.request("GET", path)
            answer = local.connection.getresponse()
        except (RemoteDisconnected, ConnectionResetError):  # it was idle for too long: as browsers
            local.connection.close()
            local.connection.request("GET", path)
            answer = local.connection.getresponse()
        body: bytes = answer.read()
        if answer.status != OK:
            msg = f"{path}: {answer.status}"
            raise RuntimeError(msg)
        return body

    def timed(path: str, due: float) -> tuple[str, float]:
        get(path)
        return path.split("?")[0], time.perf_counter() - due

    rng = random.Random(1)  # noqa: S311 - which page is read next is no secret
    with ThreadPoolExecutor(READERS) as pool:
        found: list[dict[str, str]] = []
        while (seconds := orders.recv()) is not None:
            found = found or json.loads(get("/api/v1/groups?limit=100"))["items"]
            begin, pending = time.perf_counter(), []
            for number in range(int(seconds * rate)):
                due = begin + number / rate
                time.sleep(max(0.0, due - time.perf_counter()))
                path = rng.choice(PATHS).replace("{id}", rng.choice(found)["id"])
                pending.append(pool.submit(timed, path, due))
            orders.send([each.result() for each in pending])


@dataclass
class Figures:
    """What a run measured."""

    alone: list[float] = field(default_factory=list)
    observed: list[float] = field(default_factory=list)
    latencies: list[tuple[str, float]] = field(default_factory=list)


def measure(seconds: float, rate: float, groups: int, series: int) -> Figures:
    """Alternate slices with and without readers; returns ingest rates and latencies."""
    config = Config.model_validate(
        {"grouping": {"group_by": ["service"]}, "framing": {"interval": 1, "lateness": 0}}
    )
    clock, figures = SystemClock(), Figures()
    telemetry, health = Telemetry(clock, "bench"), HealthState(clock)
    model = read_model_of(config, clock)
    samples, stop = [0], threading.Event()

    def observe(pipeline: PartitionPipeline, output: PipelineOutput) -> None:
        samples[0] += output.samples
        model.observe(pipeline, output)

    engine = Engine(
        source=EndlessSource(groups, series), sink=NullSink(), clock=clock,
        sections=sections_of(config), telemetry=telemetry, health=health,
        observe=observe, refresh=model.refresh,
    )  # fmt: skip
    warmup()
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    section = ServerSection(host="127.0.0.1", port=0)
    with HttpServer(section, telemetry, health, model) as server:
        reader = multiprocessing.get_context("spawn").Process(
            target=read, args=(server.port, rate, theirs), daemon=True
        )
        reader.start()
        theirs.close()  # so that a reader that dies is noticed
        driver = threading.Thread(
            target=drive, args=(figures, ours, samples, seconds, stop), daemon=True
        )
        driver.start()
        engine.run(stop.is_set)  # the engine owns the main thread, as in the service
        driver.join()
        ours.send(None)
        reader.join(5.0)
    return figures


def drive(
    figures: Figures, orders: Connection, samples: list[int], seconds: float, stop: threading.Event
) -> None:
    """Alternate slices until the time is up; the order within a pair changes from pair to pair."""
    try:
        time.sleep(WARMUP_SECONDS)
        orders.send(1.0)
        orders.recv()
        for pair in range(max(2, round(seconds / (2 * SLICE_SECONDS)))):
            for with_readers in (False, True) if pair % 2 else (True, False):
                before, begin = samples[0], time.perf_counter()
                if with_readers:
                    orders.send(SLICE_SECONDS)
                    figures.latencies += orders.recv()
                else:
                    time.sleep(SLICE_SECONDS)
                rate = (samples[0] - before) / (time.perf_counter() - begin)
                (figures.observed if with_readers else figures.alone).append(rate)
    finally:
        stop.set()


def report(figures: Figures) -> bool:
    """Print the figures; returns whether both targets are met.

    The load tells how much of the machine others took: it is about 1 when nobody did.
    """
    values = sorted(seconds for _, seconds in figures.latencies)
    p50, p99 = (values[min(len(values) - 1, int(len(values) * q))] for q in (0.5, 0.99))
    pairs = [o / a for a, o in zip(figures.alone, figures.observed, strict=True)]
    loss = 1 - statistics.median(pairs)
    print(f"requests              {len(values)}")
    print(f"latency p50 / p99     {p50 * 1e3:.1f} / {p99 * 1e3:.1f} ms (target p99 < 50)")
    print(f"samples/s alone       {statistics.median(figures.alone):,.0f}")
    print(f"samples/s observed    {statistics.median(figures.observed):,.0f}")
    low, _, high = statistics.quantiles(pairs, n=4)
    spread = f"quartiles {1 - high:.1%} to {1 - low:.1%}"
    print(
        f"ingest lost           {loss:.1%} (median of {len(pairs)} pairs, {spread}, target < 5 %)"
    )
    print(f"load average          {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    by_path: dict[str, list[float]] = {}
    for path, seconds in figures.latencies:
        parts = path.split("/")
        by_path.setdefault(parts[-1], []).append(seconds)
    for path, each in sorted(by_path.items()):
        print(f"  {path:<12} {statistics.median(each) * 1e3:6.1f} ms median, {len(each)} requests")
    return p99 < P99_SECONDS_MAX and loss < LOSS_MAX


def main() -> int:
    """Parse arguments, measure, report; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("--groups", type=int, default=50)
    parser.add_argument("--series", type=int, default=20)
    given = parser.parse_args()
    figures = measure(given.seconds, given.rate, given.groups, given.series)
    return 0 if report(figures) else 1


if __name__ == "__main__":
    raise SystemExit(main())
