"""The command line: `daemon.cli`."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from daemon.cli import main

Output = pytest.CaptureFixture[str]


def test_version_is_the_installed_one(capsys: Output) -> None:
    """What is printed is what is installed."""
    code = main(["version"])

    assert (code, capsys.readouterr().out) == (0, f"hebbstream {version('hebbstream')}\n")


@pytest.mark.parametrize("arguments", [["nope"], ["validate", "--nope"], []])
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: Output) -> None:
    """An unknown command or option is refused with a hint."""
    code = main(arguments)

    assert code == 2
    assert "Usage" in "".join(capsys.readouterr())


def test_help_lists_the_commands(capsys: Output) -> None:
    """`--help` is an answer, not a fault."""
    code = main(["--help"])

    assert code == 0
    assert "validate" in capsys.readouterr().out
