"""From the engine to the reader: what is ingested is what the API answers."""

from __future__ import annotations

import httpx
import msgspec
import pytest

from daemon.app import sections_of
from daemon.config import ServerSection
from daemon.engine import Engine
from daemon.http.server import HttpServer
from fakes import Assign, FakeSink, FakeSource, batch
from shown import METRICS, PARTITION, START, World

TICKS = 200
pytestmark = pytest.mark.slow


def records(tick: int) -> list[bytes | None]:
    """Return one second of two services."""
    return [
        msgspec.json.encode(
            {
                "timestamp": START + tick,
                "labels": {"service": service},
                "values": {metric: float(tick % 7 + place) for place, metric in enumerate(METRICS)},
            }
        )
        for service in ("a", "b")
    ]


def test_what_the_engine_reads_is_what_the_api_shows() -> None:
    """Groups, frames and positions while the partition is ours, and nothing after it has moved."""
    world = World(())
    steps = [batch(PARTITION, 2 * tick, records(tick)) for tick in range(TICKS)]
    source = FakeSource([Assign((PARTITION,)), *steps, None], world.clock)
    engine = Engine(
        source=source, sink=FakeSink(), clock=world.clock, sections=sections_of(world.config),
        telemetry=world.telemetry, health=world.health,
        observe=world.model.observe, refresh=world.model.refresh,
    )  # fmt: skip
    section = ServerSection(host="127.0.0.1", port=0)

    with HttpServer(section, world.telemetry, world.health, world.model) as server:
        url = f"http://127.0.0.1:{server.port}/api/v1"
        engine.run(lambda: False)
        groups = httpx.get(f"{url}/groups").json()["items"]
        status = httpx.get(f"{url}/status").json()
        engine.refresh([], world.clock.now(), settled=True)
        left = httpx.get(f"{url}/groups").json()["items"]

    assert [(group["name"], group["frames"]) for group in groups] == [("a", TICKS), ("b", TICKS)]
    assert status["partitions"][0]["next_offset"] == 2 * TICKS
    assert left == []
