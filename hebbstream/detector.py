"""One group's detector: a block of frames through the kernels, scored before it is learnt."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from hebbstream import snapshot
from hebbstream.arrays import I64
from hebbstream.blocks import Blocks, Found, Results, first_stop, stops_of
from hebbstream.copies import DetectorCopy
from hebbstream.errors import FrameError, SnapshotCorruptError
from hebbstream.feedback import Feedback
from hebbstream.frames import as_blocks, as_frame, as_frames, as_numbers, as_times
from hebbstream.group import knobs
from hebbstream.guided import GuidedGroup
from hebbstream.kernels.bound import CREW_PLACE, CREW_SERIES, Bound
from hebbstream.kernels.layout import (
    EDGES_NOW,
    JOURNAL_COUNT,
    REASON,
    REASON_DETAIL,
    REASON_GRAPH,
    S_RATE,
)
from hebbstream.listing import broken_of, edges_of
from hebbstream.params import DetectorParams
from hebbstream.results import (
    BROKEN_DTYPE,
    Change,
    JournalEntry,
    Kind,
    Learning,
    RunResult,
    TickResult,
)
from hebbstream.revision import revise

#: What `TickResult.broken` is when there is nothing to list.
NO_BROKEN = np.zeros(0, BROKEN_DTYPE)
#: Score from which a frame's broken relations are listed.
DETAIL_FROM = 0.75
#: No detector has seen as many frames; the kernels' ticks are int64.
TICKS_END = 2**62


def _place(header: dict[str, Any]) -> tuple[list[str], int]:
    """Names and tick of a snapshot's header; ValueError when they are none."""
    series, tick = header["series"], header["tick"]
    if not isinstance(series, list) or not all(isinstance(name, str) for name in series):
        msg = "the series are no list of names"
        raise ValueError(msg)
    if type(tick) is not int or not 0 <= tick < TICKS_END:
        msg = f"there is no tick {tick!r}"
        raise ValueError(msg)
    return series, tick


