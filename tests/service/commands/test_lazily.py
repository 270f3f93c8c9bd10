"""Commands that are imported when they are asked for: `daemon.commands.lazily`."""

from __future__ import annotations

import sys

import pytest
import typer
from typer.testing import CliRunner

from daemon.cli import COMMANDS
from daemon.commands.lazily import LazyCommands, lazy_group

PLACES = {"first": "one_of_two:say", "second": "another_of_two:more"}


@pytest.fixture
def modules(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a module with a command and one with a group of commands."""
    folder = tmp_path_factory.mktemp("commands")
    (folder / "one_of_two.py").write_text(
        "import typer\ndef say(word: str = 'nothing'):\n  'Say it.'\n  typer.echo(word)\n"
    )
    (folder / "another_of_two.py").write_text(
        "import typer\nmore = typer.Typer(help='More of it.')\n"
        "@more.command()\ndef a():\n  typer.echo('a')\n"
        "@more.command()\ndef b():\n  typer.echo('b')\n"
    )
    monkeypatch.syspath_prepend(folder)
    for name in ("one_of_two", "another_of_two"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def application() -> typer.Typer:
    """Make a command line of both modules."""
    app = typer.Typer(cls=lazy_group(PLACES), add_completion=False)
    app.callback()(lambda: None)
    return app


@pytest.mark.usefixtures("modules")
def test_only_what_is_asked_for_is_imported() -> None:
    """A command runs with its options, and the other's module is not touched."""
    done = CliRunner().invoke(application(), ["first", "--word", "this"])

    assert (done.exit_code, done.output) == (0, "this\n")
    assert "another_of_two" not in sys.modules


@pytest.mark.usefixtures("modules")
def test_a_group_below_has_its_own_commands() -> None:
    """A `typer.Typer` of several commands becomes a group of that name."""
    done = CliRunner().invoke(application(), ["second", "b"])

    assert (done.exit_code, done.output) == (0, "b\n")


@pytest.mark.usefixtures("modules")
def test_help_knows_all_in_order() -> None:
    """The help of the whole says each command's own words, and a slip is answered with a hint."""
    helped = CliRunner().invoke(application(), ["--help"]).output
    slip = CliRunner().invoke(application(), ["secnd"])

    assert helped.index("Say it.") < helped.index("More of it.")
    assert "Did you mean 'second'?" in slip.output
    assert slip.exit_code == 2


def test_every_command_of_ours_is_where_it_is_said_to_be() -> None:
    """None is missing, and each carries its name."""
    commands = LazyCommands(COMMANDS)

    assert [command.name for command in commands.values()] == list(COMMANDS)
