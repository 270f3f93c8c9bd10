"""The live stream of incidents as server-sent events, for a bounded number of readers.

The engine's thread hands events over and goes on; everything else happens on the HTTP thread. A
reader that falls behind is let go rather than waited for: it comes back with the id of the last
message it has seen and is given what it missed, as far as that is still remembered.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from daemon.events import Event
from daemon.http.documents import encoded
from daemon.http.incident_documents import streamed
from daemon.readmodel.views import GroupIdentity

HEARTBEAT_SECONDS = 15.0
#: A reader that takes nothing for this long is let go.
SEND_SECONDS_MAX = 10.0
#: Messages that wait for one reader, and messages remembered for readers that come back.
QUEUE_MAX = 256
REMEMBERED_MAX = 256
RETRY_MS = 3000

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@dataclass(slots=True, eq=False)
class Reader:
    """One open stream; None in the queue ends it."""

    group_id: str | None
    queue: asyncio.Queue[bytes | None] = field(
        default_factory=lambda: asyncio.Queue(maxsize=QUEUE_MAX)
    )
    behind: bool = False

    def offer(self, group_id: str, message: bytes) -> None:
        """Queue a message that concerns the reader; one that is full is let go."""
        if self.group_id not in (None, group_id) or self.behind:
            return
        try:
            self.queue.put_nowait(message)
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """Let the reader go, whatever it has not read yet."""
        self.behind = True
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)


class EventHub:
    """Passes events from the engine's thread to every reader.

    Parameters
    ----------
    readers_max : int
        Streams open at once.
    boot : str
        Tells this process' message ids from those of an earlier one.
    heartbeat_seconds : float
        A comment is sent when nothing else was for this long, so that both ends notice a loss.
    """

    def __init__(
        self, readers_max: int, boot: str, heartbeat_seconds: float = HEARTBEAT_SECONDS
    ) -> None:
        self.heartbeat_seconds = heartbeat_seconds
        self._readers_max = readers_max
        self._boot = boot
        self._number = 0
        self._readers: set[Reader] = set()
        self._remembered: deque[tuple[int, str, bytes]] = deque(maxlen=REMEMBERED_MAX)
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def full(self) -> bool:
        """Whether no further reader can be served."""
        return len(self._readers) >= self._readers_max

    @property
    def reader_count(self) -> int:
        """Streams open now."""
        return len(self._readers)

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to pass events on, on this loop."""
        self._loop = loop

    def publish(self, told: Sequence[tuple[GroupIdentity, Event]]) -> None:
        """Hand events over; from any thread, never blocks, never fails."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop has ended: nobody listens any more
                loop.call_soon_threadsafe(self._spread, tuple(told))

    def close(self) -> None:
        """End every stream; on the loop's thread."""
        self._loop = None
        for reader in self._readers:
            reader.end()

    def join(self, group_id: str | None, last_id: str | None) -> Reader:
        """Take a reader on, with what it missed since the message `last_id`.

        A `reset` message stands for what is remembered no more: read the incidents anew.
        """
        reader = Reader(group_id)
        if last_id is not None:
            boot, _, digits = last_id.rpartition("-")
            number = int(digits) if digits.isascii() and digits.isdigit() else -1
            known = self._remembered[0][0] - 1 if self._remembered else self._number
            if boot != self._boot or not known <= number <= self._number:
                reader.queue.put_nowait(b"event: reset\ndata: {}\n\n")
            else:
                for each, group, message in self._remembered:
                    if each > number:
                        reader.offer(group, message)
        self._readers.add(reader)
        return reader

    def leave(self, reader: Reader) -> None:
        """Forget a reader."""
        self._readers.discard(reader)

    def _spread(self, told: Sequence[tuple[GroupIdentity, Event]]) -> None:
        for identity, event in told:
            self._number += 1
            head = f"id: {self._boot}-{self._number}\nevent: incident\ndata: "
            message = head.encode() + encoded(streamed(identity.id, event)) + b"\n\n"
            self._remembered.append((self._number, identity.id, message))
            for reader in self._readers:
                reader.offer(identity.id, message)


class EventStream(Response):
    """The answer that does not end by itself.

    Parameters
    ----------
    hub : EventHub
        Where messages come from.
    group_id : str or None
        Only this group's.
    last_id : str or None
        Id of the last message the reader has seen.
    """

    def __init__(self, hub: EventHub, group_id: str | None, last_id: str | None) -> None:
        super().__init__(headers=HEADERS, media_type="text/event-stream")
        del self.headers["content-length"]
        self._hub = hub
        self._group_id = group_id
        self._last_id = last_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the reader goes, falls behind, or the service stops."""
        reader = self._hub.join(self._group_id, self._last_id)
        gone = asyncio.ensure_future(_until_gone(receive))
        gone.add_done_callback(lambda _: reader.end())
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await _send(send, f"retry: {RETRY_MS}\n: connected\n\n".encode())
            await self._relay(reader, send)
            if not gone.done():
                await _send(send, b"", more=False)
        except (OSError, TimeoutError):
            pass  # the reader is gone, or takes nothing: there is nobody to tell
        finally:
            self._hub.leave(reader)
            gone.cancel()

    async def _relay(self, reader: Reader, send: Send) -> None:
        while True:
            try:
                message = await asyncio.wait_for(reader.queue.get(), self._hub.heartbeat_seconds)
            except TimeoutError:
                message = b": still here\n\n"
            if message is None:
                return
            await _send(send, message)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, body: bytes, *, more: bool = True) -> None:
    message: Message = {"type": "http.response.body", "body": body, "more_body": more}
    await asyncio.wait_for(send(message), SEND_SECONDS_MAX)