class Detector(GuidedGroup):
    """Learns which series of a group move together, and scores every frame.

    A frame is scored before it is learnt. `run` over a block and a loop of `step` give equal bits.
    Parameters and membership are those of `Group`; what people say about
    findings is heeded as `GuidedGroup` tells.
    """

    def step(self, frame: ArrayLike, time: float | None = None) -> TickResult:
        """Score one frame, then learn it.

        Parameters
        ----------
        frame : float64[n]
            One value per series; NaN where missing.
        time : float, optional
            Unix seconds; tick * interval when absent.

        Returns
        -------
        TickResult
            The verdict. Broken relations, and for how long series stand out, are told from a
            score of 0.75.

        Raises
        ------
        FrameError
            When the shape or the time does not fit, or a row of a table is in another order.
        """
        row = as_frame(frame, self._series)
        result = self.run(row, None if time is None else [time])
        return TickResult(
            tick=result.first_tick,
            statistic=float(result.statistic[0]),
            score=float(result.score[0]),
            p_value=float(result.p_value[0]),
            channel=Kind(int(result.channel[0])),
            learning=Learning(int(result.learning[0])),
            components=int(result.components[0]),
            edges=int(result.edges[0]),
            evidence=result.evidence[0],
            contribution=result.contribution[0],
            expected=result.expected[0],
            recalled=result.recalled[0],
            scale=result.scale[0],
            broken=result.broken.get(0, NO_BROKEN),
            elevated=result.elevated.get(0, np.zeros(row.shape[1], np.int64)),
            journal=result.journal,
        )

    def run(
        self,
        frames: ArrayLike,
        times: ArrayLike | None = None,
        *,
        detail_from: float = DETAIL_FROM,
        edges_at: Collection[int] = (),
    ) -> RunResult:
        """Score and learn a block of frames, one by one.

        Parameters
        ----------
        frames : float64[T, n]
            One row a tick; NaN, infinities and values beyond 1e100 are missing samples.
        times : float64[T], optional
            Unix seconds of each frame; tick * interval when absent.
        detail_from : float, optional
            Score from which a frame's broken relations, and for how long each series has stood
            out, are listed.
        edges_at : collection of int, optional
            Rows after which all edges are listed, in `RunResult.related`.

        Returns
        -------
        RunResult
            The verdicts.

        Raises
        ------
        FrameError
            When shapes or times do not fit, or the columns of a table are in another order.
        """
        block = as_frames(frames, self._series)
        clock = as_times(times, len(block), self._tick, self._interval)
        return run_all((self,), (block,), clock, detail_from=detail_from, edges_at=(edges_at,))[0]

    def enter(self, stop: int) -> tuple[Bound, tuple[int, int, int, int, int]]:
        """Tell `run_all` what its call of the kernels has to know of this detector.

        Parameters
        ----------
        stop : int
            Row to stop before.

        Returns
        -------
        tuple of Bound and of five int
            State, and a column of `advance_all`'s crew.
        """
        return self._bound, (self._place, len(self._series), self._tick, 0, stop)

    def pass_by(self, length: int) -> bool:
        """Count frames of which there is nothing to tell; False when there is, so call `leave`.

        Parameters
        ----------
        length : int
            Frames that the kernels have done.

        Returns
        -------
        bool
            They are counted.
        """
        if self._waiting or len(self._patterns):
            return False
        self._tick += length
        return True

    def leave(self, blocks: Blocks, edges_at: Collection[int]) -> Found:
        """See to what the kernels stopped for, let them go on to the end, and count the frames.

        Parameters
        ----------
        blocks : Blocks
            This detector's block alone, of which the kernels have done the beginning.
        edges_at : collection of int
            As for `run`.

        Returns
        -------
        Found
            For the result.
        """
        found, length, row = Found(), len(blocks), blocks.row
        entries, self._waiting = (self._waiting, []) if length else ([], self._waiting)
        stops = stops_of(edges_at, length)
        while row:
            reason = int(blocks.reports[0, REASON])
            if reason & REASON_DETAIL:
                found.broken[row - 1] = broken_of(self._state.graph, self._tick + row - 1)
                found.degrees[row - 1] = self._state.graph.degrees()
                found.elevated[row - 1] = self._state.evidence.elevated
            if reason & REASON_GRAPH:
                entries += self._revise(row - 1)
                blocks.verdicts[0, EDGES_NOW, row - 1] = self._state.graph.edge_count
            if stops and row > stops[-1]:
                found.related[stops.pop()] = edges_of(self._state.graph, self._tick + row)
            if row >= length:
                break
            row = blocks.go_on(self._bound, self._place, stops[-1] + 1 if stops else length)
        if changes := int(blocks.reports[0, JOURNAL_COUNT]):
            entries += self._component_entries(blocks.journal[0, :changes])
        if entries:
            found.journal = tuple(sorted(entries, key=lambda entry: entry.row))
        self._heed(blocks.output(), blocks.times)
        self._tick += length
        return found

    def _revise(self, row: int) -> list[JournalEntry]:
        """Let the graph change after the frame in `row`."""
        revised = revise(
            self._state.graph,
            self._work.partner,
            self._work.strength,
            float(self._settings[S_RATE]),
            self._tick + row,
        )
        self._renew()
        return self._edge_entries(revised, row)

    def _component_entries(self, changes: I64) -> list[JournalEntry]:
        return [
            JournalEntry(
                tick=self._tick + int(row),
                row=int(row),
                change=Change.GROWN if sign > 0 else Change.PRUNED,
                component=int(index),
            )
            for row, sign, index in changes
        ]

    def dump(self) -> bytes:
        """Write the whole state as plain data, float bits exact.

        Returns
        -------
        bytes
            For `load`.
        """
        return self.copy().dump()

    def copy(self) -> DetectorCopy:
        """Copy the whole state, to be written later while this detector goes on.

        Returns
        -------
        DetectorCopy
            As it is now.
        """
        return DetectorCopy(
            series=tuple(self._series),
            params=self._params,
            interval_seconds=self._interval,
            tick=self._tick,
            waiting=tuple(self._waiting),
            told=self._told.dump(),
            arrays=snapshot.Packed.of(self._arrays()),
        )

    @classmethod
    def load(
        cls,
        data: bytes | bytearray | memoryview,
        params: DetectorParams | None = None,
        *,
        verified: bool = False,
    ) -> Self:
        """Read a detector that continues bit for bit where `dump` was called.

        Parameters
        ----------
        data : bytes-like
            From `dump`, of this version or an older one.
        params : DetectorParams, optional
            Knobs to go on with; those of the snapshot when absent. What is learnt is kept, so the
            sizes they imply must be the same.
        verified : bool
            The bytes are known to be as they were written: their checksum is not looked at, which
            a detector out of a container with its own does not have.

        Returns
        -------
        Detector
            With the series and state of the snapshot.

        Raises
        ------
        SnapshotVersionError
            When a newer version wrote it.
        SnapshotCorruptError
            When it is damaged, holds what no detector can have learnt, or `params` imply other
            sizes.
        TypeError
            When `data` are no bytes, or `params` no `DetectorParams`.
        """
        given = None if params is None else knobs(params)
        header, arrays = snapshot.decode(data, verified=verified)
        try:
            series, tick = _place(header)
            detector = cls(
                series,
                given or DetectorParams.model_validate(header["params"]),
                float(header["interval_seconds"]),
            )
            detector._told = Feedback.load(header["told"])
            detector._state.restore(arrays)
            detector._make_scratch()
            detector._tick = tick
            detector._waiting = [
                JournalEntry(**{**entry, "change": Change(entry["change"])})
                for entry in header["waiting"]
            ]
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            msg = f"the snapshot's content does not make a detector: {error}"
            raise SnapshotCorruptError(msg) from error
        return detector

    def __reduce__(self) -> tuple[Callable[[bytes], Self], tuple[bytes]]:
        # What the kernels are handed cannot be copied, and a second detector must not share it.
        return type(self).load, (self.dump(),)


