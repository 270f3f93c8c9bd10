"""Answers with an ETag, made once per published view.

The engine publishes about once a second; whatever several readers ask in between is answered from
memory, and a reader that has it already is told so without a body (304).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from http import HTTPStatus

from fastapi import Request, Response

from daemon.http.documents import Document, encoded
from daemon.readmodel.views import View

ENTRIES_MAX = 64
BODY_BYTES_MAX = 2**19

_HEADERS = {"Cache-Control": "no-cache"}
#: Of what is true at this moment only.
NO_STORE = {"Cache-Control": "no-store"}


def answer_now(document: Document, status: int = HTTPStatus.OK) -> Response:
    """Answer what is true at this moment only.

    Parameters
    ----------
    document : Document
        The answer.
    status : int, optional
        HTTP status.

    Returns
    -------
    Response
        That nobody keeps.
    """
    return Response(encoded(document), status, NO_STORE, "application/json")


class Answers:
    """Remembers the last bodies; used by the HTTP thread alone."""

    def __init__(self) -> None:
        self._version = -1
        self._known: dict[str, tuple[bytes, str]] = {}

    def answer(self, request: Request, view: View, make: Callable[[], Document]) -> Response:
        """Answer a request for what a view holds.

        Parameters
        ----------
        request : Request
            Its path and query name the answer; `If-None-Match` may spare the body.
        view : View
            What the answer is made of.
        make : callable
            Makes the document when no answer of this view is remembered.

        Returns
        -------
        Response
            200 with the document, or 304 without one.
        """
        if view.version != self._version:
            self._known.clear()
            self._version = view.version
        key = f"{request.url.path}?{request.url.query}"
        known = self._known.get(key)
        if known is None:
            body = encoded(make())
            known = body, entity_tag(body)
            if len(self._known) < ENTRIES_MAX and len(body) <= BODY_BYTES_MAX:
                self._known[key] = known
        return tagged(request, known[0], known[1], "application/json", _HEADERS)


def entity_tag(body: bytes) -> str:
    """Name a body: equal bodies have equal tags."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def tagged(
    request: Request, body: bytes, tag: str, media_type: str, headers: dict[str, str]
) -> Response:
    """Answer with a body and its tag, or with 304 when the reader has that body already."""
    headers = {**headers, "ETag": tag}
    if _has_it(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(body, HTTPStatus.OK, headers, media_type)


def _has_it(given: str, tag: str) -> bool:
    """Compare as RFC 9110 has it: weakly, any of a list, or any at all."""
    tags = [each.strip().removeprefix("W/") for each in given.split(",")]
    return tag in tags or tags == ["*"]
