"""The page's files, read once and served from memory; there is no other way to a file."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from daemon.http.answers import entity_tag, tagged

WEB: Final = Path(__file__).parent / "web"
PAGE: Final = "index.html"

_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HEADERS: Final = {"Cache-Control": "no-cache"}


def make_router(folder: Path = WEB) -> APIRouter:
    """Make one route per file of a folder: the page at `/`, the others under `/web/`."""
    router = APIRouter(include_in_schema=False)
    for file in sorted(folder.iterdir()):
        kind = _TYPES.get(file.suffix)
        if kind is not None:
            path = "/" if file.name == PAGE else f"/web/{file.name}"
            router.add_api_route(path, _serving(file.read_bytes(), kind), response_model=None)
    return router


def _serving(body: bytes, kind: str) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    tag = entity_tag(body)

    async def serve(request: Request) -> Response:
        return tagged(request, body, tag, kind, _HEADERS)

    return serve
