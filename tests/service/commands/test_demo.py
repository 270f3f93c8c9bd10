"""`hebbstream demo` as a person calls it."""

from __future__ import annotations

import pytest

from daemon import cli


@pytest.mark.slow
def test_offline_judges_without_a_broker(capsys: pytest.CaptureFixture[str]) -> None:
    """The shop alone, through a file: the same account as live, printed as a table."""
    code = cli.main(["demo", "--offline", "--duration", "30", "--seed", "2"])

    out = capsys.readouterr().out
    assert code == 0
    assert "what was injected, what was found" in out
    assert "cascade" in out


def test_what_makes_no_sense_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A speed below real time would never show a fault."""
    code = cli.main(["demo", "--speed", "0.5"])

    assert code == 2
    assert "--speed" in capsys.readouterr().err
