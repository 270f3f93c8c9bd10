"""How much a request may send: nobody, with a token or without, can fill the memory."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Room for feedback that names a thousand series.
BODY_BYTES_MAX: Final = 2**22


class BoundedBodies:
    """ASGI middleware around the whole application.

    What is too long is refused (413) as soon as that is seen, and the rest of it is not kept.

    Parameters
    ----------
    app : ASGIApp
        What is wrapped.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting what comes of its body."""
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > BODY_BYTES_MAX:
                msg = f"a body of more than {BODY_BYTES_MAX // 2**20} MiB is not taken"
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, msg)
            return message

        await self._app(scope, receive_counted if scope["type"] == "http" else receive, send)
