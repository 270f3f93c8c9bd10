"""What every answer of the API has in common, and the answers about the service itself.

The types are the contract: they write the answers, and the OpenAPI document is made from them.
mypy holds the code to them; nothing is checked again while the service answers, since every answer
takes time from the engine.
"""

from __future__ import annotations

from inspect import cleandoc
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct

from daemon.records import NANOSECONDS

#: Where the OpenAPI document keeps what `Document`s look like.
SCHEMAS = "#/components/schemas/{name}"


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Base of every answer: frozen, every field required; a figure that does not exist is null."""


Item = TypeVar("Item", bound=Document)

#: RFC 3339, UTC.
Timestamp = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]

_encoder = msgspec.json.Encoder()


class Page(Document, Generic[Item], frozen=True, kw_only=True, gc=False):
    """One page of a list."""

    items: list[Item]
    next_cursor: Annotated[
        str | None, Meta(description="Give it as `cursor` for the next page; null on the last one.")
    ]


Complete = Annotated[
    bool,
    Meta(description="False while partitions are being shared out or restored: more may come."),
]


class Build(Document, frozen=True, kw_only=True, gc=False):
    """Which program this is."""

    application_id: str
    version: str
    python: str
    config_hash: Annotated[
        str, Meta(description="Of the settings that decide which events come out.")
    ]
    started: Timestamp
    interval_s: Annotated[float, Meta(description="Grid step of the frames.")]
    trigger: Annotated[
        float, Meta(description="Score at which incidents open; 1.0 is the alert line.")
    ]


class EffectiveConfig(Document, frozen=True, kw_only=True, gc=False):
    """The configuration in effect, defaults filled in, secrets hidden."""

    config_hash: str
    config: Annotated[dict[str, Any], Meta(description="As docs/configuration.md describes it.")]


class CheckDocument(Document, frozen=True, kw_only=True, gc=False):
    """One condition of being ready."""

    name: str
    ok: bool
    reason: str


class PartitionDocument(Document, frozen=True, kw_only=True, gc=False):
    """How far an input partition has come."""

    topic: str
    partition: int
    groups: int
    next_offset: Annotated[int, Meta(description="-1 before the first record.")]
    watermark: Annotated[
        Timestamp | None, Meta(description="Event time up to which frames are closed.")
    ]
    pending_samples: Annotated[int, Meta(description="Samples in frames that are still open.")]


class PlaceDocument(Document, frozen=True, kw_only=True, gc=False):
    """An input partition."""

    topic: str
    partition: int


class ScatteredGroup(Document, frozen=True, kw_only=True, gc=False):
    """A group that arrives in several partitions and is learnt in parts; see `hebbstream rekey`."""

    group: str
    partitions: list[PlaceDocument]


class Status(Document, frozen=True, kw_only=True, gc=False):
    """How the service is and how much it watches."""

    as_of: Annotated[Timestamp, Meta(description="When the engine last published; wall clock.")]
    now: Annotated[Timestamp, Meta(description="The service's wall clock at this answer.")]
    alive: bool
    ready: bool
    checks: list[CheckDocument]
    groups: int
    series: int
    incidents_open: int
    partitions: list[PartitionDocument]
    scattered: Annotated[
        list[ScatteredGroup], Meta(description="Groups learnt in parts, a hundred at most.")
    ]


class Liveness(Document, frozen=True, kw_only=True, gc=False):
    """Whether the engine's loop goes round."""

    alive: bool
    reason: str


class Readiness(Document, frozen=True, kw_only=True, gc=False):
    """Whether every condition of being ready holds."""

    ready: bool
    checks: list[CheckDocument]


def encoded(document: Document) -> bytes:
    """Write an answer as JSON."""
    return _encoder.encode(document)


def answering(
    kind: type[Document], status: int = 200, description: str = "As asked for."
) -> dict[int | str, dict[str, Any]]:
    """Describe an answer of this kind for the OpenAPI document."""
    content = {"application/json": {"schema": {"$ref": SCHEMAS.format(name=kind.__name__)}}}
    return {status: {"description": description, "content": content}}


def schemas() -> dict[str, Any]:
    """Describe every kind of answer that is declared, by its name, as JSON schema."""
    _, found = msgspec.json.schema_components(_kinds(Document), ref_template=SCHEMAS)
    for schema in found.values():
        schema["description"] = cleandoc(schema["description"])
    return dict(sorted(found.items()))


def _kinds(base: type[Document]) -> list[type[Document]]:
    """List what derives from a class, but for what is still generic."""
    found: list[type[Document]] = []
    for kind in base.__subclasses__():
        if not getattr(kind, "__parameters__", ()):
            found.append(kind)
        found += _kinds(kind)
    return found


def nanoseconds(seconds: float) -> int:
    """Turn Unix seconds of the wall clock into nanoseconds, to the millisecond."""
    return round(seconds * 1000) * (NANOSECONDS // 1000)
