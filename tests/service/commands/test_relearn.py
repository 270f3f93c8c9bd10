"""`relearn` as a command: what it refuses before it connects. Its work is tested on a broker."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.cli import main


def test_a_window_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Usage, not a traceback."""
    code = main(["relearn", "--exclude", "yesterday"])

    assert code == 2
    assert "write FROM..TO" in capsys.readouterr().err


def test_without_a_folder_there_is_no_place_for_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The changelog alone does not do."""
    path = tmp_path / "hebbstream.yaml"
    path.write_text("state: {folder: null}")

    code = main(["relearn", "--exclude", "1..2", "--config", str(path)])

    assert code == 2
    assert "needs a folder" in capsys.readouterr().err
