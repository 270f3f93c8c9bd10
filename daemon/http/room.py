"""Room for everybody: probes are answered however many clients there are.

Two bounds keep it. Requests that take their time are bounded by number, and what is beyond is told
503; probes, which do not, are not counted, and streams are by the hub. Connections are bounded by
letting go: a new one is always taken, and where there are too many the one that has been quiet for
longest gives way. So idle clients cost nobody an answer, and the process no open files.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from daemon.http.headers import ENDLESS
from daemon.http.problems import RETRY_SECONDS, problem

#: Requests under way at once, beside probes and streams.
REQUESTS_MAX: Final = 200
#: Connections that wait for their next request, at least; beyond it the quietest may have to go.
QUIET_MAX: Final = 100
#: Answered whatever else goes on, and the stream, whose readers are counted elsewhere.
UNCOUNTED: Final = frozenset({"/healthz", "/readyz", "/metrics", ENDLESS})


class BoundedRequests:
    """ASGI middleware around the whole application.

    Parameters
    ----------
    app : ASGIApp
        What is wrapped.
    limit : int, optional
        Requests under way at once.
    """

    def __init__(self, app: ASGIApp, limit: int = REQUESTS_MAX) -> None:
        self._app = app
        self._limit = limit
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on if there is room for it."""
        if scope["type"] != "http" or scope["path"] in UNCOUNTED:
            await self._app(scope, receive, send)
            return
        if self._under_way >= self._limit:
            detail = f"{self._under_way} requests are under way; try again later"
            refusal = problem(503, detail, headers={"Retry-After": str(RETRY_SECONDS)})
            await refusal(scope, receive, send)
            return
        self._under_way += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way -= 1


class Connection(HttpToolsProtocol):
    """One connection; uvicorn's `limit_concurrency` is how many there may be.

    uvicorn itself answers every request with 503 while there are more, idle ones too.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._connections_max = config.limit_concurrency
        self.limit_concurrency = None
        self._quiet_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Take a connection, and let another go where there are too many."""
        self._quiet_since = self.loop.time()
        super().connection_made(transport)
        if self._connections_max is not None and len(self.connections) > self._connections_max:
            self._let_the_quietest_go()

    def on_response_complete(self) -> None:
        """Note since when nothing is under way here."""
        self._quiet_since = self.loop.time()
        super().on_response_complete()

    @property
    def is_quiet(self) -> bool:
        """Whether no request is under way."""
        # Before the first request there is no cycle, whatever uvicorn's types say.
        return self.cycle is None or self.cycle.response_complete  # type: ignore[redundant-expr]

    def _let_the_quietest_go(self) -> None:
        others = (each for each in self.connections if isinstance(each, Connection))
        quiet = [each for each in others if each is not self and each.is_quiet]
        if quiet:
            quietest = min(quiet, key=lambda each: each._quiet_since)  # noqa: SLF001 - its own class
            # It is gone from here at once, or the next one to come would choose it again.
            self.connections.discard(quietest)
            # A client that reads nothing would keep an orderly close waiting for ever.
            quietest.transport.abort()
