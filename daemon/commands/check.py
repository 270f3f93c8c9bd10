"""`check`: what a start with this configuration would do to the state on this disk."""

from __future__ import annotations

import os

import typer

from daemon import app, log, settings
from daemon.commands.arguments import ConfigPath
from daemon.commands.files import QUIET
from daemon.errors import CheckpointError
from daemon.state_check import Verdict, check_folder


def check(config: ConfigPath = None) -> None:
    """Say what a start would keep, and what it would forget, without connecting."""
    loaded = settings.load(config, os.environ)
    log.configure(QUIET)
    if loaded.state.folder is None:
        typer.echo("state.folder is null: nothing on this disk to look at")
        return
    found = check_folder(loaded.state.folder, app.sections_of(loaded))
    for each in found:
        typer.echo(f"{each.partition.topic}/{each.partition.partition}: {_words(each)}")
    if not found:
        typer.echo(f"{loaded.state.folder}: no state of {loaded.application_id}")
    refused = sum(each.reason != "" for each in found)
    if not refused:
        return
    if loaded.state.on_refused == "forget":
        typer.echo(f"a start would forget {refused} of {len(found)} partitions", err=True)
        raise typer.Exit(CheckpointError.exit_code)
    msg = (
        f"a start would stop: {refused} of {len(found)} partitions cannot go on; undo the change, "
        "or set state.on_refused: forget to learn them anew"
    )
    raise CheckpointError(msg)


def _words(verdict: Verdict) -> str:
    if verdict.reason:
        return f"REFUSED, {verdict.reason}"
    known = f"{verdict.groups} groups, {verdict.series} series"
    knobs = ""
    if verdict.old_knobs:
        knobs = (
            f"; {verdict.old_knobs} detectors keep their old knobs: the new ones need other sizes"
        )
    begun = verdict.next_offset >= 0
    where = f"goes on at {verdict.next_offset} with" if begun else "begins with what a replay left:"
    return f"{where} {known}{knobs}"
