"""The page's files: `daemon.http.assets`."""

from __future__ import annotations

import re

import httpx
import pytest

from daemon.http.assets import WEB


def test_the_page_and_all_it_names_are_served(client: httpx.Client) -> None:
    """Each file with its type; nothing comes from anywhere else."""
    page = client.get("/")
    named = re.findall(r'(?:src|href)="([^"#]+)"', page.text)

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert all(name.startswith("/") and not name.startswith("//") for name in named)
    assert [client.get(name).status_code for name in named] == [200] * len(named)


@pytest.mark.parametrize("file", sorted(path.name for path in WEB.glob("*.js")))
def test_scripts_build_no_markup_from_text(file: str) -> None:
    """No way from a label to markup, and no file from elsewhere."""
    text = (WEB / file).read_text(encoding="utf-8")

    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", text)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)


@pytest.mark.parametrize("path", ["/web/", "/web/..%2fserver.py", "/web/../server.py", "/web/x"])
def test_no_other_file_is_reached(client: httpx.Client, path: str) -> None:
    """Routes are exact: there is no path to walk."""
    assert client.get(path).status_code == 404
