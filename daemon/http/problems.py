"""Refusals and failures as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from msgspec import Meta
from starlette.exceptions import HTTPException

from daemon.http.documents import Document, encoded
from daemon.log import get_logger

PROBLEM_TYPE = "application/problem+json"
RETRY_SECONDS = 5
_INPUT_SHOWN_MAX = 200

log = get_logger(__name__)


class ProblemFault(Document, frozen=True, kw_only=True, gc=False):
    """One thing that is wrong with a request."""

    where: Annotated[str, Meta(description="query, path or header, and the name of the parameter.")]
    text: str


class Problem(Document, frozen=True, kw_only=True, gc=False):
    """What went wrong, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str
    errors: Annotated[
        list[ProblemFault],
        Meta(description="Every fault of a request that does not fit the description."),
    ]


class NotThere(HTTPException):
    """404 with a sentence that says what is not there."""

    def __init__(self, detail: str) -> None:
        super().__init__(HTTPStatus.NOT_FOUND, detail)


class NotYet(HTTPException):
    """503 with a sentence that says what has not come yet, and when to ask again."""

    def __init__(self, detail: str) -> None:
        headers = {"Retry-After": str(RETRY_SECONDS)}
        super().__init__(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers)


def problem(
    status: int,
    detail: str,
    errors: Sequence[ProblemFault] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    """Make a problem answer.

    Parameters
    ----------
    status : int
        HTTP status.
    detail : str
        A sentence for people.
    errors : sequence of ProblemFault
        Faults of the request.
    headers : dict of str to str, optional
        Further headers.

    Returns
    -------
    Response
        With a JSON body.
    """
    body = Problem(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        errors=list(errors),
    )
    return Response(
        encoded(body),
        status,
        headers={**(headers or {}), "Cache-Control": "no-store"},
        media_type=PROBLEM_TYPE,
    )


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe problem answers of these statuses for the OpenAPI document."""
    content = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Have every refusal and failure of an application answered as a problem."""
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _failed)


async def _refused(request: Request, error: Exception) -> Response:
    """Answer what is not there (404), or not with this method (405)."""
    if not isinstance(error, HTTPException):
        raise error
    headers = dict(error.headers or {})
    detail = error.detail
    if detail == HTTPStatus(error.status_code).phrase:
        path = request.url.path[:_INPUT_SHOWN_MAX]
        detail = (
            f"there is no {path}; /openapi.json lists what there is"
            if error.status_code == HTTPStatus.NOT_FOUND
            else f"{request.method} is not allowed at {path}"
        )
    return problem(error.status_code, detail, headers=headers)


async def _invalid(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    faults = [
        ProblemFault(where=".".join(str(part) for part in each["loc"]), text=_sentence(each))
        for each in error.errors()
    ]
    detail = "; ".join(f"{fault.where}: {fault.text}" for fault in faults)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, faults)


async def _failed(request: Request, error: Exception) -> Response:
    log.error("http request failed", path=request.url.path, error=repr(error), exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "a bug; the log of the service says more")


def _sentence(fault: dict[str, Any]) -> str:
    text = re.sub(r"^(Input|Value error,) ", "", str(fault["msg"]))
    given = fault.get("input")
    shown = f" (given: {given[:_INPUT_SHOWN_MAX]!r})" if isinstance(given, str) else ""
    return f"{text[:1].lower()}{text[1:]}{shown}"
