"""The records of a batch whose shape is known, as columns; the rest is named for the codec.

A shape is learnt from a record that the codec has read well, by asking the same codec what it makes
of that record with other numbers in the places of its own. Two such answers say what each place is,
whatever the format; where they do not agree the shape is left to the codec for good.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from daemon.config import InputSection, TimestampUnit
from daemon.formats.columns import Columns, Outline
from daemon.formats.flat_reader import Read
from daemon.formats.span_index import SEED
from daemon.formats.timestamps import SCALES
from daemon.kernels.identities import EMPTY
from daemon.kernels.shapes import (
    IGNORED,
    PART_WIDTH,
    PLACE,
    PLACE_END,
    PLACE_WIDTH,
    RECORD_ROW,
    SAMPLES,
    SERIES_ROW,
    SHAPE_WIDTH,
    TIME,
    TIME_ROW,
    VALUE,
    VALUE_ROW,
    find_numbers,
    place_shapes,
    read_shapes,
    shape_key,
)
from daemon.records import I64, DropReason, RecordBatch
from daemon.series import REFUSED
from daemon.spans import Spans

#: Decodes records by the plain codec: a batch of one to what it read.
Probe = Callable[[RecordBatch], Columns]

SLOTS_MIN = 1024
#: Bytes of text, and shapes, that are kept; beyond that all are forgotten and learnt anew.
TEXT_MAX, SHAPES_MAX = 32 * 2**20, 65_536
#: Records that may be tried in vain; each record that is read pays for another try.
CREDIT = 4096
#: What stands in the places of the numbers counts up from these, one after the other.
_BASES = (1_000_003, 5_000_011)
#: The record's own time in a probe, which no text means.
_OWN_TIME = -2


class ShapeReader:
    """Reads records of many numbers by their shape.

    Parameters
    ----------
    section : InputSection
        Its unit of time and its bound on a record's bytes.
    samples_min : int
        Records of fewer samples are left alone.
    """

    def __init__(self, section: InputSection, samples_min: int) -> None:
        auto = section.timestamp_unit is TimestampUnit.AUTO
        self._scale = 0 if auto else SCALES[section.timestamp_unit]
        self._bytes_max = section.record_bytes_max
        self._samples_min = samples_min
        self.clear()

    def __len__(self) -> int:
        return len(self._shapes) + len(self._new_shapes)

    def clear(self) -> None:
        """Forget every shape."""
        self._credit = CREDIT
        self._tried: set[int] = set()
        self._texts = np.empty(0, dtype=np.uint8)
        self._shapes = np.empty((0, SHAPE_WIDTH), dtype=np.int64)
        self._places = np.empty((0, PLACE_WIDTH), dtype=np.int64)
        self._parts = np.empty((0, PART_WIDTH), dtype=np.int64)
        self._slots = np.full(SLOTS_MIN, EMPTY, dtype=np.int64)
        self._last = np.full(1, EMPTY, dtype=np.int64)
        self._cuts = np.empty((1, 2), dtype=np.int64)
        self._times = np.empty(1, dtype=np.int64)
        self._forget_new()
        self._ends = (0, 0, 0)

    def _forget_new(self) -> None:
        self._new_texts: list[bytes] = []
        self._new_shapes: list[list[int]] = []
        self._new_places: list[tuple[int, int, int]] = []
        self._new_parts: list[tuple[int, int]] = []

    def read(self, batch: RecordBatch, rows: I64) -> Read:
        """Read what can be read of a batch.

        Parameters
        ----------
        batch : RecordBatch
            The records.
        rows : int64[R]
            Those to look at, in order.

        Returns
        -------
        Read
            Their samples.
        """
        self._settle()
        if not len(self._shapes):
            none = np.empty(0, dtype=np.int32)
            return Read(none, none.astype(np.int64), none.astype(np.float64), none, rows)
        values = batch.values.pick(rows)
        # A value takes two bytes or more: itself and what parts it from the next.
        room = min(
            len(rows) * int(self._shapes[:, SAMPLES].max()),
            int(np.maximum(values.stop - values.start, 0).sum()) // 2 + 1,
        )
        columns = np.empty((4, room), dtype=np.int64)
        taken = np.empty(len(rows), dtype=np.int64)
        filled = read_shapes(
            values.array, values.start, values.stop, batch.timestamps[rows], rows, self._slots,
            self._shapes, self._texts, self._places, self._parts, self._last, self._cuts,
            self._times, columns, taken, SEED, self._scale, self._bytes_max,
        )  # fmt: skip
        self._credit = min(CREDIT, self._credit + int(taken.sum()))
        columns = columns[:, :filled]
        return Read(
            series=columns[SERIES_ROW].astype(np.int32),
            time=columns[TIME_ROW],
            value=columns[VALUE_ROW].view(np.float64),
            record=columns[RECORD_ROW].astype(np.int32),
            left=rows[taken == 0],
        )

    def learn(self, batch: RecordBatch, rows: I64, probe: Probe) -> None:
        """Learn the shapes of records.

        Parameters
        ----------
        batch : RecordBatch
            The records.
        rows : int64[R]
            Those that the codec has read without a fault.
        probe : callable
            The codec.
        """
        for payload in batch.values.pick(rows):
            if self._credit <= 0:
                return
            if payload is not None:
                self._learn_one(replace(batch.part(slice(0, 1)), values=Spans.of([payload])), probe)

    def _learn_one(self, record: RecordBatch, probe: Probe) -> None:
        text = bytes(record.values.data)
        buffer = record.values.array
        cuts = np.empty((len(text) + 1, 2), dtype=np.int64)
        cuts = cuts[: find_numbers(buffer, 0, len(text), cuts)]
        key = shape_key(buffer, 0, len(text), cuts, len(cuts), SEED)
        if key in self._tried:
            return
        if len(self._tried) >= SHAPES_MAX or self._ends[0] + len(text) > TEXT_MAX:
            self.clear()
        self._credit -= 1
        edges = [0, *cuts.ravel().tolist(), len(text)]
        gaps = [text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
        found = [_ask(record, gaps, base, probe) for base in _BASES]
        outline = found[0]
        if outline is not None and any(map(_passing, outline.series)):
            return
        self._tried.add(key)
        if outline is not None and outline == found[1]:
            self._add(key, gaps, outline)

    def _add(self, key: int, gaps: list[bytes], outline: Outline) -> None:
        """Keep a shape, unless its samples are few or stand at no places of their own."""
        kinds = _kinds(outline, len(gaps) - 1)
        if kinds is None or len(outline.places) < self._samples_min:
            return
        timed = [int(at is not None) for at in outline.times]
        text, place, part = self._ends
        self._ends = text + sum(map(len, gaps)), place + len(gaps), part + len(timed)
        self._new_shapes.append(
            [key, text, place, self._ends[1], part, self._ends[2], len(outline.places), EMPTY]
        )
        self._new_texts.extend(gaps)
        self._new_places.extend(
            (len(gap), *kind) for gap, kind in zip(gaps, [*kinds, (IGNORED, 0)], strict=True)
        )
        self._new_parts.extend(zip(outline.counts, timed, strict=True))

    def _settle(self) -> None:
        """Put what was learnt into the arrays."""
        if not self._new_shapes:
            return
        first = len(self._shapes)
        text = np.frombuffer(b"".join(self._new_texts), dtype=np.uint8)
        self._texts = np.concatenate([self._texts, text])
        self._shapes = np.concatenate([self._shapes, np.array(self._new_shapes)])
        self._places = np.concatenate([self._places, np.array(self._new_places)])
        self._parts = np.concatenate([self._parts, np.array(self._new_parts)])
        self._forget_new()
        if 2 * len(self._shapes) > len(self._slots):
            size = 1 << (4 * len(self._shapes)).bit_length()
            self._slots, first = np.full(size, EMPTY, dtype=np.int64), 0
        place_shapes(self._slots, self._shapes, first)
        largest = int((self._shapes[:, PLACE_END] - self._shapes[:, PLACE]).max())
        if largest > len(self._cuts):
            self._cuts = np.empty((largest, 2), dtype=np.int64)
            self._times = np.empty(largest, dtype=np.int64)


def _passing(series: int) -> bool:
    """Tell whether a series is refused for now only."""
    return REFUSED.get(series) is DropReason.SERIES_LIMIT


def _kinds(outline: Outline, count: int) -> list[tuple[int, int]] | None:
    """Tell what stands at each of a record's places.

    None when a value or time stands at none of them, two at one, or values out of order.
    """
    times = [(at, (TIME, part)) for part, at in enumerate(outline.times) if at is not None]
    values = [
        (at, (VALUE, series)) for at, series in zip(outline.places, outline.series, strict=True)
    ]
    taken = dict(times + values)
    if len(taken) < len(times) + len(values) or not taken.keys() <= set(range(count)):
        return None
    if outline.places != sorted(outline.places):
        return None
    return [taken.get(at, (IGNORED, 0)) for at in range(count)]


def _ask(record: RecordBatch, gaps: list[bytes], base: int, probe: Probe) -> Outline | None:
    """Let the codec read a record that has numbers from `base` on in its places."""
    numbers = [b"%d" % number for number in range(base, base + len(gaps) - 1)]
    text = b"".join(part for pair in zip(gaps, [*numbers, b""], strict=True) for part in pair)
    own = np.full(1, _OWN_TIME, dtype=np.int64)
    read = probe(replace(record, values=Spans.of([text]), timestamps=own))
    return read.outline(base, _OWN_TIME)
