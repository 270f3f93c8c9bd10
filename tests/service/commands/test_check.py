"""`check` as a person runs it before a start."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.cli import main
from streams import related, wide_records


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    """Give a configuration whose state folder holds what a replay has learnt."""
    path, file = tmp_path / "hebbstream.yaml", tmp_path / "story.ndjson"
    folder = tmp_path / "state"
    path.write_text(f"grouping: {{group_by: [service]}}\nstate: {{folder: {folder}}}")
    file.write_bytes(b"\n".join(wide_records(related(seed=1, ticks=50))))
    out = str(tmp_path / "out")
    assert main(["replay", str(file), "-c", str(path), "--state", str(folder), "--out", out]) == 0
    return path


def test_says_what_goes_on(configured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0, a line a partition."""
    capsys.readouterr()

    code = main(["check", "--config", str(configured)])

    assert code == 0
    assert (
        "metrics/0: begins with what a replay left: 1 groups, 6 series" in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("answer", "told"), [("stop", "a start would stop"), ("forget", "would forget 1 of 1")]
)
def test_says_what_a_change_would_forget(
    configured: Path, capsys: pytest.CaptureFixture[str], answer: str, told: str
) -> None:
    """Exit code 4, before anything is forgotten, whatever the start is told to do."""
    text = configured.read_text().replace("[service]", "[]")
    configured.write_text(text.replace("state: {", f"state: {{on_refused: {answer}, "))
    capsys.readouterr()

    code = main(["check", "--config", str(configured)])

    shown = capsys.readouterr()
    assert code == 4
    assert 'grouping.group_by was ["service"], is []' in shown.out
    assert told in shown.err


def test_without_state_there_is_nothing_to_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No folder, or none of this application."""
    path = tmp_path / "hebbstream.yaml"
    path.write_text("state: {folder: null}")

    assert main(["check", "--config", str(path)]) == 0
    path.write_text(f"state: {{folder: {tmp_path / 'none'}}}")
    assert main(["check", "--config", str(path)]) == 0
    assert "no state of hebbstream" in capsys.readouterr().out
