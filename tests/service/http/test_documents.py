"""What answers have in common: `daemon.http.documents`."""

from __future__ import annotations

import json

import pytest

from daemon.http.documents import EffectiveConfig, Liveness, answering, encoded, nanoseconds
from daemon.http.openapi import openapi_text

SCHEMAS = json.loads(openapi_text())["components"]["schemas"]


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_described_document_is_complete_and_closed(name: str) -> None:
    """Every field of an answer is always there, nothing undeclared is; a word is one of a list."""
    schema = SCHEMAS[name]

    assert schema["description"]
    if "enum" not in schema:
        assert name.endswith("Request") or schema["required"] == list(schema["properties"])
        assert schema["additionalProperties"] is False


def test_what_an_answer_refers_to_is_described() -> None:
    """The reference of a route leads to the type that writes its answer."""
    (answer,) = answering(Liveness, 503, "It hangs.").values()

    path = answer["content"]["application/json"]["schema"]["$ref"]
    assert path == "#/components/schemas/Liveness"
    assert list(SCHEMAS["Liveness"]["properties"]) == ["alive", "reason"]


def test_a_figure_that_does_not_exist_is_null() -> None:
    """JSON knows neither NaN nor infinities."""
    document = EffectiveConfig(config_hash="", config={"a": float("nan"), "b": float("inf")})

    assert json.loads(encoded(document))["config"] == {"a": None, "b": None}


def test_wall_clock_times_are_shown_to_the_millisecond() -> None:
    """A double's last digits mean nothing."""
    assert nanoseconds(1_700_000_000.123456789) == 1_700_000_000_123_000_000
