"""The live stream: `daemon.http.stream`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.types import Message

from daemon.events import Event
from daemon.http.server import HttpServer
from daemon.http.stream import QUEUE_MAX, REMEMBERED_MAX, EventHub, EventStream
from daemon.readmodel.views import GroupIdentity
from shown import World, broken_world

Told = Sequence[tuple[GroupIdentity, Event]]


@pytest.fixture(scope="module")
def told() -> Told:
    """One group's event."""
    model = broken_world().model
    (incident,) = model.view.incidents.values()
    return [(incident.identity, incident.latest)]


class Browser:
    """The reader's end of one stream."""

    def __init__(self) -> None:
        self.text = ""
        self.ended = False
        self._gone = asyncio.Event()
        self._news = asyncio.Event()

    async def receive(self) -> Message:
        """Say that the reader has gone, once it has."""
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take what the stream sends."""
        if message["type"] == "http.response.body":
            self.text += message["body"].decode()
            self.ended = not message["more_body"]
        self._news.set()

    async def until(self, wanted: Callable[[str], bool]) -> str:
        """Wait until the text so far is as wanted."""
        while not wanted(self.text):
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), 5.0)
        return self.text

    def leave(self) -> None:
        """Close the window."""
        self._gone.set()


@asynccontextmanager
async def reading(
    hub: EventHub, group_id: str | None = None, last_id: str | None = None
) -> AsyncIterator[tuple[Browser, Awaitable[None]]]:
    """Open a stream, and close it in the end."""
    browser = Browser()
    stream = EventStream(hub, group_id, last_id)
    task = asyncio.ensure_future(stream({"type": "http"}, browser.receive, browser.send))
    await browser.until(lambda text: "connected" in text)
    yield browser, task
    browser.leave()
    await asyncio.wait_for(task, 5.0)


def messages(text: str) -> list[dict[str, object]]:
    """Read the data of every incident message."""
    return [json.loads(line[6:]) for line in text.split("\n") if line.startswith('data: {"')]


def bound_hub(**options: float) -> EventHub:
    """Make a hub on the running loop."""
    hub = EventHub(4, "boot", **options)
    hub.bind(asyncio.get_running_loop())
    return hub


def test_an_event_reaches_every_reader_it_concerns(told: Told) -> None:
    """Who asked for another group hears nothing of it."""

    async def run() -> tuple[str, str]:
        hub = bound_hub()
        async with reading(hub) as (all_of_it, _), reading(hub, "0" * 16) as (other, _):
            hub.publish(told)
            text = await all_of_it.until(lambda text: "data: " in text)
            return text, other.text

    text, other = asyncio.run(run())

    (message,) = messages(text)
    assert message["group_id"] == told[0][0].id
    assert "id: boot-1\nevent: incident\n" in text
    assert "data: " not in other


def test_a_reader_that_comes_back_gets_what_it_missed(told: Told) -> None:
    """By the id of the last message it has seen."""

    async def run() -> str:
        hub = bound_hub()
        async with reading(hub) as (first, _):
            hub.publish([*told, *told, *told])
            await first.until(lambda text: "boot-3" in text)
        async with reading(hub, last_id="boot-1") as (again, _):
            return await again.until(lambda text: "boot-3" in text)

    text = asyncio.run(run())

    assert len(messages(text)) == 2
    assert "reset" not in text


@pytest.mark.parametrize("last_id", ["other-1", "boot-0", "boot-999999", "nonsense", "boot-²"])
def test_what_cannot_be_made_up_for_is_a_reset(told: Told, last_id: str) -> None:
    """After a restart, or too long a time, the reader is told to read anew."""

    async def run() -> str:
        hub = bound_hub()
        async with reading(hub) as (first, _):
            hub.publish(told)
            await first.until(lambda text: "id: boot-1\n" in text)
            hub.publish([*told] * REMEMBERED_MAX)
            await first.until(lambda text: f"id: boot-{1 + REMEMBERED_MAX}\n" in text)
        async with reading(hub, last_id=last_id) as (again, _):
            return await again.until(lambda text: "event: " in text)

    text = asyncio.run(run())

    assert "event: reset" in text
    assert messages(text) == []


def test_a_reader_that_falls_behind_is_let_go(told: Told) -> None:
    """Memory for one reader is bounded, and nobody waits for it."""

    async def run() -> tuple[bool, int]:
        hub = bound_hub()
        async with reading(hub) as (browser, task):
            hub.publish([*told] * (QUEUE_MAX + 1))
            await asyncio.wait_for(task, 5.0)
            return browser.ended, hub.reader_count

    assert asyncio.run(run()) == (True, 0)


def test_silence_is_broken_by_comments() -> None:
    """Both ends notice a connection that died."""

    async def run() -> str:
        hub = bound_hub(heartbeat_seconds=0.01)
        async with reading(hub) as (browser, _):
            return await browser.until(lambda text: text.count(": still here") >= 2)

    assert "still here" in asyncio.run(run())


def test_a_reader_that_leaves_frees_its_place() -> None:
    """Windows that were closed do not count."""

    async def run() -> tuple[int, int]:
        hub = bound_hub()
        async with reading(hub):
            during = hub.reader_count
        return during, hub.reader_count

    assert asyncio.run(run()) == (1, 0)


def test_a_hub_without_a_loop_swallows_events(told: Told) -> None:
    """The engine does not care whether anybody serves or listens."""
    hub = EventHub(1, "boot")
    hub.publish(told)
    loop = asyncio.new_event_loop()
    hub.bind(loop)
    loop.close()

    hub.publish(told)

    assert hub.reader_count == 0


@pytest.mark.slow
def test_streams_are_served_up_to_a_number(server: HttpServer, client: httpx.Client) -> None:
    """One more than allowed is told to poll; a place that becomes free is given away."""
    streams = [client.stream("GET", "/api/v1/events/stream") for _ in range(3)]
    texts = [stream.__enter__().iter_text() for stream in streams]
    for text in texts:
        next(text)

    refused = client.get("/api/v1/events/stream")
    for stream in streams:
        stream.__exit__(None, None, None)

    assert refused.status_code == 503
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"]


@pytest.mark.slow
def test_an_incident_is_streamed_as_it_opens(world: World) -> None:
    """From the engine's thread to the reader, over a real connection."""
    fresh = broken_world(("only",))
    with HttpServer(
        fresh.config.server.model_copy(update={"host": "127.0.0.1", "port": 0}),
        fresh.telemetry,
        fresh.health,
        fresh.model,
    ) as server:
        url = f"http://127.0.0.1:{server.port}/api/v1/events/stream"
        with httpx.stream("GET", url, timeout=10.0) as answer:
            lines = answer.iter_lines()
            first = next(lines)
            fresh.drive(100)
            data = next(line for line in lines if line.startswith("data: "))

    assert first.startswith("retry: ")
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert json.loads(data[6:])["event"]["group"] == "only"
