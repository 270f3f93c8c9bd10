"""A read model filled by a real pipeline, for the tests of what is shown.

Four series a group follow one cause; from `BREAK_AT` on one series of the first group goes its own
way, so that one incident opens. Label values are whatever the test wants to see survive.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec
import numpy as np

from daemon.app import read_model_of, sections_of
from daemon.config import Config
from daemon.http.health import HealthState
from daemon.mailbox import Mailbox
from daemon.pipeline import PartitionPipeline
from daemon.readmodel import ReadModel
from daemon.records import NANOSECONDS, InputPartition
from daemon.telemetry import Telemetry
from fakes import FakeClock, batch

START = 1_700_000_000
BREAK_AT, UNTIL_OPEN_MAX = 640, 120
METRICS = ("requests", "latency", "cpu", "errors")
PARTITION = InputPartition("metrics", 0)

#: Texts that break whatever is careless.
HOSTILE = (
    "<script>window.pwned=1</script>",
    '"><img src=x onerror=window.pwned=1>',
    "line\nbreak\ttab\r\x00\x07\x1b[31m",
    "a/b%2Fc?d=e&f=g#h%",
    "😀 ñ \u202eabc",
    "x" * 10_000,
    "{{7*7}}${7*7}`javascript:alert(1)`",
)

CONFIG = {
    "grouping": {"group_by": ["service"]},
    "framing": {"interval": 1, "lateness": 0},
    "input": {"name_bytes_max": 65_536},
    "incidents": {"recover_after": 5},
    "kafka": {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN",
              "sasl_username": "u", "sasl_password": "a-very-secret-word"},
}  # fmt: skip


@dataclass
class World:
    """A pipeline, its read model, and a source of values that can be driven on.

    Attributes
    ----------
    services : tuple of str
        Values of the label that makes groups.
    """

    services: tuple[str, ...] = ("a", "b")
    config: Config = field(default_factory=lambda: Config.model_validate(CONFIG))
    clock: FakeClock = field(default_factory=FakeClock)
    partition: InputPartition = PARTITION
    seed: int = 0

    def __post_init__(self) -> None:
        self.model: ReadModel = read_model_of(self.config, self.clock)
        self.pipeline = PartitionPipeline(self.partition, sections_of(self.config))
        self.owned = [self.pipeline]
        self.telemetry = Telemetry(self.clock, "abc")
        self.health = HealthState(self.clock)
        self._rng = np.random.default_rng(self.seed)
        self._tick = 0
        self._offset = 0

    def drive(self, ticks: int, *, broken: bool = False) -> World:
        """Let seconds pass and the model see them; publishes at the end."""
        payloads = []
        for _ in range(ticks):
            for index, service in enumerate(self.services):
                payloads.append(self._payload(service, broken=broken and index == 0))
            self._tick += 1
        step = 50 * len(self.services)
        for first in range(0, len(payloads), step):
            part = payloads[first : first + step]
            records = batch(
                self.partition, self._offset, part, timestamp=(START + self._tick) * NANOSECONDS
            )
            self._offset += len(part)
            self.model.observe(self.pipeline, self.pipeline.process(records))
        self.clock.advance(1.0)
        self.model.refresh(self.owned, self.clock.now())
        return self

    def _payload(self, service: str, *, broken: bool) -> bytes:
        cause = float(np.sin(self._tick / 7.0) + self._rng.normal(0, 0.3))
        values = {metric: 100.0 + 10.0 * (cause + self._rng.normal(0, 0.05)) for metric in METRICS}
        if broken:
            values[METRICS[-1]] = 100.0 - 60.0 * cause
        sample = {
            "timestamp": START + self._tick,
            "labels": {"service": service, "host": f"web <{service[:3]}>"},
            "values": values,
        }
        return msgspec.json.encode(sample)


@dataclass(frozen=True)
class Owned:
    """A partition that is owned."""

    pipeline: PartitionPipeline


@contextmanager
def hearing(mailbox: Mailbox, pipeline: PartitionPipeline) -> Iterator[None]:
    """Let the detectors of a pipeline hear what is sent, every few milliseconds, in a thread."""
    stop = threading.Event()

    def listen() -> None:
        while not stop.wait(0.005):
            mailbox.deliver({pipeline.partition: Owned(pipeline)}, lambda _: True)

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def broken_world(services: tuple[str, ...] = ("a", "b")) -> World:
    """Make a world in which the first service has an open incident, a few frames old."""
    world = World(services).drive(BREAK_AT)
    for _ in range(UNTIL_OPEN_MAX):
        world.drive(1, broken=True)
        if world.model.view.incidents:
            return world.drive(4, broken=True)
    msg = "no incident opened"
    raise AssertionError(msg)
