"""The command line: arguments, messages, tables and exit codes; the work is done elsewhere.

Exit codes: 0 done or asked to stop, 1 a bug, 2 configuration or usage, 3 broker unreachable past a
deadline, 4 checkpoint unusable, 141 nobody reads the output any more. Results go to standard
output, messages to standard error; every refusal is a line that says what to do, never a traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version as installed_version

import typer

from daemon.commands.lazily import lazy_group
from daemon.commands.output import guarded
from daemon.errors import ConfigError, DaemonError

#: Where each command stands, in the order of the help.
COMMANDS = {
    "run": "daemon.commands.service:run",
    "replay": "daemon.commands.files:replay",
    "produce": "daemon.commands.files:produce",
    "inspect": "daemon.commands.files:inspect",
    "check": "daemon.commands.check:check",
    "relearn": "daemon.commands.relearn:relearn",
    "rekey": "daemon.commands.rekey:rekey",
    "demo": "daemon.commands.demo:run_demo",
    "validate": "daemon.commands.validate:validate",
    "version": "daemon.cli:version",
    "healthcheck": "daemon.commands.healthcheck:healthcheck",
    "feedback": "daemon.commands.feedback:feedback",
}

app = typer.Typer(
    cls=lazy_group(COMMANDS),
    name="hebbstream",
    help="Learns which metrics move together and says which relations broke.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they print local variables, and with them secrets
)


@app.callback()
def _group() -> None: ...


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


def version() -> None:
    """Print the version."""
    typer.echo(f"hebbstream {installed_version('hebbstream')}")


def _complain(error: DaemonError) -> None:
    """Write an error for people: one line, or one line per fault of the configuration."""
    if not isinstance(error, ConfigError):
        typer.echo(f"hebbstream: {error}", err=True)
        return
    for fault in error.faults:
        typer.echo(fault, err=True)
    count = len(error.faults)
    typer.echo(f"hebbstream: {count} fault{'s' if count != 1 else ''}, nothing started", err=True)
