"""Knobs for a group of one series."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hebbstream.single_params import SingleParams


def test_times_are_durations() -> None:
    """Text and seconds mean the same, and nonsense is refused."""
    assert SingleParams.model_validate({"span": "16h"}) == SingleParams()
    with pytest.raises(ValidationError, match="not a duration"):
        SingleParams.model_validate({"short": "soon"})
