"""What hebbstream publishes: incident events, the edge journal, scores and heartbeats, as JSON.

The field order is the wire order and part of the contract (docs/events.md). Encoding is
deterministic: equal records have equal bytes. A figure that does not exist is null.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache

import msgspec
from msgspec import Struct

from daemon.records import NANOSECONDS, InputPartition
from hebbstream.blocks import Verdict
from hebbstream.results import JournalEntry, Kind, Learning

SCHEMA_VERSION = 1
#: Digits kept of weights and shares, which are single precision or mere proportions.
_DIGITS = 6
_KIND_NAMES = [kind.name.lower() for kind in Kind]
_LEARNING_NAMES = [learning.name.lower() for learning in Learning]


class State(StrEnum):
    """What an event says about its incident."""

    OPEN = "open"
    UPDATE = "update"
    RESOLVE = "resolve"


class Role(StrEnum):
    """What part a series has in broken relations."""

    CULPRIT = "culprit"
    VICTIM = "victim"


class Severity(StrEnum):
    """How far the incident's peak is above the alert line."""

    WARNING = "warning"
    CRITICAL = "critical"


class EventSeries(Struct, frozen=True):
    """A series of an incident, as it was at the event's tick.

    `expected` is what the series' own past makes likely for a level incident, what its peers make
    likely for a relation incident; `lower` and `upper` are three sigmas from it. `contribution` is
    its share in the incident so far, of all series, not only those named. `role` is that at the
    tick whose relations the event lists. `direction` is `above` or `below`. `since` is the grid
    time of the first tick of those in a row at which it was above what is usual for it by itself.
    """

    name: str
    labels: dict[str, str]
    actual: float | None
    expected: float | None
    lower: float | None
    upper: float | None
    contribution: float
    role: Role | None
    direction: str | None
    since: str | None


class EventService(Struct, frozen=True):
    """A service that series of an incident belong to, ranked by the one that contributes most.

    `contribution` is the largest of its series', `series` the key of that one. `role` is `culprit`
    when one of its series is, else `victim` when one is. `since` is the earliest of its series'.
    """

    name: str
    contribution: float
    series: str
    role: Role | None
    since: str | None


class EventEdge(Struct, frozen=True):
    """A relation that is broken: weight it was learnt with, weight over the last ticks."""

    source: str
    target: str
    lag_s: float
    weight_before: float
    weight_now: float
    residual_sigma: float
    age_s: float


class Quality(Struct, frozen=True):
    """How much the verdict rests on: share of missing series, frames the detector has seen."""

    imputed_ratio: float
    warmup: bool
    effective_samples: int


class Source(Struct, frozen=True):
    """The record that closed the frame."""

    topic: str
    partition: int
    offset: int


class Event(Struct, frozen=True):
    """One state change of an incident."""

    schema_version: int
    event_id: str
    incident_id: str
    state: State
    kind: str
    group: str
    labels: dict[str, str]
    ts_event: str
    ts_detected: str
    approx_start: str
    duration_s: float
    score: float
    peak_score: float
    p_value: float
    severity: Severity
    series: tuple[EventSeries, ...]
    services: tuple[EventService, ...]
    edges: tuple[EventEdge, ...]
    quality: Quality
    learning: str
    source: Source
    config_hash: str
    version: str


class EdgeRecord(Struct, frozen=True):
    """Birth, death or sign flip of a relation."""

    schema_version: int
    group: str
    ts_event: str
    change: str
    source: str
    target: str
    lag_ticks: int
    weight: float


class ScoreRecord(Struct, frozen=True):
    """One tick's verdict on a group."""

    schema_version: int
    group: str
    ts_event: str
    score: float
    statistic: float
    p_value: float
    kind: str
    learning: str
    components: int
    edges: int


class HeartbeatRecord(Struct, frozen=True):
    """A sign of life for one input partition; `ts` is wall-clock time."""

    schema_version: int
    application_id: str
    topic: str
    partition: int
    ts: str
    watermark: str | None
    next_offset: int
    groups: int
    version: str


_encoder = msgspec.json.Encoder()


def encode_event(event: Event) -> bytes:
    """Write an event as JSON."""
    return _encoder.encode(event)


def encode_edge(group: str, entry: JournalEntry, time: int) -> bytes:
    """Write an edge's entry in the journal.

    Parameters
    ----------
    group : str
        Group name.
    entry : JournalEntry
        What happened.
    time : int
        Grid time of the tick, Unix nanoseconds.

    Returns
    -------
    bytes
        JSON.
    """
    weight = rounded(entry.weight)
    record = EdgeRecord(
        SCHEMA_VERSION,
        group,
        rfc3339(time),
        entry.change.value,
        entry.source,
        entry.target,
        entry.lag,
        weight,
    )
    return _encoder.encode(record)


def encode_score(group: str, time: int, verdict: Verdict) -> bytes:
    """Write one tick's verdict.

    Parameters
    ----------
    group : str
        Group name.
    time : int
        Grid time of the tick, Unix nanoseconds.
    verdict : Verdict
        Of that tick.

    Returns
    -------
    bytes
        JSON.
    """
    statistic, score, p_value, channel, learning, components, edges = verdict
    record = ScoreRecord(
        SCHEMA_VERSION,
        group,
        rfc3339(time),
        score,
        statistic,
        p_value,
        kind_name(int(channel)),
        learning_name(int(learning)),
        int(components),
        int(edges),
    )
    return _encoder.encode(record)


def encode_heartbeat(
    application_id: str,
    partition: InputPartition,
    *,
    time: int,
    watermark: int | None,
    next_offset: int,
    groups: int,
    version: str,
) -> bytes:
    """Write a heartbeat.

    Parameters
    ----------
    application_id : str
        Whose heart beats.
    partition : InputPartition
        For which input partition.
    time : int
        Wall-clock time, Unix nanoseconds.
    watermark : int or None
        Event time up to which frames are closed, Unix nanoseconds; None before the first sample.
    next_offset : int
        Next record to read, -1 before the first.
    groups : int
        Groups that exist.
    version : str
        Of hebbstream.

    Returns
    -------
    bytes
        JSON.
    """
    record = HeartbeatRecord(
        SCHEMA_VERSION,
        application_id,
        partition.topic,
        partition.partition,
        rfc3339(time),
        None if watermark is None else rfc3339(watermark),
        next_offset,
        groups,
        version,
    )
    return _encoder.encode(record)


@lru_cache(maxsize=1024)  # groups that tick together share their times
def rfc3339(time: int) -> str:
    """Write a time in UTC, with as many digits of the second as it needs (none, 3, 6 or 9).

    Examples
    --------
    >>> rfc3339(1767225600000000000), rfc3339(1767225600500000000)
    ('2026-01-01T00:00:00Z', '2026-01-01T00:00:00.500Z')
    """
    seconds, fraction = divmod(time, NANOSECONDS)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    digits = f"{fraction:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f"{text}.{digits}Z" if digits else f"{text}Z"


def kind_name(channel: int) -> str:
    """Name a Kind as events do: `level` or `relation`."""
    return _KIND_NAMES[channel]


def learning_name(learning: int) -> str:
    """Name a Learning as events do: `warmup`, `normal`, `quarantined`, `held` or `adopted`."""
    return _LEARNING_NAMES[learning]


def finite(value: float) -> float | None:
    """Return a figure as events write it: None when it does not exist."""
    value = float(value)
    return value if math.isfinite(value) else None


def rounded(value: float) -> float:
    """Return a weight or share with the digits it is worth; 0 when it does not exist."""
    return round(float(value), _DIGITS) + 0.0 if math.isfinite(value) else 0.0
