"""Answers with an ETag: `daemon.http.answers`."""

from __future__ import annotations

import httpx
import pytest

from daemon.http.answers import answer_now, entity_tag
from daemon.http.documents import Liveness

PATHS = ("/api/v1/groups", "/api/v1/incidents", "/api/v1/journal", "/api/v1/build", "/")


@pytest.mark.parametrize("path", PATHS)
def test_who_has_it_already_is_told_so(client: httpx.Client, path: str) -> None:
    """The tag of an answer spares its body, alone, weak or in a list."""
    first = client.get(path)
    tag = first.headers["etag"]

    for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(path, headers={"If-None-Match": given})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag


def test_who_has_something_else_is_answered(client: httpx.Client) -> None:
    """An old tag, or another query, gets the body."""
    tag = client.get("/api/v1/groups").headers["etag"]

    other = client.get("/api/v1/groups", params={"limit": 1}, headers={"If-None-Match": tag})
    old = client.get("/api/v1/groups", headers={"If-None-Match": '"old"'})

    assert other.status_code == old.status_code == 200
    assert other.headers["etag"] != tag == old.headers["etag"]


def test_a_tag_names_a_body() -> None:
    """Equal bodies, equal tags."""
    assert entity_tag(b"a") == entity_tag(b"a") != entity_tag(b"b")


def test_what_is_true_now_only_is_kept_by_nobody() -> None:
    """What was said a moment ago must not come from a cache."""
    answer = answer_now(Liveness(alive=True, reason="fine"), 201)

    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
