"""What travels through the daemon: batches of records, columns of samples, messages to publish.

Times are integer Unix nanoseconds everywhere between the codec and the frame, so that no decision
about a frame depends on floating point. Values are float64.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from daemon.spans import Spans

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
F64 = NDArray[np.float64]

NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True, order=True)
class InputPartition:
    """One partition of an input topic: the unit of order, of state and of hand-over."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """What one poll returned for one partition, in offset order.

    Attributes
    ----------
    offsets : int64[R]
        Offset of each record.
    timestamps : int64[R]
        Each record's own timestamp, Unix nanoseconds; -1 where the record has none.
    keys, values : Spans, length R
        Byte strings as read; a null value is a tombstone.
    next_offset : int
        The next offset to read after this batch.
    """

    partition: InputPartition
    offsets: I64
    timestamps: I64
    keys: Spans
    values: Spans
    next_offset: int

    def part(self, rows: slice) -> RecordBatch:
        """Return some of its records in a row; what is read after them stays the same."""
        return replace(
            self,
            offsets=self.offsets[rows],
            timestamps=self.timestamps[rows],
            keys=self.keys[rows],
            values=self.values[rows],
        )


class DropReason(StrEnum):
    """Why a sample did not reach a frame; the `reason` label of the drop counter."""

    LATE = "late"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"
    NOT_FINITE = "not_finite"
    OUT_OF_RANGE = "out_of_range"
    BAD_TIME = "bad_time"
    AHEAD = "ahead"
    EXCLUDED = "excluded"
    NO_NAME = "no_name"
    LABEL_LIMIT = "label_limit"
    SERIES_LIMIT = "series_limit"
    GROUP_LIMIT = "group_limit"
    MEMORY_LIMIT = "memory_limit"
    COUNTER_START = "counter_start"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record, or a part of it, that could not be decoded.

    `reason` is a short code from a fixed set (a metric label), `detail` is for people.
    """

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class SampleBatch:
    """The samples of one record batch as columns, in record order.

    Attributes
    ----------
    series : int32[S]
        Index into the partition's series table.
    time : int64[S]
        Event time, Unix nanoseconds.
    value : float64[S]
        Finite values only; the codec stage has dropped and counted the others.
    record : int32[S]
        Row of the record batch the sample came from.
    dropped : dict
        Samples dropped while decoding, by reason.
    dead_letters : list
        Records that could not be decoded, whole or in part.
    """

    series: I32
    time: I64
    value: F64
    record: I32
    dropped: dict[DropReason, int] = field(default_factory=dict)
    dead_letters: list[DeadLetter] = field(default_factory=list)


class Channel(StrEnum):
    """Where a message goes; the sink maps it to a topic or a file."""

    EVENTS = "events"
    EDGES = "edges"
    SCORES = "scores"
    DEAD_LETTER = "dead-letter"
    HEARTBEAT = "heartbeat"


@dataclass(frozen=True, slots=True)
class Message:
    """One record to publish. Headers carry what a replay need not repeat (the wall clock)."""

    channel: Channel
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


def dead_letter(
    place: InputPartition,
    offset: int,
    key: bytes | None,
    value: bytes | None,
    reason: str,
    detail: str,
) -> Message:
    """Make the message that keeps a record which could not be used.

    Parameters
    ----------
    place : InputPartition
        Where it was read.
    offset : int
        Its own.
    key, value : bytes or None
        As read; of a part of a record, that part.
    reason : str
        A short code, see docs/events.md.
    detail : str
        For people.
    """
    headers = (
        ("reason", reason.encode()),
        ("detail", detail.encode()),
        ("topic", place.topic.encode()),
        ("partition", str(place.partition).encode()),
        ("offset", str(offset).encode()),
    )
    return Message(Channel.DEAD_LETTER, key, value or b"", headers)


@dataclass(frozen=True, slots=True)
class Series:
    """A metric with one full label set, after the series rules.

    `key` is the canonical text `name{label="value",...}` with sorted labels: the name the detector
    knows it by. `rule` is the index of the metric rule that applies, -1 for none.
    """

    name: str
    labels: tuple[tuple[str, str], ...]
    key: str
    group: str
    rule: int


@dataclass(slots=True)
class FrameBlock:
    """Consecutive closed frames of one group with the same members.

    Attributes
    ----------
    group : str
        Group name.
    joined : tuple of Series
        Series to add to the detector before the block, in this order, after removing `left`.
    left : tuple of str
        Keys of series to remove from the detector before the block.
    ticks : int64[T]
        Grid steps, floor(time / interval); consecutive unless a gap was skipped. The frame is
        stamped (tick + 1) * interval.
    frames : float64[T, n]
        One value per series in the detector's order after the changes, NaN where missing. Possibly
        a read-only view; like all arrays of a block, not to be written to.
    watermarks : int64[T]
        Watermark that closed each frame, Unix nanoseconds.
    offsets : int64[T]
        Offset of the record that closed each frame.
    starts : bool
        The group begins with this block, for the first time or after it had vanished: whoever
        knows a group of this name must forget it first.
    """

    group: str
    joined: tuple[Series, ...]
    left: tuple[str, ...]
    ticks: I64
    frames: F64
    watermarks: I64
    offsets: I64
    starts: bool = False
