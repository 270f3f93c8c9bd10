"""Knobs."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from hebbstream import DetectorParams
from hebbstream.base_params import Params


def sections(model: type[BaseModel]) -> list[type[BaseModel]]:
    """List a model and the sections in it."""
    found = [model]
    for field in model.model_fields.values():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found += sections(field.annotation)
    return found


def test_every_knob_is_described() -> None:
    """Each knob has a default and says what grows or breaks."""
    bare = [
        f"{section.__name__}.{name}"
        for section in sections(DetectorParams)
        for name, field in section.model_fields.items()
        if field.is_required() or not (field.description or isinstance(field.default, Params))
    ]

    assert bare == []


@pytest.mark.parametrize(
    ("section", "values", "said"),
    [
        ("subspace", {"energy_min": 0.8}, "energy_min must be below energy_max"),
        ("subspace", {"components_min": 9, "components_max": 3}, "components_min must not be"),
        ("calibration", {"quantile_low": 0.999}, "quantile_low must be below quantile_high"),
        ("gate", {"slow_factor": 1.5}, "less than or equal to 1"),
        ("clock", {"memory": "yesterday"}, "not a duration"),
    ],
)
def test_faults_are_named(section: str, values: dict[str, object], said: str) -> None:
    """What does not fit is refused with a message that names it."""
    with pytest.raises(ValidationError, match=said):
        DetectorParams.model_validate({section: values})


def test_durations_may_be_text() -> None:
    """`3d` and seconds mean the same."""
    assert DetectorParams.model_validate({"memory": "3d"}) == DetectorParams(memory=259_200.0)
