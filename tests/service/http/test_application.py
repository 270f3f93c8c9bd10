"""The application: `daemon.http.application`."""

from __future__ import annotations

import httpx


def test_the_description_is_complete(client: httpx.Client) -> None:
    """Every operation has words, every answer a shape, every reference an end."""
    text = client.get("/openapi.json").text
    document = client.get("/openapi.json").json()

    schemas = document["components"]["schemas"]
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        changing = {"/api/v1/feedback": ["post"]}
        if path.endswith("{number}"):
            changing[path] = ["delete"]
        assert list(operations) == changing.get(path, ["get"]), path
        assert all(each["summary"] for each in operations.values())
        assert "HTTPValidationError" not in str(operations)
    assert {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]} <= set(schemas)
    assert {"Problem", "StreamedEvent"} <= set(schemas)


def test_nothing_is_taken_from_elsewhere(client: httpx.Client) -> None:
    """There is no documentation page that would load scripts from a network."""
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 404


def test_an_empty_service_answers_too(client: httpx.Client) -> None:
    """A page past the end is empty, not wrong."""
    page = client.get("/api/v1/groups", params={"cursor": "ff" * 64}).json()

    assert page == {"items": [], "next_cursor": None, "complete": True}
