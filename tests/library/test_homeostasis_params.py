"""Knobs of homeostasis."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hebbstream.homeostasis_params import HomeostasisParams


@pytest.mark.parametrize(
    ("name", "value"), [("pace_min", 1.1), ("pace_min", 0.0), ("pace_max", 0.9), ("pace_max", 21.0)]
)
def test_the_bounds_hold_1_between_them(name: str, value: float) -> None:
    """A group that is as it should be is learnt at the rate of its memory."""
    with pytest.raises(ValidationError, match=name):
        HomeostasisParams.model_validate({name: value})


def test_the_time_constant_may_be_text() -> None:
    """`6h` and seconds mean the same."""
    assert HomeostasisParams.model_validate({"over": "6h"}).over == 21_600
