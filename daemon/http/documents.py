"""What every answer of the API has in common, and the answers about the service itself.

The models are the contract: they write the answers, and the OpenAPI document is made from them.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from daemon.records import NANOSECONDS


class Document(BaseModel):
    """Base of every answer: frozen, nothing undeclared, no infinities."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        from_attributes=True,
        json_schema_serialization_defaults_required=True,
    )


Item = TypeVar("Item", bound=Document)

#: RFC 3339, UTC.
Timestamp = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


class Page(Document, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next_cursor: str | None = Field(
        default=None, description="Give it as `cursor` for the next page; null on the last one."
    )


class Build(Document):
    """Which program this is."""

    application_id: str
    version: str
    python: str
    config_hash: str = Field(description="Of the settings that decide which events come out.")
    started: Timestamp
    interval_s: float = Field(description="Grid step of the frames.")
    trigger: float = Field(description="Score at which incidents open; 1.0 is the alert line.")


class EffectiveConfig(Document):
    """The configuration in effect, defaults filled in, secrets hidden."""

    config_hash: str
    config: dict[str, Any] = Field(description="As docs/configuration.md describes it.")


class CheckDocument(Document):
    """One condition of being ready."""

    name: str
    ok: bool
    reason: str


class PartitionDocument(Document):
    """How far an input partition has come."""

    topic: str
    partition: int
    groups: int
    next_offset: int = Field(description="-1 before the first record.")
    watermark: Timestamp | None = Field(description="Event time up to which frames are closed.")
    pending_samples: int = Field(description="Samples in frames that are still open.")


class Status(Document):
    """How the service is and how much it watches."""

    as_of: Timestamp = Field(description="When the engine last published; wall clock.")
    now: Timestamp = Field(description="The service's wall clock at this answer.")
    alive: bool
    ready: bool
    checks: list[CheckDocument]
    groups: int
    series: int
    incidents_open: int
    partitions: list[PartitionDocument]


class Liveness(Document):
    """Whether the engine's loop goes round."""

    alive: bool
    reason: str


class Readiness(Document):
    """Whether every condition of being ready holds."""

    ready: bool
    checks: list[CheckDocument]


def nanoseconds(seconds: float) -> int:
    """Turn Unix seconds of the wall clock into nanoseconds, to the millisecond."""
    return round(seconds * 1000) * (NANOSECONDS // 1000)
