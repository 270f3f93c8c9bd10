"""`validate`: a configuration, judged and shown."""

from __future__ import annotations

import os
from typing import Annotated

import typer
from rich.console import Console
from rich.syntax import Syntax

from daemon import settings
from daemon.commands.arguments import ConfigPath


def validate(
    config: ConfigPath = None,
    *,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but faults.")] = False,
) -> None:
    """Check a configuration without connecting, and show the values in effect."""
    loaded = settings.load(config, os.environ)
    if quiet:
        return
    text = settings.effective_yaml(loaded)
    out = Console()
    if out.is_terminal:
        out.print(Syntax(text, "yaml", background_color="default", word_wrap=True))
    else:
        typer.echo(text, nl=False)
    name = "defaults and environment" if config is None else str(config)
    typer.echo(f"{name}: valid, config_hash {settings.config_hash(loaded)}", err=True)
