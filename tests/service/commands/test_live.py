"""`inspect --url`: `daemon.commands.live`."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from io import StringIO

import pytest
from rich.console import Console

from daemon import cli
from daemon.commands.live import LiveError, LiveService, printable, show_live
from daemon.config import ServerSection
from daemon.http.server import HttpServer
from shown import HOSTILE, World


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Serve a world with hostile names."""
    world = World(("plain", *HOSTILE)).drive(200)
    section = ServerSection(host="127.0.0.1", port=0)
    with HttpServer(section, world.telemetry, world.health, world.model) as server:
        yield f"http://127.0.0.1:{server.port}"


def shown(url: str, group: str | None = None) -> str:
    """Return what the command prints on a wide terminal."""
    out = StringIO()
    show_live(url, group, 15, Console(file=out, width=400))
    return out.getvalue()


def test_one_group_is_shown_by_name_or_id(url: str) -> None:
    """State, components and associations."""
    with LiveService(url) as service:
        (found,) = service.items("/api/v1/groups", {"name": "plain"})

    by_name = shown(url, "plain")

    assert "group plain (metrics/0): normal, score" in by_name
    assert "6 of 6 associations" in by_name
    assert 'latency{host="web <pla>",service="plain"}' in by_name
    assert by_name == shown(url, found["id"])


def test_no_label_acts_on_the_terminal(url: str) -> None:
    """Escape sequences and line ends are written out, markup is only text."""
    text = shown(url)

    assert "\x1b" not in text
    assert text.count("associations") == 8
    assert "<script>window.pwned=1</script>" in text


def test_what_cannot_be_printed_is_escaped() -> None:
    """Whatever it would have done, and nothing else is touched."""
    assert printable("ñ 😀 a/b%") == "ñ 😀 a/b%"
    assert printable("\x1b[2J\n\u202e") == "\\x1b[2J\\n\\u202e"


def test_a_group_that_is_not_there_is_said(url: str) -> None:
    """An empty table would look like a group without knowledge."""
    with pytest.raises(LiveError, match="has no group 'nobody' now"):
        shown(url, "nobody")


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("host:9464", "an address such as"),
        ("ftp://host", "an address such as"),
        ("http://host:port", "port"),
        ("http://[::1", "Invalid IPv6 URL"),
    ],
)
def test_an_address_that_is_none_is_refused(address: str, reason: str) -> None:
    """Before anything is asked."""
    with pytest.raises(LiveError, match=reason):
        LiveService(address)


def test_nobody_there_is_said() -> None:
    """A port that nobody listens on is no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with (
        LiveService(f"http://127.0.0.1:{port}") as service,
        pytest.raises(LiveError, match="no answer from"),
    ):
        service.ask("/api/v1/build")


def test_a_name_that_cannot_be_looked_up_is_said() -> None:
    """A label of a host is shorter than 64 characters."""
    with (
        LiveService(f"http://{'a' * 70}.invalid") as service,
        pytest.raises(LiveError, match="no answer from"),
    ):
        service.ask("/api/v1/build")


def test_a_token_that_cannot_be_sent_is_not_shown(url: str) -> None:
    """A line feed at its end is left out, as the service does; others are refused."""
    with LiveService(url) as service:
        with pytest.raises(LiveError, match="answers 403"):
            service.change("DELETE", "/api/v1/groups/0000000000000000/feedback/0", "geheim12\n")
        with pytest.raises(LiveError, match="cannot be sent") as refused:
            service.change("DELETE", "/api/v1/groups/0000000000000000/feedback/0", "geh\neim12")

    assert "geh" not in str(refused.value)


def test_refusals_keep_their_reason(url: str) -> None:
    """The service's own sentence, or that it is another service."""
    with LiveService(url) as service:
        with pytest.raises(LiveError, match="answers 404: there is no group"):
            service.ask("/api/v1/groups/0000000000000000")
        with pytest.raises(LiveError, match="does not answer as hebbstream does"):
            service.ask("/metrics")


def test_the_command_takes_a_file_or_an_address(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One of them, not both and not none."""
    live = cli.main(["inspect", "--url", url, "--group", "plain"])
    neither = cli.main(["inspect"])

    assert (live, neither) == (0, 2)
    assert "associations" in capsys.readouterr().out
