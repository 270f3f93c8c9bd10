"""`hebbstream feedback`: tell a running service what a finding was, list it, take it back."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from daemon.commands.live import LiveError, LiveService, printable
from hebbstream import Label

#: The engine hears between two polls, and writes a checkpoint before it answers.
ANSWER_SECONDS: Final = 30.0

feedback = typer.Typer(
    help="Tell a running service what a finding was; list that, and take it back.",
    no_args_is_help=True,
)

Url = Annotated[
    str,
    typer.Option(help="Where the service answers.", envvar="HEBBSTREAM_URL", show_envvar=True),
]
Token = Annotated[
    str | None,
    typer.Option(
        envvar="HEBBSTREAM__SERVER__TOKEN",
        help="The service's server.token; safer in the variable than on the command line.",
        show_default=False,
    ),
]
Group = Annotated[str, typer.Argument(help="Name or id of the group.")]
HERE = "http://localhost:9464"


class Every(StrEnum):
    """After which an expected window comes again."""

    DAY = "day"
    WEEK = "week"


@feedback.command()
def say(
    label: Annotated[Label, typer.Argument(help="What it was.", case_sensitive=False)],
    *,
    incident: Annotated[str | None, typer.Option(help="Id of the incident it is about.")] = None,
    group: Annotated[
        str | None, typer.Option(help="Name or id of the group, without an incident.")
    ] = None,
    series: Annotated[
        list[str] | None, typer.Option(help="Key of a series it is about; repeatable.")
    ] = None,
    relation: Annotated[
        tuple[str, str] | None, typer.Option(help="Keys of both ends of a relation to mute.")
    ] = None,
    start: Annotated[datetime | None, typer.Option(help="Of one expected window.")] = None,
    end: Annotated[datetime | None, typer.Option(help="Of the same window.")] = None,
    every: Annotated[Every, typer.Option(help="When an expected window comes again.")] = Every.WEEK,
    url: Url = HERE,
    token: Token = None,
) -> None:
    """Say what an incident was, or what is expected of a group; it holds from the next frame on.

    Times without a zone are of this machine's zone.
    """
    document: dict[str, Any] = {"label": label.value, "every": every.value}
    if incident is not None:
        document["incident_id"] = incident
    if series:
        document["series"] = series
    if relation is not None:
        document["relation"] = list(relation)
    for name, time in (("start", start), ("end", end)):
        if time is not None:
            document[name] = time.astimezone().isoformat()
    with LiveService(url, ANSWER_SECONDS) as service:
        if group is not None:
            document["group_id"] = _the_one(service, group)
        heard = service.change("POST", "/api/v1/feedback", token, document)
    _print(heard)
    if not heard["saved"]:
        typer.echo("heard; durable with the next checkpoint", err=True)


@feedback.command("list")
def show(group: Group, *, url: Url = HERE) -> None:
    """List what was said of a group and holds."""
    with LiveService(url, ANSWER_SECONDS) as service:
        _print(service.ask(f"/api/v1/groups/{_the_one(service, group)}/feedback"))


@feedback.command()
def undo(
    group: Group,
    number: Annotated[int, typer.Argument(min=0, help="As `list` shows it.")],
    *,
    url: Url = HERE,
    token: Token = None,
) -> None:
    """Take back what was said; shown is what no longer holds."""
    with LiveService(url, ANSWER_SECONDS) as service:
        path = f"/api/v1/groups/{_the_one(service, group)}/feedback/{number}"
        _print(service.change("DELETE", path, token))


def _the_one(service: LiveService, named: str) -> str:
    """Find the id of a group; one name may stand for groups of several partitions."""
    ids = [str(each["id"]) for each in service.groups(named)]
    if len(ids) > 1:
        msg = f"{named!r} is the name of {len(ids)} groups; give one of their ids: {', '.join(ids)}"
        raise LiveError(msg)
    return ids[0]


def _print(heard: dict[str, Any]) -> None:
    """Print pieces of feedback as a table."""
    title = Text(f"group {printable(heard['group'])} ({heard['group_id']})")
    table = Table("number", "label", "about", title=title, title_justify="left")
    for note in heard["items"]:
        table.add_row(str(note["number"]), note["label"], Text(_about(note)))
    Console().print(table)


def _about(note: dict[str, Any]) -> str:
    """Say in words what a piece of feedback is about."""
    parts = []
    if note["relation"]:
        parts.append(" and ".join(map(printable, note["relation"])))
    if note["window_start"] is not None:
        hours = note["period_s"] / 3600
        parts.append(f"{note['window_s']:,.0f} s from {note['window_start']}, every {hours:g} h")
    if note["pattern"]:
        shares = sorted(note["pattern"].items(), key=lambda pair: -pair[1])
        named = ", ".join(printable(key) for key, _ in shares[:3])
        more = f" and {len(shares) - 3} more" if len(shares) > 3 else ""
        parts.append(f"frames like {named}{more}")
    if note["label"] == Label.NOT_ANOMALY:
        parts.append(f"up to {note['lift']:.2f} times the line")
    return "; ".join(parts)
