"""`hebbstream feedback`: `daemon.commands.feedback`, against a service that hears."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from daemon import cli
from daemon.commands.live import LiveService
from daemon.config import ServerSection
from daemon.http.server import HttpServer
from daemon.mailbox import Mailbox
from shown import broken_world, hearing

TOKEN = "only we know it"


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve two groups of which the first has an incident; address and token are in variables."""
    world, mailbox = broken_world(), Mailbox()
    section = ServerSection(host="127.0.0.1", port=0, token=SecretStr(TOKEN))
    with (
        hearing(mailbox, world.pipeline),
        HttpServer(section, world.telemetry, world.health, world.model, mailbox) as server,
    ):
        address = f"http://127.0.0.1:{server.port}"
        monkeypatch.setenv("HEBBSTREAM_URL", address)
        monkeypatch.setenv("HEBBSTREAM__SERVER__TOKEN", TOKEN)
        monkeypatch.setenv("COLUMNS", "200")
        yield address


@pytest.fixture
def incident(url: str) -> dict[str, str]:
    """Return the incident."""
    with LiveService(url) as service:
        (found,) = service.items("/api/v1/incidents", {})
    return found


@pytest.mark.usefixtures("url")
def test_what_an_incident_was_is_said_listed_and_taken_back(
    incident: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Lower case will do for the label, and the group's name for its id."""
    assert cli.main(["feedback", "say", "not_anomaly", "--incident", incident["id"]]) == 0
    said = capsys.readouterr().out
    assert cli.main(["feedback", "list", incident["group"]]) == 0
    listed = capsys.readouterr().out
    assert cli.main(["feedback", "undo", incident["group_id"], "0"]) == 0
    undone = capsys.readouterr().out
    assert cli.main(["feedback", "list", incident["group_id"]]) == 0

    assert "NOT_ANOMALY" in said
    assert "frames like" in said
    assert "times the line" in said
    assert said == listed == undone
    assert "NOT_ANOMALY" not in capsys.readouterr().out


@pytest.mark.usefixtures("url")
def test_a_window_of_a_group_is_expected(
    incident: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Times are those of this machine's zone."""
    window = ["--start", "2026-01-05T02:00:00", "--end", "2026-01-05T03:00:00", "--every", "day"]

    code = cli.main(["feedback", "say", "EXPECTED", "--group", incident["group"], *window])

    assert code == 0
    assert "3,600 s from 2026-01-0" in (out := capsys.readouterr().out)
    assert "every 24 h" in out


@pytest.mark.usefixtures("url")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["say", "NEW_TREND", "--group", "nobody"], "has no group 'nobody' now"),
        (["say", "NEW_TREND"], "answers 422: "),
        (["say", "NEW_TREND", "--incident", "none"], "answers 404: no incident"),
        (["say", "NEW_TREND", "--incident", "x", "--token", "guess"], "answers 401: "),
    ],
)
def test_a_refusal_is_one_line(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and the service's own reason."""
    assert cli.main(["feedback", *arguments]) == 2

    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1


def test_a_name_of_several_groups_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is said to a group that may not be meant; the ids are named."""
    twins = [{"id": "a" * 16, "name": "twin"}, {"id": "b" * 16, "name": "twin"}]
    monkeypatch.setattr(LiveService, "items", lambda *_: iter(twins))

    assert cli.main(["feedback", "list", "twin", "--url", url]) == 2

    assert "aaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbb" in capsys.readouterr().err
