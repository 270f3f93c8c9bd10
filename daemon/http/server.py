"""The HTTP port: the page, the read API, /metrics and the probes, in a thread of their own.

uvicorn runs its loop on that thread and installs no signal handlers there. The kernels release the
interpreter's lock, so this thread answers while the engine computes.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

import uvicorn
import uvloop

from daemon.clock import SystemClock
from daemon.config import ServerSection
from daemon.errors import ConfigError
from daemon.http.application import make_application
from daemon.http.context import Context
from daemon.http.health import HealthState
from daemon.http.room import QUIET_MAX, REQUESTS_MAX, Connection
from daemon.http.stream import EventHub
from daemon.log import get_logger
from daemon.mailbox import Mailbox
from daemon.readmodel import About, ReadModel
from daemon.telemetry import Telemetry

log = get_logger(__name__)

KEEP_ALIVE_SECONDS: Final = 15
#: Time for answers under way when the service stops, and for the thread to end after that.
GRACE_SECONDS: Final = 1
JOIN_SECONDS: Final = 5.0
TICK_SECONDS: Final = 1.0
BACKLOG: Final = 128


class HttpServer:
    """Serves until closed; a context manager.

    Parameters
    ----------
    section : ServerSection
        Address and port; port 0 takes a free one.
    telemetry : Telemetry
        What /metrics shows.
    health : HealthState
        What /healthz and /readyz show.
    read_model : ReadModel, optional
        What the page and the API show; without one they show nothing.
    mailbox : Mailbox, optional
        Where feedback goes; without one nobody hears it.
    """

    def __init__(
        self,
        section: ServerSection,
        telemetry: Telemetry,
        health: HealthState,
        read_model: ReadModel | None = None,
        mailbox: Mailbox | None = None,
    ) -> None:
        self._section = section
        model = ReadModel(About(), SystemClock()) if read_model is None else read_model
        self._hub = EventHub(section.streams_max, boot=secrets.token_hex(4))
        model.listen(self._hub.publish)
        token = None if section.token is None else section.token.get_secret_value()
        self._context = Context(model, telemetry, health, self._hub, mailbox or Mailbox(), token)
        self._socket: socket.socket | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def port(self) -> int:
        """The port that is listened on; the configured one before `start`."""
        return self._section.port if self._socket is None else self._socket.getsockname()[1]

    def start(self) -> None:
        """Listen and answer from now on.

        Raises
        ------
        ConfigError
            When the address cannot be listened on.
        """
        host, port = self._section.host, self._section.port
        try:
            self._socket = _listen(host, port)
        except OSError as error:
            reason = f"cannot listen on {host}:{port}: {error.strerror or error}"
            raise ConfigError([f"server.port: {reason}"]) from error
        self._server = _Server(
            uvicorn.Config(
                make_application(self._context),
                log_config=None,
                log_level=logging.CRITICAL,  # what fails is logged by ourselves, once
                access_log=False,
                server_header=False,
                proxy_headers=False,
                lifespan="on",
                loop="none",
                http=Connection,
                ws="none",
                limit_concurrency=REQUESTS_MAX + self._section.streams_max + QUIET_MAX,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
            ),
            self._hub,
        )
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)
        self._thread.start()
        log.info("http listens", host=host, port=self.port)

    def close(self) -> None:
        """Stop answering and free the port; may be called twice."""
        if self._server is None or self._thread is None or self._socket is None:
            return
        self._server.stop()
        self._thread.join(JOIN_SECONDS)
        self._socket.close()
        self._server = self._thread = self._socket = None

    def _run(self) -> None:
        if self._server is not None and self._socket is not None:
            # uvloop hands the interpreter's lock back and forth less often than asyncio's own loop.
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._server.serve(sockets=[self._socket]))


def _listen(host: str, port: int) -> socket.socket:
    """Open a listening socket that says it is TCP.

    Connections inherit that word, and only then does asyncio turn off Nagle's algorithm for them;
    without it an answer in two writes waits 40 ms for an acknowledgement.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


class _Server(uvicorn.Server):
    """Is told to stop, and ends the streams first: they would never end by themselves."""

    def __init__(self, config: uvicorn.Config, hub: EventHub) -> None:
        super().__init__(config)
        self._hub = hub
        self._loop: asyncio.AbstractEventLoop | None = None  # while it runs
        self._told = asyncio.Event()

    def stop(self) -> None:
        """Stop soon; from any thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # closed: it has stopped
                self._loop.call_soon_threadsafe(self._told.set)

    async def main_loop(self) -> None:
        # uvicorn's own wakes ten times a second to look whether it should stop; the date that
        # answers carry is of the second.
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.close()
        await super().shutdown(sockets)
