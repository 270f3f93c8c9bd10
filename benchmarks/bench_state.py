"""State at 100,000 series: bytes a series, how long a checkpoint stops the hot path, restore time.

One process, no broker: the engine reads wide records of 2,000 groups over 4 partitions as fast as
it can and keeps its state on disk. A pause is the time in which the hot path copies for a
checkpoint instead of working, each slice by itself. What it costs beside that (groups copied just
before they change, a writer that wants the interpreter) shows in the turns of the loop, of one
stretch without checkpoints and one with them.

Run: python benchmarks/bench_state.py [--series 100000] [--groups 2000] [--seconds 60]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import msgspec
import numpy as np

from daemon.app import sections_of
from daemon.checkpoints import Checkpoints
from daemon.clock import SystemClock
from daemon.config import Config
from daemon.engine import Engine
from daemon.files.sink import FileSink
from daemon.files.states import FileStates
from daemon.http.health import HealthState
from daemon.interpreter import tune_interpreter
from daemon.keeper import Keeper
from daemon.ports import AssignmentListener
from daemon.records import InputPartition, RecordBatch
from daemon.spans import Spans
from daemon.telemetry import Telemetry
from daemon.warmup import warmup

PARTITIONS = 4
START = 1_750_000_000
INTERVAL = 60
#: Records of one batch; each closes a frame of one group.
BATCH = 50


class Telling(Telemetry):
    """Telemetry that keeps every pause."""

    def __init__(self, clock: SystemClock) -> None:
        super().__init__(clock, "bench")
        self.pauses: list[float] = []

    def checkpoint_paused(self, seconds: float) -> None:
        """Keep it."""
        self.pauses.append(seconds)
        super().checkpoint_paused(seconds)


class Endless:
    """Records without end, one batch a poll: all groups of all partitions, tick by tick."""

    exhausted = False

    def __init__(self, series: int, groups: int) -> None:
        self.partitions = [InputPartition("metrics", number) for number in range(PARTITIONS)]
        self._size, self._groups = series // groups, groups // PARTITIONS
        self._offset = dict.fromkeys(self.partitions, 0)
        self._batches = self._made()

    def start(self, listener: AssignmentListener) -> None:
        """Assign everything."""
        listener.assigned(self.partitions)

    def poll(self, timeout_seconds: float) -> list[RecordBatch]:
        """Return the next batch."""
        return [next(self._batches)]

    def _made(self) -> Iterator[RecordBatch]:
        rng = np.random.default_rng(1)
        names = [f"metric_{number}" for number in range(self._size)]
        for tick in count():
            for partition in self.partitions:
                factor = rng.standard_normal((self._groups, 1))
                values = factor + 0.5 * rng.standard_normal((self._groups, self._size))
                for first in range(0, self._groups, BATCH):
                    rows = [
                        msgspec.json.encode(
                            {
                                "timestamp": START + tick * INTERVAL,
                                "labels": {"service": f"service-{partition.partition}-{group}"},
                                "values": dict(zip(names, values[group].tolist(), strict=True)),
                            }
                        )
                        for group in range(first, min(first + BATCH, self._groups))
                    ]
                    yield self._batch(partition, rows)

    def _batch(self, partition: InputPartition, rows: Sequence[bytes]) -> RecordBatch:
        first = self._offset[partition]
        self._offset[partition] += len(rows)
        return RecordBatch(
            partition=partition,
            offsets=np.arange(first, first + len(rows)),
            timestamps=np.full(len(rows), -1, np.int64),
            keys=Spans.of([None] * len(rows)),
            values=Spans.of(rows),
            next_offset=first + len(rows),
        )

    def commit(self, positions: Mapping[InputPartition, int]) -> bool:
        """Take it."""
        return True

    def lag(self) -> Mapping[InputPartition, int]:
        """Return none."""
        return {}

    def prefetch(self, left: int) -> None:
        """Do nothing: records are made when they are asked for."""

    def contact_age(self) -> float:
        """Return 0."""
        return 0.0

    def pause(self) -> None:
        """Never asked for here."""

    def resume(self) -> None:
        """Never asked for here."""

    def close(self) -> None:
        """Nothing to release."""


def run(engine: Engine, keeper: Keeper, warm_turns: int, seconds: float) -> list[list[float]]:
    """Warm up, work for some seconds without checkpoints, and for as many with them.

    Returns
    -------
    list of list of float
        How long each turn of the loop took, seconds, without checkpoints and with them.
    """
    turns: list[list[float]] = [[], []]
    interval, keeper.interval = keeper.interval, 1e9
    done, began, last = 0, 0.0, 0.0

    def stopping() -> bool:
        nonlocal done, began, last
        now = time.perf_counter()
        done += 1
        if done == warm_turns:
            began = now
        if began:
            with_them = now - began > seconds
            turns[with_them].append(now - last)
            keeper.interval = interval if with_them else 1e9
        last = time.perf_counter()
        return bool(began) and now - began > 2 * seconds

    engine.run(stopping)
    return turns


def restore_seconds(checkpoints: Checkpoints, partitions: Sequence[InputPartition]) -> float:
    """Measure how long it takes to begin again from the disk."""
    began = time.perf_counter()
    checkpoints.begin(partitions)
    return time.perf_counter() - began


def spread(values: Sequence[float]) -> str:
    """Write p50, p99 and the largest, milliseconds."""
    if not values:
        return "none"
    ms = np.array(values) * 1e3
    p50, p99 = np.percentile(ms, [50, 99])
    return f"{p50:.2f} | {p99:.2f} | {ms.max():.2f}"


def main() -> None:
    """Run and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=100_000)
    parser.add_argument("--groups", type=int, default=2_000)
    parser.add_argument("--ticks", type=int, default=70)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--interval", type=float, default=5.0)
    given = parser.parse_args()
    tune_interpreter()
    warmup()
    clock = SystemClock()
    telemetry = Telling(clock)
    config = Config.model_validate(
        {
            "framing": {"interval": INTERVAL, "lateness": 0},
            "grouping": {"group_by": ["service"], "groups_max": 100_000},
        }
    )
    sections = sections_of(config)
    source = Endless(given.series, given.groups)
    with tempfile.TemporaryDirectory() as folder:
        sink = FileSink(Path(folder) / "out")
        store = FileStates(Path(folder) / "state", 2)
        checkpoints = Checkpoints([Keeper(store, given.interval)], sink, sections, clock, telemetry)
        engine = Engine(
            source=source, sink=sink, clock=clock, sections=sections, telemetry=telemetry,
            health=HealthState(clock), checkpoints=checkpoints,
        )  # fmt: skip
        a_tick = PARTITIONS * -(-given.groups // PARTITIONS // BATCH)
        turns = run(engine, checkpoints.keepers[0], given.ticks * a_tick, given.seconds)
        size = sum(p.stat().st_size for p in _latest(Path(folder) / "state"))
        engine.partitions.clear()
        again = replace(checkpoints, sink=FileSink(Path(folder) / "again"), pool=None)
        seconds = restore_seconds(again, source.partitions)
    print(f"{given.series} series in {given.groups} groups, {PARTITIONS} partitions")
    print(f"bytes a series: {size / given.series:.0f}")
    print(f"checkpoints: {telemetry.value('checkpoints_total', 'disk', 'success'):.0f}")
    print("                        p50 | p99 | max, ms")
    print(f"pause:                  {spread(telemetry.pauses)}   ({len(telemetry.pauses)})")
    print(f"turn, no checkpoints:   {spread(turns[0])}   ({len(turns[0])})")
    print(f"turn, with checkpoints: {spread(turns[1])}   ({len(turns[1])})")
    print(f"restore: {seconds:.1f} s")


def _latest(folder: Path) -> Iterator[Path]:
    for partition in (folder / "metrics").iterdir():
        yield max(partition.glob("*.state"))


if __name__ == "__main__":
    main()