def run_all(
    detectors: Sequence[Detector],
    blocks: Sequence[ArrayLike],
    times: ArrayLike,
    *,
    detail_from: float = DETAIL_FROM,
    edges_at: Sequence[Collection[int]] | None = None,
) -> Results:
    """Score and learn a block of each of several detectors, all with the same times.

    One compiled call takes all of them, which for small groups costs a fraction of a call for each;
    results and states are those of `Detector.run`, to the bit.

    Parameters
    ----------
    detectors : sequence of Detector
        G of them, each but once.
    blocks : sequence of float64[T, n]
        One for each, as for `Detector.run`.
    times : float64[T]
        Unix seconds of each frame.
    detail_from : float, optional
        As for `Detector.run`.
    edges_at : sequence of collection of int, optional
        One for each, as for `Detector.run`.

    Returns
    -------
    Results
        One for each.

    Raises
    ------
    FrameError
        When numbers, shapes or times do not fit, or a detector is there twice; nothing has changed
        then.
    """
    stops = [()] * len(detectors) if edges_at is None else edges_at
    if not len(detectors) == len(blocks) == len(stops):
        msg = (
            f"{len(detectors)} detectors take a block and rows of edges_at each, "
            f"not {len(blocks)} and {len(stops)}"
        )
        raise FrameError(msg)
    clock = as_numbers(times)
    clock = as_times(clock, clock.size, 0, 1.0)
    length = len(clock)
    entered = [
        each.enter(first_stop(at, length)) for each, at in zip(detectors, stops, strict=True)
    ]
    crew = [column for _, column in entered]
    if len({column[CREW_PLACE] for column in crew}) != len(crew) or not crew:
        msg = "several detectors take a block each: at least one, and none of them twice"
        raise FrameError(msg)
    changes = length // min(each.params.subspace.check_ticks for each in detectors) + 2
    frames = as_blocks(blocks, length, [column[CREW_SERIES] for column in crew])
    whole = Blocks.of(entered[0][0], crew, frames, clock, changes, float(detail_from))
    whole.advance()
    stopped, found = whole.stopped(), {}
    for g, (detector, told) in enumerate(zip(detectors, stopped, strict=True)):
        if told or len(stops[g]) or not detector.pass_by(length):
            found[g] = detector.leave(whole.one(g), stops[g])
    return Results(whole, found)
