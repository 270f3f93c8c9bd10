"""The command line: arguments, messages, tables and exit codes; the work is done elsewhere.

Exit codes: 0 done or asked to stop, 1 a bug, 2 configuration or usage, 3 broker unreachable past a
deadline, 4 checkpoint unusable, 141 nobody reads the output any more. Results go to standard
output, messages to standard error; every refusal is a line that says what to do, never a traceback.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import version as installed_version
from typing import Annotated

import typer
from rich.console import Console
from rich.syntax import Syntax

from daemon import healthcheck as health
from daemon import settings
from daemon.commands.arguments import ConfigPath
from daemon.commands.check import check
from daemon.commands.demo import run_demo
from daemon.commands.feedback import feedback
from daemon.commands.files import inspect, produce, replay
from daemon.commands.output import guarded
from daemon.commands.rekey import rekey
from daemon.commands.relearn import relearn
from daemon.commands.service import run
from daemon.errors import ConfigError, DaemonError

app = typer.Typer(
    name="hebbstream",
    help="Learns which metrics move together and says which relations broke.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they print local variables, and with them secrets
)

app.command()(run)
app.command()(replay)
app.command()(produce)
app.command()(inspect)
app.command()(check)
app.command()(relearn)
app.command()(rekey)
app.command("demo")(run_demo)
app.add_typer(feedback, name="feedback")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str or None
        Without the program's name; None takes those of the process.

    Returns
    -------
    int
        Exit code.
    """
    try:
        with guarded():
            return _run(arguments)
    except DaemonError as error:
        _complain(error)
        return error.exit_code


def _run(arguments: Sequence[str] | None) -> int:
    try:
        app(None if arguments is None else list(arguments))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


@app.command()
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


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"hebbstream {installed_version('hebbstream')}")


@app.command()
def healthcheck(
    config: ConfigPath = None,
    *,
    ready: Annotated[
        bool, typer.Option("--ready", help="Ask whether it is ready, not just alive.")
    ] = False,
) -> None:
    """Ask the service that runs with this configuration on this machine whether it is well."""
    raise typer.Exit(health.check(config, "/readyz" if ready else "/healthz"))


def _complain(error: DaemonError) -> None:
    """Write an error for people: one line, or one line per fault of the configuration."""
    if not isinstance(error, ConfigError):
        typer.echo(f"hebbstream: {error}", err=True)
        return
    for fault in error.faults:
        typer.echo(fault, err=True)
    count = len(error.faults)
    typer.echo(f"hebbstream: {count} fault{'s' if count != 1 else ''}, nothing started", err=True)
