"""`run`: the service itself."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from daemon import app, log, settings
from daemon.clock import SystemClock
from daemon.commands.arguments import ConfigPath


def run(
    config: ConfigPath = None,
    connect_seconds: Annotated[
        float | None,
        typer.Option(help="Give up (exit code 3) when no broker answers for this long at start."),
    ] = None,
) -> None:
    """Read metrics from Kafka, publish incidents to Kafka, until SIGTERM."""
    loaded = settings.load(config, os.environ)
    log.configure(loaded.logging)
    app.run_service(loaded, SystemClock(), connect_seconds)
