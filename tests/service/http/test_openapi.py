"""The OpenAPI document as text: `daemon.http.openapi`."""

from __future__ import annotations

import json

import httpx

from daemon.http.openapi import openapi_text


def test_the_text_is_what_a_service_gives(client: httpx.Client) -> None:
    """The file in the repository and a running service agree."""
    assert json.loads(openapi_text()) == client.get("/openapi.json").json()
