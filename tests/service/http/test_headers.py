"""What every answer carries: `daemon.http.headers`."""

from __future__ import annotations

import httpx
import pytest


@pytest.mark.parametrize("path", ["/", "/web/page.js", "/api/v1/groups", "/metrics", "/nothing"])
def test_every_answer_restrains_the_browser(client: httpx.Client, path: str) -> None:
    """Only our own scripts run, nothing is sniffed, nobody may frame it."""
    headers = client.get(path).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "server" not in headers


@pytest.mark.parametrize("path", ["/", "/api/v1/groups", "/healthz", "/nothing"])
def test_head_is_get_without_the_body(client: httpx.Client, path: str) -> None:
    """Same status and length, nothing after the headers."""
    head, get = client.head(path), client.get(path)

    assert head.status_code == get.status_code
    assert head.content == b""
    assert head.headers["content-length"] == str(len(get.content))


def test_the_endless_answer_has_no_head(client: httpx.Client) -> None:
    """Asking for its headers must not occupy a stream."""
    assert client.head("/api/v1/events/stream").status_code == 405
