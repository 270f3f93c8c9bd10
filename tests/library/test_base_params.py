"""What every section of knobs is."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hebbstream.base_params import Params


class Knob(Params):
    """A section with one knob."""

    size: float = 1.0


@pytest.mark.parametrize(
    ("values", "said"), [({"no_such": 1}, "Extra inputs"), ({"size": float("inf")}, "finite")]
)
def test_unknown_knobs_and_infinities_are_refused(values: dict[str, object], said: str) -> None:
    """A typing error is no silent default, and nothing is without bound."""
    with pytest.raises(ValidationError, match=said):
        Knob.model_validate(values)


def test_a_section_is_frozen() -> None:
    """A knob cannot be turned under a running detector."""
    with pytest.raises(ValidationError, match="frozen"):
        Knob().size = 2.0  # type: ignore[misc]
