"""The application: every route, the way refusals look, and the OpenAPI document."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from daemon.http import about, assets, feedback, groups, incidents, problems
from daemon.http.bodies import BoundedBodies
from daemon.http.context import Context
from daemon.http.documents import schemas
from daemon.http.headers import SafeHeaders
from daemon.http.room import BoundedRequests

TITLE = "hebbstream"
DESCRIPTION = (
    "What one hebbstream process knows: its groups, their scores, what they have learnt, and their "
    "incidents. Feedback alone changes anything. Figures are those of the partitions "
    "this process owns, published about once a second; incidents appear with their event. "
    "Lists are paged by `limit` and `cursor`, answers carry an `ETag`, refusals are "
    "application/problem+json."
)


def make_application(context: Context) -> FastAPI:
    """Put the application together.

    Parameters
    ----------
    context : Context
        What it answers from.

    Returns
    -------
    FastAPI
        An ASGI application; its lifespan ties the event stream to the loop it runs on.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        context.hub.bind(asyncio.get_running_loop())
        yield
        context.hub.close()

    app = FastAPI(
        title=TITLE,
        version=version("hebbstream"),
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.context = context
    app.add_middleware(BoundedBodies)
    app.add_middleware(BoundedRequests)
    app.add_middleware(SafeHeaders)
    problems.install(app)
    for router in (about.router, groups.router, incidents.router, feedback.router, about.probes):
        app.include_router(router)
    app.include_router(assets.make_router())
    app.openapi = lambda: _document(app)  # type: ignore[method-assign] # FastAPI's own way
    return app


def _document(app: FastAPI) -> dict[str, Any]:
    """Write the OpenAPI document once; it also describes problems and the stream's messages."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
        )
        document.setdefault("components", {}).setdefault("schemas", {}).update(schemas())
        app.openapi_schema = document
    return app.openapi_schema
