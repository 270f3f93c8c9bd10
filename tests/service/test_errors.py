"""The daemon's error tree: `daemon.errors`."""

from __future__ import annotations

import pytest

from daemon import errors


@pytest.mark.parametrize(
    ("error", "code", "retriable"),
    [
        (errors.DaemonError("x"), 1, False),
        (errors.ConfigError(["x"]), 2, False),
        (errors.InputFileError("x"), 2, False),
        (errors.OutputError("x"), 2, False),
        (errors.OutputClosedError("x"), 141, False),
        (errors.SourceError("x"), 3, False),
        (errors.SinkError("x"), 3, True),
        (errors.UnreachableError("x"), 3, True),
    ],
)
def test_each_error_knows_its_exit_code_and_whether_to_wait(
    error: errors.DaemonError, code: int, *, retriable: bool
) -> None:
    """Policy stands on the class, so that whoever catches it need not know the kind."""
    assert error.exit_code == code
    assert error.retriable is retriable


def test_a_config_error_is_its_faults() -> None:
    """All faults are kept apart and also read as one text."""
    error = errors.ConfigError(["first", "second"])

    assert error.faults == ["first", "second"]
    assert str(error) == "first\nsecond"
