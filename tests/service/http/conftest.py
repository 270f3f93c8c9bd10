"""A served world, and ways to ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from daemon.config import ServerSection
from daemon.http.health import CHECKS
from daemon.http.server import HttpServer
from shown import HOSTILE, World, broken_world

LOOPBACK = ServerSection(host="127.0.0.1", port=0, streams_max=3)


@pytest.fixture(scope="module")
def world() -> World:
    """Return groups with hostile names beside two plain ones; the first has an incident."""
    world = broken_world(("svc a", "svc b", *HOSTILE))
    world.health.beat()
    for name in CHECKS:
        world.health.report(name, ok=True, reason="fine")
    return world


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[HttpServer]:
    """Serve that world on a free loopback port."""
    with HttpServer(LOOPBACK, world.telemetry, world.health, world.model) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: HttpServer) -> Iterator[httpx.Client]:
    """Speak to that server."""
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=10.0) as client:
        yield client


@pytest.fixture
def group_id(client: httpx.Client) -> Callable[[str], str]:
    """Return a way from a group's name to its id."""

    def find(name: str) -> str:
        items = client.get("/api/v1/groups", params={"name": name}).json()["items"]
        return str(items[0]["id"])

    return find
