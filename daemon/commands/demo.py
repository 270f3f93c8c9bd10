"""`demo`: a simulated shop and this machine, live through a broker, incidents beside the truth."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from daemon import log
from daemon.clock import SystemClock
from daemon.commands.demo_screen import DemoScreen
from daemon.commands.demo_words import tally_table
from daemon.config import Config, LoggingSection
from daemon.demo import offline as file_demo
from daemon.demo.display import DemoOptions
from daemon.demo.streams import shop_settings
from daemon.demo.timeline import INTERVAL_SECONDS
from daemon.errors import DaemonError
from daemon.lifecycle import StopRequest

#: The client's warnings about a busy machine would only disturb the screen.
ERRORS_ONLY = LoggingSection(level="error", format="console")

#: Time for an orderly end, and after which everything is ended at once.
DRAIN_SECONDS = 20.0
DEADLINE_SECONDS = 30.0
OFFLINE_SECONDS = 600.0


class ExtraMissingError(DaemonError):
    """A package that only the demo needs is not installed."""

    exit_code = 2


def run_demo(
    bootstrap: Annotated[
        str | None,
        typer.Option(help="host:port of a broker of your own.", show_default="brings one along"),
    ] = None,
    duration: Annotated[
        float | None,
        typer.Option(help="Seconds to run live.", min=1, show_default="until Ctrl-C"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the shop and its faults.", min=0)] = 1,
    speed: Annotated[
        float, typer.Option(help="Simulated seconds of the shop a second.", min=1, max=100_000)
    ] = 7200.0,
    *,
    machine: Annotated[bool, typer.Option(help="Watch this machine, too.")] = True,
    offline: Annotated[
        bool, typer.Option("--offline", help="The shop only, through a file, without a broker.")
    ] = False,
) -> None:
    """Show the service at work on a simulated shop with known faults, and on this machine."""
    log.configure(ERRORS_ONLY)
    console = Console(highlight=False)
    clock = SystemClock()
    if offline:
        _run_offline(console, seed, speed, duration or OFFLINE_SECONDS)
        return
    try:  # here, so that a plain install, without the demo's packages, has all other commands
        from daemon.demo.session import Session
    except ModuleNotFoundError as error:
        msg = f"the demo needs {error.name}: pip install 'hebbstream[demo]'"
        raise ExtraMissingError(msg) from error
    options = DemoOptions(bootstrap, duration, seed, speed, machine)
    with DemoScreen(console, speed) as screen:
        session = Session(options, clock, screen)

        def end(code: int) -> Any:  # noqa: ANN401 - it does not return
            session.kill()
            os._exit(code)

        with (
            StopRequest(
                clock, end=end, drain_seconds=DRAIN_SECONDS, deadline_seconds=DEADLINE_SECONDS
            ) as stop,
            session,
        ):
            tally = session.run(lambda: stop.asked)
    console.print(tally_table(tally))


def _run_offline(console: Console, seed: int, speed: float, seconds: float) -> None:
    """Judge as much of the shop as a live run of this length would show."""
    ticks = int(seconds * speed / INTERVAL_SECONDS)
    config = Config.model_validate({"application_id": "hebbstream-demo-shop", **shop_settings()})
    with tempfile.TemporaryDirectory(prefix="hebbstream-") as folder:
        tally = file_demo.judge(config, Path(folder), seed, ticks, SystemClock())
    console.print(tally_table(tally))
