"""Refusals: `daemon.http.problems`."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from fastapi import FastAPI

from daemon.http import problems


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v1/groups/", 404),
        ("POST", "/api/v1/groups", 405),
        ("DELETE", "/", 405),
        ("GET", "/api/v1/groups?limit=0", 422),
        ("GET", "/api/v1/groups?limt=5", 422),
        ("GET", "/api/v1/groups?cursor=xyz", 422),
        ("GET", "/api/v1/groups/not-an-id", 422),
        ("GET", "/api/v1/incidents?since=yesterday", 422),
    ],
)
def test_every_refusal_is_a_problem(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    """Machine-readable, with the status in it and a sentence for people."""
    answer = client.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["detail"]
    assert ("allow" in answer.headers) == (status == 405)


def test_all_faults_of_a_request_are_named(client: httpx.Client) -> None:
    """A slip in a parameter's name is not silently ignored, and markup comes back as data."""
    answer = client.get("/api/v1/groups?limit=x&sort=<b>&colour=red")

    assert [fault["where"] for fault in answer.json()["errors"]] == [
        "query.limit", "query.sort", "query.colour",
    ]  # fmt: skip
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.slow
def test_a_bug_is_a_problem_without_its_details() -> None:
    """What went wrong inside is for the log, not for the reader."""
    app = FastAPI()
    problems.install(app)

    @app.get("/bug")
    async def fail() -> None:
        msg = "the password is 1234"
        raise RuntimeError(msg)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.get("/bug")

    answer = asyncio.run(ask())

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "1234" not in answer.text
