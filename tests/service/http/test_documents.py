"""What answers have in common: `daemon.http.documents`."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from daemon.http.documents import Liveness, nanoseconds


def test_a_document_says_nothing_undeclared() -> None:
    """What is not described cannot be answered."""
    with pytest.raises(ValidationError, match="extra"):
        Liveness.model_validate({"alive": True, "reason": "", "more": 1})


def test_wall_clock_times_are_shown_to_the_millisecond() -> None:
    """A double's last digits mean nothing."""
    assert nanoseconds(1_700_000_000.123456789) == 1_700_000_000_123_000_000
