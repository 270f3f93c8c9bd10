"""The command line: `daemon.cli`."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from daemon.cli import main

Output = pytest.CaptureFixture[str]


def test_validate_shows_the_effective_values(tmp_path: Path, capsys: Output) -> None:
    """Values go to standard output as YAML, the verdict to standard error."""
    path = tmp_path / "h.yaml"
    path.write_text("kafka: {topics: [mine], sasl_password: geheim}\n")

    code = main(["validate", "--config", str(path)])

    shown = capsys.readouterr()
    assert code == 0
    assert "topics:\n  - mine\n" in shown.out
    assert "geheim" not in shown.out
    assert f"{path}: valid, config_hash " in shown.err


def test_validate_names_every_fault_and_ends_with_2(tmp_path: Path, capsys: Output) -> None:
    """Each fault is a line with its place; nothing is shown as valid."""
    path = tmp_path / "h.yaml"
    path.write_text("kafka:\n  topicz: 1\nserver:\n  port: x\n")

    code = main(["validate", "-c", str(path)])

    shown = capsys.readouterr()
    assert code == 2
    assert shown.out == ""
    lines = shown.err.splitlines()
    assert lines[0].startswith(f"{path}:2: kafka.topicz: unknown key")
    assert lines[1].startswith(f"{path}:4: server.port: must be a valid integer")
    assert lines[2] == "hebbstream: 2 faults, nothing started"


def test_quiet_says_nothing_when_all_is_well(capsys: Output) -> None:
    """For scripts the exit code is enough."""
    code = main(["validate", "--quiet"])

    assert (code, *capsys.readouterr()) == (0, "", "")


def test_the_environment_is_read(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables override and are judged like the file."""
    monkeypatch.setenv("HEBBSTREAM__KAFKA__TOPIC", "x")

    code = main(["validate"])

    assert code == 2
    assert "HEBBSTREAM__KAFKA__TOPIC: no such setting" in capsys.readouterr().err


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
