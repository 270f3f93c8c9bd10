"""`validate`: what is shown, and what is said of faults."""

from __future__ import annotations

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
