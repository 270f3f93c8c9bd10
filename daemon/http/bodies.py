"""How much a request may send and how long it may take.

Nobody, with a token or without, can fill the memory, or keep others out by sending slowly.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Room for feedback that names a thousand series.
BODY_BYTES_MAX: Final = 2**22
#: From when the application asks for it until the last of it is there.
BODY_SECONDS: Final = 10.0


class BoundedBodies:
    """ASGI middleware around the whole application.

    What is too long is refused (413) as soon as that is seen, and the rest of it is not kept; what
    is not there in time is refused too (408).

    Parameters
    ----------
    app : ASGIApp
        What is wrapped.
    seconds : float, optional
        How long a body may take.
    """

    def __init__(self, app: ASGIApp, seconds: float = BODY_SECONDS) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting what comes of its body."""
        received, whole = 0, False
        deadline: float | None = None

        async def receive_counted() -> Message:
            nonlocal received, whole, deadline
            if whole:  # what comes now is that the client has gone, maybe in an hour
                return await receive()
            if deadline is None:
                deadline = asyncio.get_running_loop().time() + self._seconds
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                msg = f"the body was not there in {self._seconds:g} s"
                raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, msg) from None
            whole = not message.get("more_body", False)
            received += len(message.get("body", b""))
            if received > BODY_BYTES_MAX:
                msg = f"a body of more than {BODY_BYTES_MAX // 2**20} MiB is not taken"
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, msg)
            return message

        await self._app(scope, receive_counted if scope["type"] == "http" else receive, send)
