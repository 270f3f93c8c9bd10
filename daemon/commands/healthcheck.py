"""`healthcheck`: whether the service that runs here is well, as containers ask again and again."""

from __future__ import annotations

from typing import Annotated

import typer

from daemon import healthcheck as health
from daemon.commands.arguments import ConfigPath


def healthcheck(
    config: ConfigPath = None,
    *,
    ready: Annotated[
        bool, typer.Option("--ready", help="Ask whether it is ready, not just alive.")
    ] = False,
) -> None:
    """Ask the service that runs with this configuration on this machine whether it is well."""
    raise typer.Exit(health.check(config, "/readyz" if ready else "/healthz"))
